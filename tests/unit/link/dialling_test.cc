// Rounds of dialling in virtual time: every address in turn, with its own reason, a name asked anew each
// time, and failure at every step.
#include "relayd/link/dialling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tsmtp::link {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Reached = Dialling::Reached;
using Step = Dialling::Step;
using Texts = std::vector<std::string>;

base::HostPort name(const std::string& host) {
  return {.host = host, .port = 5443, .unix_path = {}};
}

class Rounds : public testing::Test {
 protected:
  Dialling dialling{{.addresses = {name("hub.example"), name("other.example")}, .longest_wait = seconds(1)},
                    1};
  Moment now{};

  void pass(milliseconds time) {
    now.at += time;
    now.wall += time;
  }
  /// Up to the handshake with the first address.
  void reach_handshake() {
    ASSERT_EQ(dialling.start(now).step, Step::kResolve);
    ASSERT_EQ(dialling.resolved({"192.0.2.1:5443"}, now).step, Step::kConnect);
    dialling.connected();
  }
};

TEST_F(Rounds, EachAddressOfEachNameInTurn) {
  EXPECT_EQ(dialling.start(now).step, Step::kResolve);
  EXPECT_EQ(dialling.target(), name("hub.example"));
  EXPECT_EQ(dialling.resolved({"[2001:db8::1]:5443", "192.0.2.1:5443"}, now).step, Step::kConnect);
  EXPECT_EQ(dialling.address(), 0U);
  auto next = dialling.failed("Network is unreachable", Reached::kName, now);
  EXPECT_EQ(next.step, Step::kConnect);
  EXPECT_EQ(dialling.address(), 1U);
  EXPECT_FALSE(next.failure) << "the name may yet do";
  next = dialling.failed("Connection refused", Reached::kHost, now);
  EXPECT_EQ(next.step, Step::kResolve);
  ASSERT_TRUE(next.failure);
  EXPECT_TRUE(next.news);
  EXPECT_EQ(next.failure->address, "hub.example:5443");
  EXPECT_EQ(next.failure->cause,
            "[2001:db8::1]:5443: Network is unreachable, 192.0.2.1:5443: Connection refused");
  EXPECT_EQ(dialling.target(), name("other.example"));
  next = dialling.failed("name not resolved: Host not found", Reached::kNowhere, now);
  EXPECT_EQ(next.step, Step::kGiveUp) << "the round is over";
  EXPECT_EQ(dialling.failures().size(), 2U);
  EXPECT_EQ(dialling.cause(), "Connection refused, hub.example:5443") << "that got furthest, cause first";
  EXPECT_TRUE(dialling.next_try());
}

// What is looked up and connected to is the proxy, and it is told from what lies behind it.
TEST(RoundsThroughAProxy, SayHowFarTheyGot) {
  Moment now{};
  Dialling dialling{{.addresses = {name("hub.example")}, .proxy = "socks5://proxy.example:1080"}, 1};
  const auto cause_of = [](const Dialling::Next& next) { return next.failure ? next.failure->cause : ""; };
  EXPECT_EQ(dialling.start(now).step, Step::kResolve);
  EXPECT_EQ(cause_of(dialling.failed("name not resolved", Reached::kNowhere, now)),
            "through socks5://proxy.example:1080: proxy not reached: name not resolved");
  EXPECT_EQ(dialling.cause(), "proxy not reached: name not resolved, hub.example:5443");
  EXPECT_EQ(dialling.start(now).step, Step::kResolve);
  EXPECT_EQ(dialling.resolved({"[2001:db8::1]:1080", "192.0.2.1:1080"}, now).step, Step::kConnect);
  now.at += seconds(10);
  EXPECT_EQ(dialling.tick(now).step, Step::kConnect);
  dialling.connected();
  EXPECT_EQ(
      cause_of(dialling.failed("the proxy says: connection refused", Reached::kHost, now)),
      "through socks5://proxy.example:1080 ([2001:db8::1]:1080): proxy not reached: connection timed out, "
      "through socks5://proxy.example:1080 (192.0.2.1:1080): the proxy says: connection refused");
  EXPECT_EQ(dialling.cause(), "the proxy says: connection refused, hub.example:5443");
}

TEST(RoundsThroughAProxy, NameItOnceWhereItIsAnAddress) {
  Moment now{};
  Dialling dialling{{.addresses = {name("hub.example")}, .proxy = "http://192.0.2.1:3128"}, 1};
  EXPECT_EQ(dialling.start(now).step, Step::kResolve);
  EXPECT_EQ(dialling.resolved({"192.0.2.1:3128"}, now).step, Step::kConnect);
  EXPECT_EQ(dialling.failed("Connection refused", Reached::kHost, now).failure->cause,
            "through http://192.0.2.1:3128: proxy not reached: Connection refused");
}

