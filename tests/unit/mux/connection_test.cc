// Between the peer's Hello and our answer, and when a connection and its session part.
#include "relayd/mux/connection.h"

#include <gtest/gtest.h>

#include "tests/unit/mux/raw_peer.h"

namespace tsmtp::mux {
namespace {

using wire::FrameType;

class Answer : public ::testing::Test {
 protected:
  Answer() : session_(Role::kListener, RawPeer::settings().limits), connection_(RawPeer::settings(), {}) {}

  Session session_;
  Connection connection_;
  RawPeer peer_;
};

TEST_F(Answer, IsWaitedForWithWhatCameBehindTheHello) {
  EXPECT_EQ(connection_.unanswered_hello(), nullptr);
  ASSERT_TRUE(connection_.receive(joined({peer_.greeting(), peer_.open(1), peer_.data(1, "early")}), {}));
  ASSERT_NE(connection_.unanswered_hello(), nullptr);
  EXPECT_EQ(connection_.unanswered_hello()->name, "tokyo");
  EXPECT_FALSE(connection_.wants_to_send());
  EXPECT_EQ(connection_.deadline(), base::TimePoint::max()) << "the peer is not to blame";
  EXPECT_TRUE(connection_.tick(base::TimePoint{} + std::chrono::hours{1}));

  ASSERT_TRUE(connection_.begin(session_, {}));
  EXPECT_EQ(connection_.unanswered_hello(), nullptr);
  EXPECT_EQ(session_.state(), Session::State::kAttached);
  EXPECT_EQ(session_.peer().name, "tokyo");
  EXPECT_EQ(events_of<Received>(session_).at(0).bytes, "early");
  EXPECT_EQ(summary(peer_.read(connection_)), "Hello");
  EXPECT_EQ(session_.counters().frames_in, 3U);
  EXPECT_EQ(session_.counters().frames_out, 1U);
}

TEST_F(Answer, SaysWhatWasWrongBehindTheHello) {
  ASSERT_TRUE(connection_.receive(joined({peer_.greeting(), peer_.data(1, "nowhere")}), {}));
  const auto begun = connection_.begin(session_, {});
  ASSERT_FALSE(begun);
  EXPECT_EQ(begun.error().message, "peer sent Data on stream 1, which is not open");
  EXPECT_EQ(session_.state(), Session::State::kOver);
  EXPECT_EQ(summary(peer_.read(connection_)), "Hello Close");
}

TEST_F(Answer, MayBeNo) {
  ASSERT_TRUE(connection_.receive(joined({peer_.greeting(), peer_.open(1)}), {}));
  connection_.refuse("another link is up");
  EXPECT_EQ(connection_.unanswered_hello(), nullptr);
  EXPECT_EQ(connection_.session(), nullptr);
  const auto frames = peer_.read(connection_);
  ASSERT_EQ(summary(frames), "Close") << "no Hello: that would say which session goes on";
  EXPECT_EQ(frames[0].payload, "another link is up");
  EXPECT_TRUE(connection_.receive("whatever", {}));
}

// Nothing of either needs the other any more.
TEST(Parting, WhatIsLeftToSayWhenTheSessionIsOverNeedsNoSession) {
  RawPeer peer;
  auto session = std::make_unique<Session>(Role::kListener, RawPeer::settings().limits);
  Connection connection(RawPeer::settings(), {});
  ASSERT_TRUE(connection.receive(joined({peer.greeting(), peer.open(1)}), {}));
  ASSERT_TRUE(connection.begin(*session, {}));
  session->notice("the last news");
  session->reset(1, ResetCode::kCancelled, "stopping");
  connection.close("relayd stops");
  EXPECT_EQ(session->state(), Session::State::kOver);
  EXPECT_FALSE(session->next_event()) << "of the stream that we reset";
  session.reset();
  EXPECT_EQ(summary(peer.read(connection)), "Hello Notice Reset1 Close");
}

TEST(Parting, AConnectionThatIsDetachedSaysAndTakesNothing) {
  RawPeer peer;
  Side side(RawPeer::settings());
  ASSERT_TRUE(side.receive(peer.greeting(), {}));
  side.session.notice("news");
  side.connection.detach();
  EXPECT_EQ(side.connection.session(), nullptr);
  EXPECT_EQ(side.session.state(), Session::State::kOver) << "it could not be resumed";
  EXPECT_FALSE(side.connection.wants_to_send());
  EXPECT_EQ(output(side.connection), "");
  EXPECT_TRUE(side.connection.receive(peer.open(1), {}));
  side.connection.close("too late");
  EXPECT_EQ(output(side.connection), "");
}

}  // namespace
}  // namespace tsmtp::mux
