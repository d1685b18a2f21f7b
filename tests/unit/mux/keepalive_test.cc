#include "relayd/mux/keepalive.h"

#include <gtest/gtest.h>

#include "tests/unit/mux/raw_peer.h"

namespace tsmtp::mux {
namespace {

using namespace std::chrono_literals;
using wire::FrameType;

const base::TimePoint kStart{};

class Life : public ::testing::Test {
 protected:
  Life() : side_(RawPeer::settings(), kStart) {}

  void greet() {
    ASSERT_TRUE(side_.receive(peer_.greeting(), kStart));
    ASSERT_EQ(summary(peer_.read(side_.connection, kStart)), "Hello");
  }

  Side side_;
  RawPeer peer_;
};

TEST_F(Life, HelloIsAwaitedForAWhile) {
  EXPECT_EQ(side_.connection.deadline(), kStart + 10s);
  EXPECT_TRUE(side_.connection.tick(kStart + 9999ms));
  const auto late = side_.connection.tick(kStart + 10s);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().message, "no Hello from the peer within 10 s");
  const auto frames = peer_.read(side_.connection, kStart + 10s);
  EXPECT_EQ(summary(frames), "Close");
  EXPECT_EQ(frames.back().payload, late.error().message);
}

TEST_F(Life, APingGoesOutOnlyAfterSilence) {
  greet();
  EXPECT_EQ(side_.connection.deadline(), kStart + 10s);
  ASSERT_TRUE(side_.receive(peer_.frame(FrameType::kAck), kStart + 7s));
  EXPECT_EQ(side_.connection.deadline(), kStart + 17s);
  ASSERT_TRUE(side_.connection.tick(kStart + 16s));
  EXPECT_FALSE(side_.connection.wants_to_send());
  ASSERT_TRUE(side_.connection.tick(kStart + 17s));
  EXPECT_EQ(summary(peer_.read(side_.connection, kStart + 17s)), "Ping");
  EXPECT_EQ(side_.connection.deadline(), kStart + 27s);
}

TEST_F(Life, HalfAFrameIsASignOfLifeToo) {
  greet();
  const std::string ping = peer_.frame(FrameType::kPing);
  ASSERT_TRUE(side_.receive(ping.substr(0, 5), kStart + 9s));
  EXPECT_EQ(side_.connection.deadline(), kStart + 19s);
}

TEST_F(Life, ThePongMeasuresTheRoundTrip) {
  greet();
  EXPECT_FALSE(side_.connection.round_trip());
  ASSERT_TRUE(side_.connection.tick(kStart + 10s));
  const auto frames = peer_.read(side_.connection, kStart + 11s);
  ASSERT_EQ(summary(frames), "Ping");
  ASSERT_TRUE(side_.receive(peer_.frame(FrameType::kPong, 0, frames[0].payload), kStart + 11s + 40ms));
  EXPECT_EQ(side_.connection.round_trip(), 40ms);
  EXPECT_EQ(side_.connection.deadline(), kStart + 21s + 40ms);
}

TEST_F(Life, ASilentPeerIsDead) {
  greet();
  ASSERT_TRUE(side_.connection.tick(kStart + 10s));
  ASSERT_EQ(summary(peer_.read(side_.connection, kStart + 10s)), "Ping");
  EXPECT_EQ(side_.connection.deadline(), kStart + 20s);
  ASSERT_TRUE(side_.connection.tick(kStart + 19999ms));
  const auto dead = side_.connection.tick(kStart + 20s);
  ASSERT_FALSE(dead);
  EXPECT_EQ(dead.error().message, "no sign of life for 20 s");
  EXPECT_EQ(summary(peer_.read(side_.connection, kStart + 20s)), "Close");
}

TEST_F(Life, APeerThatTalksWithoutAnsweringThePingLives) {
  greet();
  ASSERT_TRUE(side_.connection.tick(kStart + 10s));
  for (auto now = kStart + 11s; now < kStart + 100s; now += 5s) {
    ASSERT_TRUE(side_.receive(peer_.frame(FrameType::kAck), now));
    ASSERT_TRUE(side_.connection.tick(now + 4s));
  }
}

TEST_F(Life, OurOwnSleepIsNotThePeersDeath) {
  greet();
  ASSERT_TRUE(side_.connection.tick(kStart + 300s)) << "nobody asked the peer";
  ASSERT_EQ(summary(peer_.read(side_.connection, kStart + 300s)), "Ping");
  EXPECT_EQ(side_.connection.deadline(), kStart + 310s);
  ASSERT_TRUE(side_.connection.tick(kStart + 309s));
  EXPECT_FALSE(side_.connection.tick(kStart + 310s));
}

TEST_F(Life, PingsAreEchoed) {
  greet();
  ASSERT_TRUE(side_.receive(peer_.frame(FrameType::kPing, 0, "echo me"), kStart));
  const auto frames = peer_.read(side_.connection, kStart);
  ASSERT_EQ(summary(frames), "Pong");
  EXPECT_EQ(frames[0].payload, "echo me");
}

TEST_F(Life, TheTimesOfTwoIdleSessionsNeverRunOut) {
  ConnectionSettings settings = RawPeer::settings();
  settings.role = Role::kDialer;
  Side dialer(settings, kStart);
  for (auto now = kStart; now < kStart + 600s; now += 1s) {
    ASSERT_TRUE(dialer.connection.tick(now));
    ASSERT_TRUE(side_.connection.tick(now));
    ASSERT_TRUE(side_.receive(output(dialer.connection, now), now));
    ASSERT_TRUE(dialer.receive(output(side_.connection, now), now));
  }
  EXPECT_LT(side_.session.counters().frames_in, 150U);
}

/// With a peer with which the session could go on on another connection.
class LifeOfWhoDialled : public ::testing::Test {
 protected:
  explicit LifeOfWhoDialled(bool can_resume = true) : side_(settings(can_resume), kStart) {
    EXPECT_EQ(summary(peer_.read(side_.connection, kStart)), "Hello");
    Hello hello = RawPeer::hello();
    hello.capabilities = kCapabilityResumption;
    hello.resumption.number = 7;
    EXPECT_TRUE(side_.receive(peer_.frame(FrameType::kHello, 0, encode_hello(hello)), kStart));
  }
  static ConnectionSettings settings(bool can_resume) {
    ConnectionSettings settings = RawPeer::settings();
    settings.role = Role::kDialer;
    settings.can_resume = can_resume;
    settings.resumption.number = 8;
    return settings;
  }