TEST_F(Rounds, ACauseIsNewsOnce) {
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(dialling.start(now).step, Step::kResolve);
    EXPECT_EQ(dialling.failed("name not resolved", Reached::kNowhere, now).news, round == 0);
    EXPECT_EQ(dialling.failed(round < 2 ? "no" : "still no", Reached::kNowhere, now).news, round != 1);
  }
  (void)dialling.rest();
  EXPECT_TRUE(dialling.failures().empty());
  EXPECT_EQ(dialling.cause(), "not yet dialled");
  EXPECT_EQ(dialling.start(now).step, Step::kResolve);
  EXPECT_TRUE(dialling.failed("name not resolved", Reached::kNowhere, now).news);
}

TEST_F(Rounds, WaitsDoubleAndStartCutsThemShort) {
  milliseconds longest{};
  for (int round = 0; round < 8; ++round) {
    (void)dialling.start(now);
    (void)dialling.failed("no", Reached::kNowhere, now);
    (void)dialling.failed("no", Reached::kNowhere, now);
    const auto wait = std::chrono::duration_cast<milliseconds>(*dialling.deadline() - now.at);
    EXPECT_GE(wait, milliseconds(125));
    EXPECT_LE(wait, seconds(1));
    EXPECT_EQ(*dialling.next_try() - now.wall, wait);
    longest = std::max(longest, wait);
  }
  EXPECT_GE(longest, milliseconds(500));
  EXPECT_EQ(dialling.tick(now).step, Step::kNone) << "not yet";
  pass(seconds(1));
  EXPECT_EQ(dialling.tick(now).step, Step::kResolve);
  EXPECT_FALSE(dialling.next_try());
}

TEST_F(Rounds, EveryStepHasItsTimeout) {
  (void)dialling.start(now);
  pass(seconds(10));
  auto next = dialling.tick(now);
  EXPECT_EQ(next.step, Step::kResolve) << "the next name";
  EXPECT_EQ(next.failure->cause, "name not resolved within 10 seconds");
  (void)dialling.resolved({"192.0.2.2:5443"}, now);
  pass(seconds(9));
  EXPECT_EQ(dialling.tick(now).step, Step::kNone);
  pass(seconds(1));
  next = dialling.tick(now);
  EXPECT_EQ(next.step, Step::kGiveUp);
  EXPECT_EQ(next.failure->cause, "192.0.2.2:5443: connection timed out");
}

TEST_F(Rounds, AHandshakeHasALimitOfItsOwn) {
  reach_handshake();
  EXPECT_FALSE(dialling.deadline());
  pass(seconds(60));
  EXPECT_EQ(dialling.tick(now).step, Step::kNone);
  const auto next = dialling.failed("peer's key is not pinned", Reached::kProgram, now);
  EXPECT_EQ(next.step, Step::kResolve);
  EXPECT_EQ(next.failure->brief, "peer's key is not pinned, hub.example:5443");
}

TEST_F(Rounds, RestsWhenConnectedAndGoesOnIfThatCameToNothing) {
  reach_handshake();
  EXPECT_TRUE(dialling.dialled());
  EXPECT_FALSE(dialling.dialled()) << "once";
  EXPECT_FALSE(dialling.deadline());
  EXPECT_FALSE(dialling.next_try());
  const auto next = dialling.came_to_nothing("no Hello from the peer", now);
  EXPECT_EQ(next.step, Step::kResolve);
  EXPECT_EQ(dialling.target(), name("other.example"));
  EXPECT_EQ(next.failure->cause, "192.0.2.1:5443: no Hello from the peer");
  EXPECT_EQ(dialling.came_to_nothing("again", now).step, Step::kNone) << "something is under way";
}

TEST_F(Rounds, AnAddressIsNotNamedTwice) {
  dialling = Dialling({.addresses = {{.host = "192.0.2.1", .port = 5443, .unix_path = {}}}}, 1);
  (void)dialling.start(now);
  (void)dialling.resolved({"192.0.2.1:5443"}, now);
  EXPECT_EQ(dialling.failed("Connection refused", Reached::kHost, now).failure->cause, "Connection refused");
}

TEST_F(Rounds, OfANameAtMostEightAreTried) {
  (void)dialling.start(now);
  (void)dialling.resolved(Texts(20, "192.0.2.1:5443"), now);
  int tried = 1;
  while (dialling.failed("no", Reached::kHost, now).step == Step::kConnect)
    ++tried;
  EXPECT_EQ(tried, 8);
}

TEST_F(Rounds, NothingWithoutAddressesAndNothingOnceStopped) {
  (void)dialling.start(now);
  EXPECT_EQ(dialling.resolved({}, now).step, Step::kResolve) << "the next name";
  EXPECT_EQ(dialling.stop().step, Step::kGiveUp);
  EXPECT_EQ(dialling.stop().step, Step::kNone);
  dialling.start_later(now);
  EXPECT_EQ(dialling.start(now).step, Step::kNone);
  EXPECT_EQ(dialling.rest().step, Step::kNone);
  EXPECT_EQ(dialling.start(now).step, Step::kNone);
  EXPECT_EQ(dialling.came_to_nothing("no", now).step, Step::kNone);
  EXPECT_FALSE(dialling.deadline());
  EXPECT_FALSE(dialling.dialled());
}

}  // namespace
}  // namespace tsmtp::link
