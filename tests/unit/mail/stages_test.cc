// When a transaction has come how far, at both ends: what is waited for has its own stage.
#include "relayd/mail/stages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "tests/unit/mail/far_end.h"
#include "tests/unit/mail/near_end.h"

namespace tsmtp::mail {
namespace {

// "begun+0 replied+3": whole seconds since the first of them.
std::string text_of(const Stages& stages) {
  constexpr std::array kNames{"begun",   "connected", "envelope",   "end",
                              "claimed", "replied",   "remembered", "answered"};
  std::string out;
  for (std::size_t i = 0; i < kStages; ++i)
    if (const auto time = stages.at(static_cast<Stage>(i)))
      out += (out.empty() ? "" : " ") + std::string(kNames.at(i)) + '+' +
             std::to_string(
                 std::chrono::duration_cast<std::chrono::seconds>(*time - *stages.at(Stage::kBegun)).count());
  return out;
}

constexpr char kThreeCommands[] = R"(
  C MAIL FROM:<a@tokyo.example>
  S 250...
  C RCPT TO:<x@birl.example>
  S 250...
  C DATA
  S 354...
  L *)";

TEST(Stages, OfADelivery) {
  FarEnd far;
  far.run(R"(
    R mail FROM:<a@tokyo.example>
    V *
    T 1
    K ok
    R rcpt TO:<x@birl.example>
    R data
    W MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>|DATA
    T 2
    M 250 ok|250 ok|354 go
    V *
    T 3
    R content hello
    R commit
    W hello|.
    T 4
    M 250 ok
    V *
    T 5
    D ok
    V *)");
  ASSERT_EQ(far.host.summaries.size(), 1U);
  EXPECT_EQ(text_of(far.host.summaries.front().stages),
            "begun+0 connected+1 envelope+3 end+6 replied+10 remembered+15 answered+15");
}

TEST(Stages, OfADeliveryThatIsClaimed) {
  FarEnd far;
  far.host.shares_outcomes = true;
  far.to_content();
  far.run(R"(
    R content hello
    R commit
    V *
    W hello
    T 2
    C ok
    W .)");
  EXPECT_EQ(text_of(far.delivery->so_far(far.now).stages), "begun+0 connected+0 envelope+0 end+0 claimed+2");
}

TEST(Stages, OfAMailThatIsHandedOver) {
  NearEnd near;
  near.run(kThreeCommands);
  near.run(R"(
    T 1
    C hello|.
    L *
    T 2
    D ok
    L *
    T 3
    F final 250 ok
    S 250 ok
    L *)");
  EXPECT_FALSE(near.intake->so_far(near.now));
  ASSERT_EQ(near.host.summaries.size(), 1U);
  EXPECT_EQ(text_of(near.host.summaries.front().stages),
            "begun+0 envelope+0 end+1 replied+6 remembered+3 answered+6");
}

TEST(Stages, OfAMailUnderWay) {
  NearEnd near;
  near.run(kThreeCommands);
  const auto so_far = near.intake->so_far(near.now);
  ASSERT_TRUE(so_far);
  EXPECT_EQ(text_of(so_far->stages), "begun+0 envelope+0");
  EXPECT_EQ(so_far->reply.code, 0);
  EXPECT_EQ(so_far->recipients.front().address, "x@birl.example");
}

}  // namespace
}  // namespace tsmtp::mail
