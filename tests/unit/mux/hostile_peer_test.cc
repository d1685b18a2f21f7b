// A peer with a good key that keeps every rule of form, and does too much of what costs us more than it.
#include <gtest/gtest.h>

#include "tests/unit/mux/raw_peer.h"

namespace tsmtp::mux {
namespace {

using wire::FrameType;
using namespace std::chrono_literals;

class HostilePeer : public ::testing::Test {
 protected:
  HostilePeer() : side_(RawPeer::settings(), {}) {
    EXPECT_TRUE(side_.receive(peer_.greeting(), {}));
    (void)peer_.read(side_.connection);
  }

  /// Lets the peer do it again and again, with `pause` in between; what it is told when it did too much.
  template <typename Step>
  std::string told(int times, base::Duration pause, const Step& step) {
    for (int i = 0; i < times; ++i) {
      const auto ok = side_.receive(step(), now_);
      if (!ok) return ok.error().message;
      (void)peer_.read(side_.connection, now_);
      (void)events(side_.session);
      now_ += pause;
    }
    return "";
  }
  std::string opened_and_reset() {
    stream_ += 2;
    return joined({peer_.open(stream_), peer_.reset(stream_)});
  }

  Side side_;
  RawPeer peer_;
  base::TimePoint now_{};
  std::uint32_t stream_ = 0xffffffff;  // the next is 1
};

TEST_F(HostilePeer, MayNotOpenAndResetWithoutEnd) {
  EXPECT_EQ(told(100'000, 1ms, [this] { return opened_and_reset(); }),
            "peer sent more than 200 a second of reset and refused streams");
  EXPECT_GT(side_.session.counters().resets_in, 2000U);
}

TEST_F(HostilePeer, MayResetNowAndThen) {
  EXPECT_EQ(told(10'000, 10ms, [this] { return opened_and_reset(); }), "");
}

TEST_F(HostilePeer, MayNotOpenWhatIsRefusedWithoutEnd) {
  for (int i = 0; i < 4; ++i)
    ASSERT_TRUE(side_.receive(peer_.open(stream_ += 2), {}));
  EXPECT_EQ(told(100'000, 1ms, [this] { return peer_.open(stream_ += 2); }),
            "peer sent more than 200 a second of reset and refused streams");
  EXPECT_GT(side_.session.counters().streams_refused, 2000U);
}

TEST_F(HostilePeer, MayNotOpenForUnknownServicesWithoutEnd) {
  EXPECT_EQ(told(100'000, 1ms, [this] { return peer_.frame(FrameType::kOpen, stream_ += 2, "\x09"); }),
            "peer sent more than 200 a second of reset and refused streams");
}

TEST_F(HostilePeer, MayNotPingWithoutEnd) {
  EXPECT_EQ(told(100'000, 1ms, [this] { return peer_.frame(FrameType::kPing); }),
            "peer sent more than 200 a second of frames without effect");
  EXPECT_GT(side_.session.counters().pings_in, 4000U);
}

TEST_F(HostilePeer, MayNotSayTheSameWithoutEnd) {
  ASSERT_TRUE(side_.receive(peer_.open(1), {}));
  EXPECT_EQ(told(100'000, 1ms, [this] { return peer_.credit(1, 10); }),
            "peer sent more than 200 a second of frames without effect");
}

TEST_F(HostilePeer, MayNotAcknowledgeNothingWithoutEnd) {
  EXPECT_EQ(told(100'000, 1ms, [this] { return peer_.frame(FrameType::kAck); }),
            "peer sent more than 200 a second of frames without effect");
}

TEST_F(HostilePeer, MaySendAMailForEachMillisecond) {
  const auto mail = [this] {
    stream_ += 2;
    side_.session.finish(stream_ - 2);
    return joined(
        {peer_.open(stream_), peer_.data(stream_, "mail"), peer_.frame(FrameType::kFinish, stream_)});
  };
  EXPECT_EQ(told(100'000, 100us, mail), "");
}

// A client that begins mails and gives them up as fast as it can must not make a peer of us that is hung up
// on: that would hit everybody's mail.
TEST(OwnClients, ThatGiveUpMailsWithoutEndDoNotBringTheLinkDown) {
  ConnectionSettings settings = RawPeer::settings();
  Side far(settings, {});
  settings.role = Role::kDialer;
  Side near(settings, {});
  base::TimePoint now{};
  std::size_t opened = 0;
  for (int i = 0; i < 60'000; ++i, now += 1ms) {
    if (const auto stream = near.session.open(kFirstService)) {
      ++opened;
      ASSERT_TRUE(far.receive(output(near.connection, now), now));
      near.session.reset(*stream, ResetCode::kCancelled, "given up");
    }
    const auto ok = far.receive(output(near.connection, now), now);
    ASSERT_TRUE(ok) << ok.error().message;
    ASSERT_TRUE(far.connection.tick(now));
    ASSERT_TRUE(near.receive(output(far.connection, now), now));
    (void)events(far.session);
    (void)events(near.session);
  }
  EXPECT_GT(opened, 6000U) << "a hundred a second are served";
  EXPECT_LT(opened, 8000U);
}

}  // namespace
}  // namespace tsmtp::mux
