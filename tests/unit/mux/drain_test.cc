// The end of a link that is meant: notices, drain, close.
#include <gtest/gtest.h>

#include "tests/unit/mux/raw_peer.h"

namespace tsmtp::mux {
namespace {

using wire::FrameType;

class Drain : public ::testing::Test {
 protected:
  Drain() : side_(RawPeer::settings(), {}) {}

  void greet() {
    ASSERT_TRUE(side_.receive(peer_.greeting(), {}));
    ASSERT_EQ(summary(peer_.read(side_.connection)), "Hello");
    ASSERT_TRUE(events(side_.session).empty());
  }

  Side side_;
  RawPeer peer_;
};

TEST_F(Drain, StreamsUnderWayGoOnAndNewOnesAreRefused) {
  greet();
  ASSERT_TRUE(side_.receive(peer_.open(1), {}));
  const auto ours = side_.session.open(kFirstService);
  ASSERT_TRUE(ours);
  side_.session.drain();
  side_.session.drain();
  EXPECT_EQ(summary(peer_.read(side_.connection)), "Open2 Drain");
  EXPECT_FALSE(side_.session.open(kFirstService));

  ASSERT_TRUE(
      side_.receive(joined({peer_.open(3), peer_.data(1, "goes on"), peer_.data(3, "does not")}), {}));
  const auto frames = peer_.read(side_.connection);
  ASSERT_EQ(summary(frames), "Reset3");
  EXPECT_EQ(frames[0].payload,
            "\x02"
            "draining");
  EXPECT_EQ(events_of<Received>(side_.session).size(), 1U);

  side_.session.finish(1);
  side_.session.finish(*ours);
  ASSERT_TRUE(
      side_.receive(joined({peer_.frame(FrameType::kFinish, 1), peer_.frame(FrameType::kFinish, 2)}), {}));
  EXPECT_EQ(summary(peer_.read(side_.connection)), "Finish1 Finish2");
  EXPECT_EQ(side_.session.open_streams(), 0U);
}

TEST_F(Drain, OfThePeerStopsOurOpens) {
  greet();
  ASSERT_TRUE(side_.receive(peer_.frame(FrameType::kDrain), {}));
  EXPECT_TRUE(side_.session.peer_drains());
  EXPECT_EQ(events_of<PeerDrains>(side_.session).size(), 1U);
  const auto id = side_.session.open(kFirstService);
  ASSERT_FALSE(id);
  EXPECT_EQ(id.error().message, "the peer is shutting the link down");
}

// The last reply to a mail may be lost with the connection until the peer has acknowledged it.
TEST_F(Drain, WhatWasSaidIsHeardWhenItIsAcknowledged) {
  greet();
  EXPECT_TRUE(side_.session.is_heard());
  ASSERT_TRUE(side_.receive(peer_.open(1), {}));
  side_.session.write(1, "the last reply");
  EXPECT_FALSE(side_.session.is_heard()) << "it is not sent";
  ASSERT_EQ(summary(peer_.read(side_.connection)), "Data1");
  EXPECT_FALSE(side_.session.is_heard()) << "it is on its way";
  ASSERT_TRUE(side_.receive(peer_.frame(FrameType::kAck), {}));
  EXPECT_TRUE(side_.session.is_heard());
  side_.session.drain();
  EXPECT_FALSE(side_.session.is_heard());
}

TEST_F(Drain, WaitsForHello) {
  side_.session.drain();
  side_.session.notice("early");
  EXPECT_FALSE(side_.connection.wants_to_send()) << "the listening side answers";
  ASSERT_TRUE(side_.receive(peer_.greeting(), {}));
  EXPECT_EQ(summary(peer_.read(side_.connection)), "Hello Drain Notice");
}

TEST_F(Drain, NoticesPassBothWays) {
  greet();
  side_.session.notice("ours");
  const auto frames = peer_.read(side_.connection);
  ASSERT_EQ(summary(frames), "Notice");
  EXPECT_EQ(frames[0].payload, "ours");
  EXPECT_EQ(frames[0].sequence, 1U);
  ASSERT_TRUE(side_.receive(peer_.frame(FrameType::kNotice, 0, "theirs"), {}));
  EXPECT_EQ(events_of<Noticed>(side_.session).at(0).bytes, "theirs");
}

TEST_F(Drain, CloseFollowsWhatIsQueuedForTheLink) {
  greet();
  ASSERT_TRUE(side_.receive(peer_.open(1), {}));
  side_.session.write(1, "dropped");
  side_.session.notice("kept");
  side_.connection.close("relayd stops");
  EXPECT_FALSE(side_.session.established());
  EXPECT_EQ(side_.session.open_streams(), 0U);
  side_.session.notice("too late");
  const auto frames = peer_.read(side_.connection);
  ASSERT_EQ(summary(frames), "Notice Close");
  EXPECT_EQ(frames[1].payload, "relayd stops");
  EXPECT_FALSE(side_.connection.wants_to_send());
  EXPECT_TRUE(side_.receive(peer_.data(1, "ignored") + "and garbage", {}));
  EXPECT_TRUE(side_.connection.tick(base::TimePoint{} + std::chrono::hours{1}));
}

// A Hello that names no session would say that the one the peer may want to resume is forgotten.
TEST_F(Drain, CloseOfTheListeningSideBeforeItsHelloSaysNoHello) {
  side_.session.notice("dropped");
  side_.connection.close("another link is up");
  EXPECT_EQ(summary(peer_.read(side_.connection)), "Close");
}

}  // namespace
}  // namespace tsmtp::mux
