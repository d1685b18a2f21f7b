// How streams begin and end: finished by both, reset by either, reset by both at once, refused.
#include <gtest/gtest.h>

#include "tests/unit/mux/raw_peer.h"

namespace tsmtp::mux {
namespace {

using wire::FrameType;

class StreamEnd : public ::testing::Test {
 protected:
  StreamEnd() : side_(RawPeer::settings(), {}) {
    EXPECT_TRUE(side_.receive(peer_.greeting(), {}));
    EXPECT_EQ(sent(), "Hello");
    EXPECT_TRUE(events(side_.session).empty());
  }

  std::string sent() { return summary(peer_.read(side_.connection)); }
  void receive(const std::string& bytes) {
    const auto ok = side_.receive(bytes, {});
    EXPECT_TRUE(ok) << ok.error().message;
  }

  Side side_;
  RawPeer peer_;
};

TEST_F(StreamEnd, FinishedByBoth) {
  receive(joined({peer_.open(1), peer_.data(1, "question"), peer_.frame(FrameType::kFinish, 1)}));
  const auto happened = events(side_.session);
  ASSERT_EQ(happened.size(), 3U);
  EXPECT_EQ(std::get<Opened>(happened[0]).stream, 1U);
  EXPECT_EQ(std::get<Received>(happened[1]).bytes, "question");
  EXPECT_EQ(std::get<PeerFinished>(happened[2]).stream, 1U);
  EXPECT_EQ(side_.session.open_streams(), 1U);
  side_.session.write(1, "answer");
  side_.session.finish(1);
  EXPECT_EQ(side_.session.open_streams(), 1U) << "until it is sent";
  EXPECT_EQ(sent(), "Data1 Finish1");
  EXPECT_EQ(side_.session.open_streams(), 0U);
  side_.session.consumed(1, 8);
  side_.session.write(1, "more");
  side_.session.reset(1, ResetCode::kCancelled, "");
  EXPECT_EQ(sent(), "");
}

TEST_F(StreamEnd, OursOpensFinishesAndIsFinished) {
  const auto id = side_.session.open(kFirstService);
  ASSERT_TRUE(id);
  EXPECT_EQ(*id, 2U);
  side_.session.write(*id, "mail");
  side_.session.finish(*id);
  EXPECT_EQ(sent(), "Open2 Data2 Finish2");
  receive(joined({peer_.data(2, "250 ok"), peer_.frame(FrameType::kFinish, 2)}));
  EXPECT_EQ(side_.session.open_streams(), 0U);
  EXPECT_EQ(events(side_.session).size(), 2U);
}

TEST_F(StreamEnd, CreditAndResetMayCrossOurLastFrame) {
  receive(joined({peer_.open(1), peer_.frame(FrameType::kFinish, 1)}));
  side_.session.finish(1);
  (void)output(side_.connection);  // our Finish is on its way; the peer does not know it
  EXPECT_EQ(side_.session.open_streams(), 0U);
  (void)events(side_.session);
  receive(joined({peer_.credit(1, 9000), peer_.reset(1)}));
  EXPECT_TRUE(events(side_.session).empty());
}

TEST_F(StreamEnd, ResetByThePeer) {
  receive(peer_.open(1));
  side_.session.write(1, std::string(10000, 'x'));
  receive(joined({peer_.data(1, "x"), peer_.frame(FrameType::kReset, 1, "\x03no such user")}));
  const auto resets = events_of<PeerReset>(side_.session);
  ASSERT_EQ(resets.size(), 1U);
  EXPECT_EQ(resets[0].code, ResetCode::kFailed);
  EXPECT_EQ(resets[0].cause, "no such user");
  EXPECT_EQ(side_.session.open_streams(), 0U);
  EXPECT_EQ(sent(), "") << "what was queued is dropped";
}

TEST_F(StreamEnd, ACodeOfALaterVersionIsAFailure) {
  receive(joined({peer_.open(1), peer_.frame(FrameType::kReset, 1, "\x7f")}));
  EXPECT_EQ(events_of<PeerReset>(side_.session).at(0).code, ResetCode::kFailed);
}

TEST_F(StreamEnd, ResetByUsDropsWhatIsQueuedAndWhatIsOnItsWay) {
  receive(joined({peer_.open(1), peer_.data(1, "unread")}));
  side_.session.write(1, "unsent");
  side_.session.reset(1, ResetCode::kFailed, "no longer wanted");
  EXPECT_TRUE(events(side_.session).empty()) << "no event follows, not even a waiting one";
  const auto frames = decoded(output(side_.connection));
  ASSERT_EQ(summary(frames), "Reset1");
  EXPECT_EQ(frames[0].payload, "\x03no longer wanted");
  receive(joined({peer_.data(1, "on its way"), peer_.frame(FrameType::kFinish, 1)}));
  EXPECT_TRUE(events(side_.session).empty());
  peer_.acknowledgement = frames[0].sequence;
  receive(peer_.frame(FrameType::kAck));
  EXPECT_FALSE(side_.receive(peer_.credit(1, 5000), {})) << "now the peer knows";
}

TEST_F(StreamEnd, OurResetAfterOurAcknowledgedFinish) {
  receive(peer_.open(1));
  side_.session.finish(1);
  EXPECT_EQ(sent(), "Finish1");
  receive(peer_.data(1, "acknowledges Finish"));
  side_.session.reset(1, ResetCode::kCancelled, "");
  receive(peer_.data(1, "sent before the Reset came"));
  EXPECT_EQ(sent(), "Reset1");
}

TEST_F(StreamEnd, ThePeersFinishMakesOurResetAfterFinishNeedless) {
  receive(peer_.open(1));
  side_.session.finish(1);
  EXPECT_EQ(sent(), "Finish1");
  side_.session.reset(1, ResetCode::kCancelled, "");
  receive(peer_.frame(FrameType::kFinish, 1));
  EXPECT_EQ(sent(), "");
  EXPECT_FALSE(side_.receive(peer_.credit(1, 5000), {}));
}

TEST_F(StreamEnd, ResetByBothAtOnce) {
  receive(peer_.open(1));
  side_.session.reset(1, ResetCode::kCancelled, "");
  receive(peer_.reset(1));
  EXPECT_EQ(sent(), "") << "the peer's came before ours was sent";

  receive(peer_.open(3));
  side_.session.reset(3, ResetCode::kCancelled, "");
  EXPECT_EQ(summary(decoded(output(side_.connection))), "Reset3");
  receive(peer_.reset(3));
  EXPECT_EQ(sent(), "");
  EXPECT_TRUE(events_of<PeerReset>(side_.session).size() <= 1);
}

TEST_F(StreamEnd, AStreamResetBeforeItsOpenWasSentIsNeverHeardOf) {
  const auto first = side_.session.open(kFirstService);
  const auto second = side_.session.open(kFirstService);
  ASSERT_TRUE(first && second);
  side_.session.write(*first, "x");
  side_.session.reset(*first, ResetCode::kCancelled, "");
  EXPECT_EQ(sent(), "Open4");
}

TEST_F(StreamEnd, OverTheLimitIsRefused) {
  receive(joined({peer_.open(1), peer_.open(3), peer_.open(5), peer_.open(7), peer_.open(9)}));
  EXPECT_EQ(events_of<Opened>(side_.session).size(), 4U);
  const auto frames = decoded(output(side_.connection));
  ASSERT_EQ(summary(frames), "Reset9");
  EXPECT_EQ(frames[0].payload, "\x02more than 4 streams");
  EXPECT_EQ(side_.session.counters().streams_refused, 1U);
  EXPECT_EQ(side_.session.counters().streams_accepted, 4U);
  receive(peer_.data(9, "sent before it knew"));
  EXPECT_TRUE(events(side_.session).empty());
}

TEST_F(StreamEnd, AnEndOfAStreamMakesRoomForTheNext) {
  for (std::uint32_t stream = 1; stream < 400; stream += 2) {
    receive(joined({peer_.open(stream), peer_.frame(FrameType::kFinish, stream)}));
    side_.session.finish(stream);
    EXPECT_EQ(sent(), "Finish" + std::to_string(stream));
  }
  EXPECT_EQ(side_.session.counters().streams_refused, 0U);
}

TEST_F(StreamEnd, AnUnknownServiceIsRefused) {
  receive(peer_.frame(FrameType::kOpen, 1, "\x09"));
  EXPECT_TRUE(events(side_.session).empty());
  const auto frames = peer_.read(side_.connection);
  ASSERT_EQ(summary(frames), "Reset1");
  EXPECT_EQ(frames[0].payload, "\x03unknown service 9") << "to a peer that does not know the code for it";
}

TEST_F(StreamEnd, AnOlderPeerIsAskedForTheFirstServiceOnly) {
  const auto forward = side_.session.open(Service{2});
  ASSERT_FALSE(forward);
  EXPECT_EQ(forward.error().message, "the far relayd is too old to know this service");
  EXPECT_TRUE(side_.session.open(kFirstService));
}

/// With a peer that knows of services.
class Services : public ::testing::Test {
 protected:
  Services() : side_(settings()) {
    Hello hello = RawPeer::hello();
    hello.capabilities = kCapabilityServices;
    EXPECT_TRUE(side_.receive(peer_.frame(FrameType::kHello, 0, encode_hello(hello)), {}));
    const auto frames = peer_.read(side_.connection);
    EXPECT_TRUE(parse_hello(frames.at(0).payload)->knows_services());
  }
  static ConnectionSettings settings() {
    ConnectionSettings settings = RawPeer::settings();
    settings.limits.services = {kFirstService, kOtherService, Service{200}};
    return settings;
  }

