#include "relayd/control/doubts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <nlohmann/json.hpp>

namespace tsmtp::control {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

class DoubtsShown : public testing::Test {
 protected:
  void SetUp() override {
    setenv("TZ", "UTC", 1);
    tzset();
  }

  static MailsInDoubt two() {
    using std::chrono::hours;
    using std::chrono::seconds;
    const base::WallTime now = base::WallTime(seconds(1'772'366'584));  // 2026-03-01T12:03:04Z
    return {.now = now,
            .mails = {{.id = "3f6c00112233445566778899aabbccdd",
                       .site = "birlinghoven",
                       .since = now - hours(52),
                       .forgotten = now + hours(116),
                       .recipients = 1,
                       .user = 1000,
                       .hub = "kyoto",
                       .is_tried_again = false},
                      {.id = "a00000000000000000000000000000ff",
                       .site = "osaka",
                       .since = now - seconds(12),
                       .forgotten = now + hours(168),
                       .recipients = 17,
                       .user = {},
                       .is_tried_again = true}}};
  }
};

TEST_F(DoubtsShown, TextGolden) {
  EXPECT_EQ(doubts_text(two()),
            R"(ID            site          recipients        user  forgotten            in doubt since
3f6c00112233  birlinghoven           1        1000  2026-03-06 08:03:04  2026-02-27 08:03:04 (2 d 4 h ago)  first tried by hub kyoto
a00000000000  osaka                 17           -  2026-03-08 12:03:04  12:02:52 (12 s ago)  is being tried again
2 mails in doubt
)");
}

TEST_F(DoubtsShown, Json) {
  const auto out = nlohmann::json::parse(doubts_json(two()));
  EXPECT_EQ(out["now"], "2026-03-01T12:03:04Z");
  EXPECT_EQ(out["total"], 2);
  ASSERT_EQ(out["mails"].size(), 2U);
  const auto expected = nlohmann::json::parse(R"({"id": "3f6c00112233445566778899aabbccdd",
    "site": "birlinghoven", "since": "2026-02-27T08:03:04Z", "forgotten": "2026-03-06T08:03:04Z",
    "recipients": 1, "user": 1000, "tried_again_now": false, "tried_by": "kyoto"})");
  EXPECT_EQ(out["mails"][0], expected);
  EXPECT_TRUE(out["mails"][1]["user"].is_null());
  EXPECT_TRUE(out["mails"][1]["tried_again_now"].get<bool>());
}

// What its relayd has said was delivered is not counted as in doubt, and neither is it hidden.
TEST_F(DoubtsShown, DeliveredOnesAndClientsElsewhere) {
  MailsInDoubt doubts = two();
  doubts.mails[0].is_known = true;
  doubts.mails[1].is_tried_again = false;
  doubts.mails[1].client_address = "2001:db8::/64";
  const std::string text = doubts_text(doubts);
  EXPECT_THAT(text, HasSubstr("(2 d 4 h ago)  first tried by hub kyoto  was delivered\n"));
  EXPECT_THAT(text, HasSubstr("  2001:db8::/64  "));
  EXPECT_THAT(text, EndsWith("\n1 mail in doubt, 1 delivered and kept in case the MTA tries again\n"));
  const auto out = nlohmann::json::parse(doubts_json(doubts));
  EXPECT_EQ(out["total"], 2);
  EXPECT_EQ(out["mails"][0]["delivered"], true);
  EXPECT_FALSE(out["mails"][1].contains("delivered"));
  EXPECT_EQ(out["mails"][1]["client"], "2001:db8::/64");
}

TEST_F(DoubtsShown, OneOfSeveralHubsIsNamed) {
  MailsInDoubt doubts = two();
  doubts.mails[1].far_hub = "mail2";
  EXPECT_THAT(doubts_text(doubts), HasSubstr("\na00000000000  osaka/mail2  "));
  const auto out = nlohmann::json::parse(doubts_json(doubts));
  EXPECT_FALSE(out["mails"][0].contains("hub"));
  EXPECT_EQ(out["mails"][1]["site"], "osaka");
  EXPECT_EQ(out["mails"][1]["hub"], "mail2");
}

TEST_F(DoubtsShown, None) {
  EXPECT_EQ(doubts_text({}), "no mail is in doubt\n");
  const auto out = nlohmann::json::parse(doubts_json({}));
  EXPECT_EQ(out["total"], 0);
  EXPECT_EQ(out["mails"], nlohmann::json::array());
}

// However many there are, the reply stays small, and says that there are more.
TEST_F(DoubtsShown, NoMoreThanFit) {
  MailsInDoubt many = two();
  many.mails.resize(100'000, many.mails.back());
  const std::string text = doubts_text(many);
  EXPECT_LT(text.size(), 200U * kMaxDoubtsShown);
  EXPECT_THAT(text, EndsWith("100000 mails in doubt, the oldest 1000 are shown\n"));
  const std::string json = doubts_json(many);
  EXPECT_LT(json.size(), 400U * kMaxDoubtsShown);
  EXPECT_EQ(nlohmann::json::parse(json)["total"], 100'000);
  EXPECT_EQ(nlohmann::json::parse(json)["mails"].size(), kMaxDoubtsShown);
  many.mails.resize(kMaxDoubtsShown);
  EXPECT_THAT(doubts_text(many), EndsWith("\n1000 mails in doubt\n"));
}

TEST_F(DoubtsShown, NamesAreEscaped) {
  MailsInDoubt doubts = two();
  doubts.mails.front().site = "o\x1bsaka";
  EXPECT_THAT(doubts_text(doubts), HasSubstr("o\\x1bsaka"));
  EXPECT_THAT(doubts_text(doubts), Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace tsmtp::control
