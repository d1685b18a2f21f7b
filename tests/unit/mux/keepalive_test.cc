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
  Life() : session_(RawPeer::settings(), kStart) {}

  void greet() {
    ASSERT_TRUE(session_.receive(peer_.greeting(), kStart));
    ASSERT_EQ(summary(peer_.read(session_, kStart)), "Hello");
  }

  Session session_;
  RawPeer peer_;
};

TEST_F(Life, HelloIsAwaitedForAWhile) {
  EXPECT_EQ(session_.deadline(), kStart + 10s);
  EXPECT_TRUE(session_.tick(kStart + 9999ms));
  const auto late = session_.tick(kStart + 10s);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().message, "no Hello from the peer within 10 s");
  const auto frames = peer_.read(session_, kStart + 10s);
  EXPECT_EQ(summary(frames), "Close");
  EXPECT_EQ(frames.back().payload, late.error().message);
}

TEST_F(Life, APingGoesOutOnlyAfterSilence) {
  greet();
  EXPECT_EQ(session_.deadline(), kStart + 10s);
  ASSERT_TRUE(session_.receive(peer_.frame(FrameType::kAck), kStart + 7s));
  EXPECT_EQ(session_.deadline(), kStart + 17s);
  ASSERT_TRUE(session_.tick(kStart + 16s));
  EXPECT_FALSE(session_.wants_to_send());
  ASSERT_TRUE(session_.tick(kStart + 17s));
  EXPECT_EQ(summary(peer_.read(session_, kStart + 17s)), "Ping");
  EXPECT_EQ(session_.deadline(), kStart + 27s);
}

TEST_F(Life, HalfAFrameIsASignOfLifeToo) {
  greet();
  const std::string ping = peer_.frame(FrameType::kPing);
  ASSERT_TRUE(session_.receive(ping.substr(0, 5), kStart + 9s));
  EXPECT_EQ(session_.deadline(), kStart + 19s);
}

TEST_F(Life, ThePongMeasuresTheRoundTrip) {
  greet();
  EXPECT_FALSE(session_.round_trip());
  ASSERT_TRUE(session_.tick(kStart + 10s));
  const auto frames = peer_.read(session_, kStart + 11s);
  ASSERT_EQ(summary(frames), "Ping");
  ASSERT_TRUE(session_.receive(peer_.frame(FrameType::kPong, 0, frames[0].payload), kStart + 11s + 40ms));
  EXPECT_EQ(session_.round_trip(), 40ms);
  EXPECT_EQ(session_.deadline(), kStart + 21s + 40ms);
}

TEST_F(Life, ASilentPeerIsDead) {
  greet();
  ASSERT_TRUE(session_.tick(kStart + 10s));
  ASSERT_EQ(summary(peer_.read(session_, kStart + 10s)), "Ping");
  EXPECT_EQ(session_.deadline(), kStart + 20s);
  ASSERT_TRUE(session_.tick(kStart + 19999ms));
  const auto dead = session_.tick(kStart + 20s);
  ASSERT_FALSE(dead);
  EXPECT_EQ(dead.error().message, "no sign of life for 20 s");
  EXPECT_EQ(summary(peer_.read(session_, kStart + 20s)), "Close");
}

TEST_F(Life, APeerThatTalksWithoutAnsweringThePingLives) {
  greet();
  ASSERT_TRUE(session_.tick(kStart + 10s));
  for (auto now = kStart + 11s; now < kStart + 100s; now += 5s) {
    ASSERT_TRUE(session_.receive(peer_.frame(FrameType::kAck), now));
    ASSERT_TRUE(session_.tick(now + 4s));
  }
}

TEST_F(Life, OurOwnSleepIsNotThePeersDeath) {
  greet();
  ASSERT_TRUE(session_.tick(kStart + 300s)) << "nobody asked the peer";
  ASSERT_EQ(summary(peer_.read(session_, kStart + 300s)), "Ping");
  EXPECT_EQ(session_.deadline(), kStart + 310s);
  ASSERT_TRUE(session_.tick(kStart + 309s));
  EXPECT_FALSE(session_.tick(kStart + 310s));
}