  Side side_;
  RawPeer peer_;
};

TEST_F(Services, PassThroughBothWays) {
  ASSERT_TRUE(side_.session.open(Service{7})) << "the peer knows whether it serves that";
  EXPECT_EQ(peer_.read(side_.connection).at(0).payload, "\x07");
  ASSERT_TRUE(side_.receive(peer_.frame(FrameType::kOpen, 1, "\xc8"), {}));
  EXPECT_EQ(events_of<Opened>(side_.session).at(0).service, Service{200});
}

TEST_F(Services, ThatNobodyServesAreRefusedWithACodeOfTheirOwn) {
  ASSERT_TRUE(side_.receive(peer_.frame(FrameType::kOpen, 1, "\x09"), {}));
  EXPECT_TRUE(events(side_.session).empty());
  EXPECT_EQ(side_.session.counters().streams_refused, 1U);
  EXPECT_EQ(peer_.read(side_.connection).at(0).payload, "\x04unknown service 9");
  const auto ours = side_.session.open(Service{9});
  ASSERT_TRUE(ours);
  (void)peer_.read(side_.connection);
  ASSERT_TRUE(side_.receive(peer_.frame(FrameType::kReset, *ours, "\x04unknown service 9"), {}));
  EXPECT_EQ(events_of<PeerReset>(side_.session).at(0).code, ResetCode::kUnknownService);
}

// Forwards that come and go never keep a mail from being opened.
TEST_F(Services, BesideTheFirstHaveHalfOfThePeersLimit) {
  ASSERT_TRUE(side_.session.open(kOtherService));
  ASSERT_TRUE(side_.session.open(Service{200}));
  const auto third = side_.session.open(kOtherService);
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().message,
            "the peer takes no more than the 2 streams that are open beside those of mails");
  EXPECT_FALSE(side_.session.is_full());
  EXPECT_TRUE(side_.session.open(kFirstService));
  EXPECT_TRUE(side_.session.open(kFirstService));
  EXPECT_TRUE(side_.session.is_full());
  side_.session.reset(2, ResetCode::kCancelled, "");
  EXPECT_TRUE(side_.session.open(kOtherService));
}

TEST_F(Services, WaitForRoomThatMailsHaveTaken) {
  for (int i = 0; i < 4; ++i)
    ASSERT_TRUE(side_.session.open(kFirstService));
  const auto other = side_.session.open(kOtherService);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().message, "the peer takes no more than the 4 streams that are open");
}

