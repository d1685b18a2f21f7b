// P6: what envelopes and verdicts of mails under way keep is taken from a budget before it is kept, on both
// sides, and given back at the end.
#include <gtest/gtest.h>

#include "tests/unit/mail/far_end.h"
#include "tests/unit/mail/near_end.h"

namespace tsmtp::mail {
namespace {

constexpr std::size_t kBudgetBytes = 256UL * 1024;

std::string long_recipient(int i) {
  return "<" + std::to_string(i) + std::string(1000, 'x') + "@birl.example>";
}

TEST(MemoryOfEnvelopes, FarSideRefusesTheMailBeyondTheBudget) {
  const auto budget = std::make_shared<base::ByteBudget>(kBudgetBytes);
  {
    FarEnd far;
    far.settings.memory = budget;
    far.run("R mail FROM:<a@tokyo.example>\nK ok\nM 250 ok\nV *\nW MAIL FROM:<a@tokyo.example>");
    for (int i = 0; i < 1000 && far.host.reset_cause.empty(); ++i)
      far.record(Rcpt{"TO:" + long_recipient(i)});
    EXPECT_LE(budget->used_bytes(), kBudgetBytes + kBudgetBytes / 4);
    ASSERT_FALSE(far.host.replies.empty());
    EXPECT_EQ(far.host.replies.back().code, 452);
    EXPECT_EQ(far.host.reset_cause, "memory for mails under way is used up");
  }
  EXPECT_EQ(budget->used_bytes(), 0U);
}

TEST(MemoryOfEnvelopes, FarSideReadsNothingThatAsksWhileAnswersAreNotRead) {
  FarEnd far;
  far.run("R mail FROM:<a@b.example>\nV *");  // refused
  far.host.writable_bytes = 0;
  far.host.consumed_bytes = 0;
  for (int i = 0; i < 100; ++i)
    far.record(Rcpt{"TO:" + long_recipient(i)});
  EXPECT_EQ(far.host.log.size(), 0U);
  EXPECT_EQ(far.host.consumed_bytes, 0U);  // no credit
  EXPECT_FALSE(far.delivery->wants_step());
  far.host.writable_bytes = 1 << 20;
  ASSERT_TRUE(far.delivery->wants_step());
  far.delivery->step(far.now);
  EXPECT_EQ(far.host.log.size(), 100U);
}

TEST(MemoryOfEnvelopes, NearSideRefusesBeyondTheBudget) {
  const auto budget = std::make_shared<base::ByteBudget>(kBudgetBytes);
  NearEnd near;
  near.settings.memory = budget;
  near.settings.sessions.max_errors = 2000;
  near.connect();
  near.client("MAIL FROM:<a@tokyo.example>\r\n");
  for (int i = 0; i < 900; ++i)
    near.client("RCPT TO:" + long_recipient(i) + "\r\n");
  near.far(MailVerdict{{250, {"ok"}}});
  for (std::uint16_t i = 0; i < 900; ++i)
    near.far(RcptVerdict{.index = i, .reply = {250, {"ok"}}});
  std::size_t refused = 0;
  for (std::string reply = near.next_reply(); !reply.empty(); reply = near.next_reply())
    refused += reply.starts_with("452 4.3.1") ? 1 : 0;
  EXPECT_GT(refused, 800U);
  EXPECT_LE(budget->used_bytes(), kBudgetBytes);
  near.intake.reset();
  EXPECT_EQ(budget->used_bytes(), 0U);
}

TEST(MemoryOfEnvelopes, ABadFarHubCostsTheNearSideLittle) {
  NearEnd near;
  near.lmtp = true;
  near.settings.memory = std::make_shared<base::ByteBudget>(1UL << 20);
  near.connect();
  std::string envelope = "MAIL FROM:<a@tokyo.example>\r\n";
  for (int i = 0; i < 200; ++i)
    envelope += "RCPT TO:<" + std::to_string(i) + "@birl.example>\r\n";
  near.client(envelope + "DATA\r\n");
  near.client("hello\r\n.\r\n");
  near.intake->recorded(near.host.last_recorded, {}, near.now);
  near.intake->output().clear();
  const smtp::Reply huge{550, std::vector<std::string>(100, std::string(2000, 'x'))};
  near.far(MailVerdict{{250, {"ok"}}});
  for (std::uint16_t i = 0; i < 200; ++i)
    near.far(RcptVerdict{.index = i, .reply = i % 2 == 0 ? huge : smtp::Reply{250, {"ok"}}});
  smtp::Reply yes = huge;
  yes.code = 554;
  near.far(FinalVerdict{yes});
  EXPECT_LT(near.intake->output().size(), 3UL << 20);
  std::size_t replies = 0;
  for (std::string reply = near.next_reply(); !reply.empty(); reply = near.next_reply())
    ++replies;
  EXPECT_EQ(replies, 200U);
}

}  // namespace
}  // namespace tsmtp::mail