TEST_F(Life, PingsAreEchoed) {
  greet();
  ASSERT_TRUE(session_.receive(peer_.frame(FrameType::kPing, 0, "echo me"), kStart));
  const auto frames = peer_.read(session_, kStart);
  ASSERT_EQ(summary(frames), "Pong");
  EXPECT_EQ(frames[0].payload, "echo me");
}

TEST_F(Life, TheTimesOfTwoIdleSessionsNeverRunOut) {
  Settings settings = RawPeer::settings();
  settings.role = Role::kDialer;
  Session dialer(settings, kStart);
  for (auto now = kStart; now < kStart + 600s; now += 1s) {
    ASSERT_TRUE(dialer.tick(now));
    ASSERT_TRUE(session_.tick(now));
    ASSERT_TRUE(session_.receive(output(dialer, now), now));
    ASSERT_TRUE(dialer.receive(output(session_, now), now));
  }
  EXPECT_LT(session_.counters().frames_in, 150U);
}

/// With a peer with which the session could go on on another connection.
class LifeOfWhoDialled : public ::testing::Test {
 protected:
  explicit LifeOfWhoDialled(bool can_resume = true) : session_(settings(can_resume), kStart) {
    EXPECT_EQ(summary(peer_.read(session_, kStart)), "Hello");
    Hello hello = RawPeer::hello();
    hello.capabilities = kCapabilityResumption;
    hello.resumption.number = 7;
    EXPECT_TRUE(session_.receive(peer_.frame(FrameType::kHello, 0, encode_hello(hello)), kStart));
  }
  static Settings settings(bool can_resume) {
    Settings settings = RawPeer::settings();
    settings.role = Role::kDialer;
    settings.can_resume = can_resume;
    settings.resumption.number = 8;
    return settings;
  }

  Session session_;
  RawPeer peer_;
};

// The far MTA takes its time: what if its reply cannot come through?
TEST_F(LifeOfWhoDialled, AsksSoonWhileAStreamIsOpen) {
  EXPECT_EQ(session_.deadline(), kStart + 10s);
  const auto stream = session_.open(Service::kTransaction);
  ASSERT_TRUE(stream);
  session_.write(*stream, "mail");
  ASSERT_EQ(summary(peer_.read(session_, kStart)), "Open1 Data1");
  EXPECT_EQ(session_.deadline(), kStart + 1s);
  ASSERT_TRUE(session_.tick(kStart + 1s));
  const auto frames = peer_.read(session_, kStart + 1s);
  ASSERT_EQ(summary(frames), "Ping");
  EXPECT_EQ(session_.deadline(), kStart + 20s) << "it is dead no sooner than ever";
  ASSERT_TRUE(session_.receive(peer_.frame(FrameType::kPong, 0, frames[0].payload), kStart + 2s));
  EXPECT_EQ(session_.deadline(), kStart + 3s);
  session_.reset(*stream, ResetCode::kCancelled, "");
  EXPECT_EQ(session_.deadline(), kStart + 12s);
}

class LifeOfWhoDialledForOnce : public LifeOfWhoDialled {
 protected:
  LifeOfWhoDialledForOnce() : LifeOfWhoDialled(false) {}
};

TEST_F(LifeOfWhoDialledForOnce, DoesNotAskSoonAsNothingCouldBeDone) {
  ASSERT_TRUE(session_.open(Service::kTransaction));
  EXPECT_EQ(session_.deadline(), kStart + 10s);
}

TEST(Keepalive, AsksAtTheLatestAtHalfTheTimeOfDeath) {
  Keepalive keepalive(60s, 20s, kStart);
  EXPECT_EQ(keepalive.deadline(), kStart + 10s);
}

}  // namespace
}  // namespace tsmtp::mux
