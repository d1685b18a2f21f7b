#include "relayd/mail/refusal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tsmtp::mail {
namespace {

using testing::HasSubstr;

smtp::Reply reply(int code, const std::string& text) {
  return {.code = code, .lines = {text}};
}

Summary mail(const smtp::Reply& verdict, const smtp::Reply& on_recipient) {
  Summary out;
  out.sender = "taro@tokyo.example";
  out.recipients = {{.address = "bert@birl.example", .reply = reply(250, "2.1.5 ok")},
                    {.address = "anna@fit.birl.example", .reply = on_recipient}};
  out.reply = verdict;
  return out;
}

TEST(Refusal, NothingRefusedIsNone) {
  EXPECT_FALSE(refusal_of(mail(reply(250, "ok"), reply(250, "ok")), "tokyo", "birl"));
  EXPECT_FALSE(refusal_of(mail(reply(451, "later"), reply(452, "Relaying denied")), "tokyo", "birl"));
}

TEST(Refusal, OneRecipientsOfAMailThatArrived) {
  const auto found = refusal_of(mail(reply(250, "ok"), reply(550, "5.1.1 no such user")), "tokyo", "birl");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->sender, "taro@tokyo.example");
  EXPECT_EQ(found->recipient, "anna@fit.birl.example");
  EXPECT_EQ(found->reply.summary(), "550 5.1.1 no such user");
  EXPECT_EQ(found->advice, "");
}

TEST(Refusal, OfTheContent) {
  const auto found = refusal_of(mail(reply(554, "5.6.0 no"), reply(250, "ok")), "tokyo", "birl");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->reply.code, 554);
  EXPECT_EQ(found->recipient, "bert@birl.example");
}

TEST(Refusal, OfAnMtaThatDoesNotKnowItsDomainSaysWhichLineIsMissing) {
  for (const char* said :
       {"5.7.1 <anna@fit.birl.example>... Relaying denied",
        "5.7.1 Relaying denied to the site at [127.0.5.3]",
        "5.7.1 <anna@fit.birl.example>: Relay access denied", "relay not permitted", "5.7.1 Unable to relay",
        "sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)"}) {
    const auto found = refusal_of(mail(reply(550, said), reply(550, said)), "tokyo", "birl");
    ASSERT_TRUE(found) << said;
    EXPECT_THAT(found->advice, HasSubstr("the MTA of hub birl does not know fit.birl.example as its own"))
        << said;
    EXPECT_THAT(found->advice, HasSubstr("/etc/mail/local-host-names")) << said;
  }
}

}  // namespace
}  // namespace tsmtp::mail
