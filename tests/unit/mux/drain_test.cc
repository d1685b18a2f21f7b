// The end of a link that is meant: notices, drain, close.
#include <gtest/gtest.h>

#include "tests/unit/mux/raw_peer.h"

namespace tsmtp::mux {
namespace {

using wire::FrameType;

class Drain : public ::testing::Test {
 protected:
  Drain() : session_(RawPeer::settings(), {}) {}

  void greet() {
    ASSERT_TRUE(session_.receive(peer_.greeting(), {}));
    ASSERT_EQ(summary(peer_.read(session_)), "Hello");
    ASSERT_EQ(events(session_).size(), 1U);
  }

  Session session_;
  RawPeer peer_;
};

TEST_F(Drain, StreamsUnderWayGoOnAndNewOnesAreRefused) {
  greet();
  ASSERT_TRUE(session_.receive(peer_.open(1), {}));
  const auto ours = session_.open(Service::kTransaction);
  ASSERT_TRUE(ours);
  session_.drain();
  session_.drain();
  EXPECT_EQ(summary(peer_.read(session_)), "Open2 Drain");
  EXPECT_FALSE(session_.open(Service::kTransaction));

  ASSERT_TRUE(
      session_.receive(joined({peer_.open(3), peer_.data(1, "goes on"), peer_.data(3, "does not")}), {}));
  const auto frames = peer_.read(session_);
  ASSERT_EQ(summary(frames), "Reset3");
  EXPECT_EQ(frames[0].payload,
            "\x02"
            "draining");
  EXPECT_EQ(events_of<Received>(session_).size(), 1U);

  session_.finish(1);
  session_.finish(*ours);
  ASSERT_TRUE(
      session_.receive(joined({peer_.frame(FrameType::kFinish, 1), peer_.frame(FrameType::kFinish, 2)}), {}));
  EXPECT_EQ(summary(peer_.read(session_)), "Finish1 Finish2");
  EXPECT_EQ(session_.open_streams(), 0U);
}

TEST_F(Drain, OfThePeerStopsOurOpens) {
  greet();
  ASSERT_TRUE(session_.receive(peer_.frame(FrameType::kDrain), {}));
  EXPECT_TRUE(session_.peer_drains());
  EXPECT_EQ(events_of<PeerDrains>(session_).size(), 1U);
  const auto id = session_.open(Service::kTransaction);
  ASSERT_FALSE(id);
  EXPECT_EQ(id.error().message, "the peer is shutting the link down");
}

TEST_F(Drain, WaitsForHello) {
  session_.drain();
  session_.notice("early");
  EXPECT_FALSE(session_.wants_to_send()) << "the listening side answers";
  ASSERT_TRUE(session_.receive(peer_.greeting(), {}));
  EXPECT_EQ(summary(peer_.read(session_)), "Hello Drain Notice");
}

TEST_F(Drain, NoticesPassBothWays) {
  greet();
  session_.notice("ours");
  const auto frames = peer_.read(session_);
  ASSERT_EQ(summary(frames), "Notice");
  EXPECT_EQ(frames[0].payload, "ours");
  EXPECT_EQ(frames[0].sequence, 1U);
  ASSERT_TRUE(session_.receive(peer_.frame(FrameType::kNotice, 0, "theirs"), {}));
  EXPECT_EQ(events_of<Noticed>(session_).at(0).bytes, "theirs");
}

TEST_F(Drain, CloseFollowsWhatIsQueuedForTheLink) {
  greet();
  ASSERT_TRUE(session_.receive(peer_.open(1), {}));
  session_.write(1, "dropped");
  session_.notice("kept");
  session_.close("relayd stops");
  EXPECT_FALSE(session_.established());
  EXPECT_EQ(session_.open_streams(), 0U);
  session_.notice("too late");
  const auto frames = peer_.read(session_);
  ASSERT_EQ(summary(frames), "Notice Close");
  EXPECT_EQ(frames[1].payload, "relayd stops");
  EXPECT_FALSE(session_.wants_to_send());
  EXPECT_TRUE(session_.receive(peer_.data(1, "ignored") + "and garbage", {}));
  EXPECT_TRUE(session_.tick(base::TimePoint{} + std::chrono::hours{1}));
}

// A Hello that names no session would say that the one the peer may want to resume is forgotten.
TEST_F(Drain, CloseOfTheListeningSideBeforeItsHelloSaysNoHello) {
  session_.notice("dropped");
  session_.close("another link is up");
  EXPECT_EQ(summary(peer_.read(session_)), "Close");
}

}  // namespace
}  // namespace tsmtp::mux
