// How streams begin and end: finished by both, reset by either, reset by both at once, refused.
#include <gtest/gtest.h>

#include "tests/unit/mux/raw_peer.h"

namespace tsmtp::mux {
namespace {

using wire::FrameType;

class StreamEnd : public ::testing::Test {
 protected:
  StreamEnd() : session_(RawPeer::settings(), {}) {
    EXPECT_TRUE(session_.receive(peer_.greeting(), {}));
    EXPECT_EQ(sent(), "Hello");
    EXPECT_EQ(events(session_).size(), 1U);
  }

  std::string sent() { return summary(peer_.read(session_)); }
  void receive(const std::string& bytes) {
    const auto ok = session_.receive(bytes, {});
    EXPECT_TRUE(ok) << ok.error().message;
  }

  Session session_;
  RawPeer peer_;
};

TEST_F(StreamEnd, FinishedByBoth) {
  receive(joined({peer_.open(1), peer_.data(1, "question"), peer_.frame(FrameType::kFinish, 1)}));
  const auto happened = events(session_);
  ASSERT_EQ(happened.size(), 3U);
  EXPECT_EQ(std::get<Opened>(happened[0]).stream, 1U);
  EXPECT_EQ(std::get<Received>(happened[1]).bytes, "question");
  EXPECT_EQ(std::get<PeerFinished>(happened[2]).stream, 1U);
  EXPECT_EQ(session_.open_streams(), 1U);
  session_.write(1, "answer");
  session_.finish(1);
  EXPECT_EQ(session_.open_streams(), 1U) << "until it is sent";
  EXPECT_EQ(sent(), "Data1 Finish1");
  EXPECT_EQ(session_.open_streams(), 0U);
  session_.consumed(1, 8);
  session_.write(1, "more");
  session_.reset(1, ResetCode::kCancelled, "");
  EXPECT_EQ(sent(), "");
}

TEST_F(StreamEnd, OursOpensFinishesAndIsFinished) {
  const auto id = session_.open(Service::kTransaction);
  ASSERT_TRUE(id);
  EXPECT_EQ(*id, 2U);
  session_.write(*id, "mail");
  session_.finish(*id);
  EXPECT_EQ(sent(), "Open2 Data2 Finish2");
  receive(joined({peer_.data(2, "250 ok"), peer_.frame(FrameType::kFinish, 2)}));
  EXPECT_EQ(session_.open_streams(), 0U);
  EXPECT_EQ(events(session_).size(), 2U);
}

TEST_F(StreamEnd, CreditAndResetMayCrossOurLastFrame) {
  receive(joined({peer_.open(1), peer_.frame(FrameType::kFinish, 1)}));
  session_.finish(1);
  (void)output(session_);  // our Finish is on its way; the peer does not know it
  EXPECT_EQ(session_.open_streams(), 0U);
  (void)events(session_);
  receive(joined({peer_.credit(1, 9000), peer_.reset(1)}));
  EXPECT_TRUE(events(session_).empty());
}

TEST_F(StreamEnd, ResetByThePeer) {
  receive(peer_.open(1));
  session_.write(1, std::string(10000, 'x'));
  receive(joined({peer_.data(1, "x"), peer_.frame(FrameType::kReset, 1, "\x03no such user")}));
  const auto resets = events_of<PeerReset>(session_);
  ASSERT_EQ(resets.size(), 1U);
  EXPECT_EQ(resets[0].code, ResetCode::kFailed);
  EXPECT_EQ(resets[0].cause, "no such user");
  EXPECT_EQ(session_.open_streams(), 0U);
  EXPECT_EQ(sent(), "") << "what was queued is dropped";
}

TEST_F(StreamEnd, ACodeOfALaterVersionIsAFailure) {
  receive(joined({peer_.open(1), peer_.frame(FrameType::kReset, 1, "\x7f")}));
  EXPECT_EQ(events_of<PeerReset>(session_).at(0).code, ResetCode::kFailed);
}

TEST_F(StreamEnd, ResetByUsDropsWhatIsQueuedAndWhatIsOnItsWay) {
  receive(joined({peer_.open(1), peer_.data(1, "unread")}));
  session_.write(1, "unsent");
  session_.reset(1, ResetCode::kFailed, "no longer wanted");
  EXPECT_TRUE(events(session_).empty()) << "no event follows, not even a waiting one";
  const auto frames = decoded(output(session_));
  ASSERT_EQ(summary(frames), "Reset1");
  EXPECT_EQ(frames[0].payload, "\x03no longer wanted");
  receive(joined({peer_.data(1, "on its way"), peer_.frame(FrameType::kFinish, 1)}));
  EXPECT_TRUE(events(session_).empty());
  peer_.acknowledgement = frames[0].sequence;
  receive(peer_.frame(FrameType::kAck));
  EXPECT_FALSE(session_.receive(peer_.credit(1, 5000), {})) << "now the peer knows";
}

TEST_F(StreamEnd, OurResetAfterOurAcknowledgedFinish) {
  receive(peer_.open(1));
  session_.finish(1);
  EXPECT_EQ(sent(), "Finish1");
  receive(peer_.data(1, "acknowledges Finish"));
  session_.reset(1, ResetCode::kCancelled, "");
  receive(peer_.data(1, "sent before the Reset came"));
  EXPECT_EQ(sent(), "Reset1");
}

TEST_F(StreamEnd, ThePeersFinishMakesOurResetAfterFinishNeedless) {
  receive(peer_.open(1));
  session_.finish(1);
  EXPECT_EQ(sent(), "Finish1");
  session_.reset(1, ResetCode::kCancelled, "");
  receive(peer_.frame(FrameType::kFinish, 1));
  EXPECT_EQ(sent(), "");
  EXPECT_FALSE(session_.receive(peer_.credit(1, 5000), {}));
}

TEST_F(StreamEnd, ResetByBothAtOnce) {
  receive(peer_.open(1));
  session_.reset(1, ResetCode::kCancelled, "");
  receive(peer_.reset(1));
  EXPECT_EQ(sent(), "") << "the peer's came before ours was sent";

  receive(peer_.open(3));
  session_.reset(3, ResetCode::kCancelled, "");
  EXPECT_EQ(summary(decoded(output(session_))), "Reset3");
  receive(peer_.reset(3));
  EXPECT_EQ(sent(), "");
  EXPECT_TRUE(events_of<PeerReset>(session_).size() <= 1);
}

TEST_F(StreamEnd, AStreamResetBeforeItsOpenWasSentIsNeverHeardOf) {
  const auto first = session_.open(Service::kTransaction);
  const auto second = session_.open(Service::kTransaction);
  ASSERT_TRUE(first && second);
  session_.write(*first, "x");
  session_.reset(*first, ResetCode::kCancelled, "");
  EXPECT_EQ(sent(), "Open4");
}

TEST_F(StreamEnd, OverTheLimitIsRefused) {
  receive(joined({peer_.open(1), peer_.open(3), peer_.open(5), peer_.open(7), peer_.open(9)}));
  EXPECT_EQ(events_of<Opened>(session_).size(), 4U);
  const auto frames = decoded(output(session_));
  ASSERT_EQ(summary(frames), "Reset9");
  EXPECT_EQ(frames[0].payload, "\x02more than 4 streams");
  EXPECT_EQ(session_.counters().streams_refused, 1U);
  EXPECT_EQ(session_.counters().streams_accepted, 4U);
  receive(peer_.data(9, "sent before it knew"));
  EXPECT_TRUE(events(session_).empty());
}

TEST_F(StreamEnd, AnEndOfAStreamMakesRoomForTheNext) {
  for (std::uint32_t stream = 1; stream < 400; stream += 2) {
    receive(joined({peer_.open(stream), peer_.frame(FrameType::kFinish, stream)}));
    session_.finish(stream);
    EXPECT_EQ(sent(), "Finish" + std::to_string(stream));
  }
  EXPECT_EQ(session_.counters().streams_refused, 0U);
}

TEST_F(StreamEnd, AnUnknownServiceIsRefused) {
  receive(peer_.frame(FrameType::kOpen, 1, "\x09"));
  const auto frames = peer_.read(session_);
  ASSERT_EQ(summary(frames), "Reset1");
  EXPECT_EQ(frames[0].payload, "\x03unknown service 9");
}

TEST_F(StreamEnd, WeKeepToThePeersLimit) {
  for (int i = 0; i < 4; ++i)
    ASSERT_TRUE(session_.open(Service::kTransaction));
  const auto fifth = session_.open(Service::kTransaction);
  ASSERT_FALSE(fifth);
  EXPECT_EQ(fifth.error().message, "4 streams are open, more the peer does not take at once");
  session_.reset(2, ResetCode::kCancelled, "");
  EXPECT_TRUE(session_.open(Service::kTransaction));
}

TEST_F(StreamEnd, NothingOpensBeforeHello) {
  Session session(RawPeer::settings(), {});
  const auto id = session.open(Service::kTransaction);
  ASSERT_FALSE(id);
  EXPECT_EQ(id.error().message, "the link is not up");
}

TEST_F(StreamEnd, LongCausesAreCut) {
  receive(peer_.open(1));
  session_.reset(1, ResetCode::kFailed, std::string(400, 'c'));
  EXPECT_EQ(peer_.read(session_).at(0).payload.size(), 256U);
}

}  // namespace
}  // namespace tsmtp::mux