TEST_F(Services, BesideTheFirstMayFillHalfOfOurLimit) {
  ASSERT_TRUE(side_.receive(joined({peer_.open(1, kOtherService), peer_.open(3, Service{200}),
                                    peer_.open(5, kOtherService), peer_.open(7), peer_.open(9)}),
                            {}));
  EXPECT_EQ(events_of<Opened>(side_.session).size(), 3U)
      << "the third of the others lingers, and mails have two";
  const auto frames = peer_.read(side_.connection);
  ASSERT_EQ(summary(frames), "Reset5 Reset9");
  EXPECT_EQ(frames[0].payload, "\x02more than 2 streams beside those of mails");
  EXPECT_EQ(frames[1].payload, "\x02more than 4 streams");
}

TEST_F(StreamEnd, WeKeepToThePeersLimit) {
  for (int i = 0; i < 4; ++i)
    ASSERT_TRUE(side_.session.open(kFirstService));
  const auto fifth = side_.session.open(kFirstService);
  ASSERT_FALSE(fifth);
  EXPECT_EQ(fifth.error().message, "the peer takes no more than the 4 streams that are open");
  side_.session.reset(2, ResetCode::kCancelled, "");
  EXPECT_TRUE(side_.session.open(kFirstService));
}

TEST_F(StreamEnd, NothingOpensBeforeHello) {
  Side side(RawPeer::settings(), {});
  const auto id = side.session.open(kFirstService);
  ASSERT_FALSE(id);
  EXPECT_EQ(id.error().message, "the link is not up");
}

TEST_F(StreamEnd, LongCausesAreCut) {
  receive(peer_.open(1));
  side_.session.reset(1, ResetCode::kFailed, std::string(400, 'c'));
  EXPECT_EQ(peer_.read(side_.connection).at(0).payload.size(), 256U);
}

}  // namespace
}  // namespace tsmtp::mux