  Side side_;
  RawPeer peer_;
};

// The far MTA takes its time: what if its reply cannot come through?
TEST_F(LifeOfWhoDialled, AsksSoonWhileAStreamIsOpen) {
  EXPECT_EQ(side_.connection.deadline(), kStart + 10s);
  const auto stream = side_.session.open(kFirstService);
  ASSERT_TRUE(stream);
  side_.session.write(*stream, "mail");
  ASSERT_EQ(summary(peer_.read(side_.connection, kStart)), "Open1 Data1");
  EXPECT_EQ(side_.connection.deadline(), kStart + 1s);
  ASSERT_TRUE(side_.connection.tick(kStart + 1s));
  const auto frames = peer_.read(side_.connection, kStart + 1s);
  ASSERT_EQ(summary(frames), "Ping");
  EXPECT_EQ(side_.connection.deadline(), kStart + 20s) << "it is dead no sooner than ever";
  ASSERT_TRUE(side_.receive(peer_.frame(FrameType::kPong, 0, frames[0].payload), kStart + 2s));
  EXPECT_EQ(side_.connection.deadline(), kStart + 3s);
  side_.session.reset(*stream, ResetCode::kCancelled, "");
  EXPECT_EQ(side_.connection.deadline(), kStart + 12s);
}

class LifeOfWhoDialledForOnce : public LifeOfWhoDialled {
 protected:
  LifeOfWhoDialledForOnce() : LifeOfWhoDialled(false) {}
};

TEST_F(LifeOfWhoDialledForOnce, DoesNotAskSoonAsNothingCouldBeDone) {
  ASSERT_TRUE(side_.session.open(kFirstService));
  EXPECT_EQ(side_.connection.deadline(), kStart + 10s);
}

TEST(Keepalive, AsksAtTheLatestAtHalfTheTimeOfDeath) {
  Keepalive keepalive(60s, 20s, kStart);
  EXPECT_EQ(keepalive.deadline(), kStart + 10s);
}

}  // namespace
}  // namespace tsmtp::mux
