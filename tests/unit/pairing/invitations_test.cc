#include "relayd/pairing/invitations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/unit/pairing/sample.h"

namespace tsmtp::pairing {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

TEST(Invitations, OutliveARestart) {
  Tokyo tokyo;
  (void)tokyo.ask(tokyo.request(true));
  const auto read = Invitations::from_text(tokyo.book.to_text());
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->all().size(), 1U);
  EXPECT_EQ(read->to_text(), tokyo.book.to_text());
  EXPECT_EQ(read->all()[0].pin, kBirlPin);
  EXPECT_EQ(read->all()[0].joiner, tokyo.invitation().joiner);
  EXPECT_EQ(read->all()[0].expires, kNow + 24h);
}

TEST(Invitations, TimeThatNoClockCanShowIsDamage) {
  Tokyo tokyo;
  std::string text = tokyo.book.to_text();
  const std::string made = ' ' + std::to_string(kNow.time_since_epoch() / std::chrono::seconds(1)) + ' ';
  const std::size_t at = text.find(made);
  ASSERT_NE(at, text.npos) << text;
  for (const char* const time : {" 89141666666 ", " 9223372036854775807 ", " -1 "})
    EXPECT_FALSE(Invitations::from_text(std::string(text).replace(at, made.size(), time))) << time;
}

TEST(Invitations, HoldNoSecret) {
  EXPECT_THAT(Tokyo().book.to_text(), Not(HasSubstr(kSecret)));
  EXPECT_THAT(Tokyo().book.to_text(), Not(HasSubstr("30313233343536373839616263646566")));
}

TEST(Invitations, FileThatIsDamagedIsRefusedWhole) {
  Tokyo tokyo;
  (void)tokyo.ask(tokyo.request(true));
  const std::string text = tokyo.book.to_text();
  EXPECT_TRUE(Invitations::from_text("tsmtp-invitations 1\n"));
  for (const std::string& bad :
       {std::string(), std::string("x\n"), text + "x\n", text.substr(0, text.size() - 30)})
    EXPECT_FALSE(Invitations::from_text(bad)) << bad;
  for (std::size_t size = 0; size < text.size(); ++size)
    (void)Invitations::from_text(text.substr(0, size));
}

TEST(Invitations, AreBoundedAndThoseOfNoUseMakeRoom) {
  Invitations book;
  for (std::size_t i = 0; i < kMaxInvitations; ++i) {
    Invitation one = Tokyo().invitation();
    one.id = {static_cast<char>(i), 'x'};
    ASSERT_TRUE(book.add(one));
  }
  EXPECT_THAT(book.add(Tokyo().invitation()).error().message, HasSubstr("relayctl uninvite"));
  book.forget_old(kNow);
  EXPECT_FALSE(book.add(Tokyo().invitation()));
  book.find(std::string{'\0', 'x'})->state = State::kWithdrawn;
  book.forget_old(kNow);
  EXPECT_TRUE(book.add(Tokyo().invitation()));
}

TEST(Invitations, PromiseIsOverWhenItsKeyHasASite) {
  Tokyo tokyo;
  (void)tokyo.ask(tokyo.request(true));
  EXPECT_FALSE(tokyo.book.settle(tokyo.taken));
  Taken with_site = tokyo.taken;
  with_site.sites = {sample_site("by-hand", kBirlPin, "birl.example")};
  EXPECT_TRUE(tokyo.book.settle(with_site));
  EXPECT_EQ(tokyo.invitation().state, State::kUsed);
  EXPECT_FALSE(tokyo.book.is_promised_to(kBirlPin, kNow));  // nor when the site is gone again
  EXPECT_FALSE(tokyo.book.settle(with_site));
  Tokyo other;
  (void)other.ask(other.request(true));
  other.taken.revoked = {kBirlPin};
  EXPECT_TRUE(other.book.settle(other.taken));
  EXPECT_EQ(other.invitation().state, State::kWithdrawn);
}

TEST(Invitations, DomainIsPendingWhileSomebodyMayHaveIt) {
  Tokyo tokyo;
  EXPECT_NE(tokyo.book.pending_with("birl.example", kNow), nullptr);
  EXPECT_EQ(tokyo.book.pending_with("other.example", kNow), nullptr);
  (void)tokyo.ask(tokyo.request(true));
  EXPECT_NE(tokyo.book.pending_with("birl.example", kNow), nullptr);
  tokyo.invitation().state = State::kWithdrawn;
  EXPECT_EQ(tokyo.book.pending_with("birl.example", kNow), nullptr);
}

TEST(Invitations, LineThatWasNeverWrittenIsNone) {
  const std::vector<std::function<void(Invitation&)>> spoilt{
      [](Invitation& one) { one.site = "../birl"; },
      [](Invitation& one) { one.site.clear(); },
      [](Invitation& one) { one.domains.clear(); },
      [](Invitation& one) {
        one.domains = {"", ""};
      },
      [](Invitation& one) { one.domains = {"."}; },
      [](Invitation& one) { one.own_domains.clear(); },
      [](Invitation& one) { one.own_domains = {"a\"b"}; },
      [](Invitation& one) { one.dial = "a\"b:1"; },
      [](Invitation& one) { one.pin.clear(); },
      [](Invitation& one) { one.joiner.name = "a\"b"; },
      [](Invitation& one) { one.joiner.domains.clear(); },
      [](Invitation& one) { one.joiner.dial = {"a\"b:1"}; }};
  for (std::size_t i = 0; i < spoilt.size(); ++i) {
    Tokyo tokyo;
    (void)tokyo.ask(tokyo.request(true));
    ASSERT_TRUE(Invitations::from_text(tokyo.book.to_text()));
    spoilt[i](tokyo.invitation());
    EXPECT_FALSE(Invitations::from_text(tokyo.book.to_text())) << i;
  }
}

TEST(Invitations, AreRememberedForAWeekAfterTheirEnd) {
  Tokyo tokyo;
  tokyo.book.forget_old(kNow + 24h + 6 * 24h);
  EXPECT_FALSE(tokyo.book.empty());
  tokyo.book.forget_old(kNow + 24h + 7 * 24h);
  EXPECT_TRUE(tokyo.book.empty());
}

}  // namespace
}  // namespace tsmtp::pairing
