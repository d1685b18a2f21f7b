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
  EXPECT_EQ(told(100'000, 1ms, [this] { return peer_.open(stream_ += 2, Service{9}); }),
            "peer sent more than 400 a second of reset and refused streams of other services than the first");
}

// What it does with other services is no excuse for more of the first, and no burden on it.
TEST_F(HostilePeer, HasAllowancesOfEachKindOfStream) {
  const auto of_both = [this] {
    const std::string first = opened_and_reset();
    stream_ += 2;
    return joined({first, peer_.open(stream_, kOtherService), peer_.reset(stream_)});
  };
  EXPECT_EQ(told(1900, 0ms, of_both), "");
  EXPECT_EQ(told(100'000, 1ms, of_both), "peer sent more than 200 a second of reset and refused streams");
}

TEST_F(HostilePeer, MayNotProvokeResetsWithoutEnd) {
  EXPECT_EQ(told(100'000, 1ms,
                 [this] {
                   if (stream_ != 0xffffffff)
                     side_.session.reset(stream_, ResetCode::kFailed, "not understood");
                   return peer_.open(stream_ += 2, kOtherService);
                 }),
            "peer sent more than 400 a second of reset and refused streams of other services than the first");
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

/// Two hubs that keep all rules, and whose users break off what they can.
class HonestHubs : public ::testing::Test {
 protected:
  HonestHubs() : near_(settings(Role::kDialer)), far_(settings(Role::kListener)) { exchange(); }

  static ConnectionSettings settings(Role role) {
    ConnectionSettings settings = RawPeer::settings();
    settings.role = role;
    settings.limits.max_streams = 512;
    return settings;
  }
  /// What both have to say arrives; neither may find fault with the other.
  void exchange() {
    for (int i = 0; i < 2; ++i) {
      pass(near_, far_);
      pass(far_, near_);
    }
    ASSERT_TRUE(near_.connection.tick(now_));
    ASSERT_TRUE(far_.connection.tick(now_));
  }
  void pass(Side& from, Side& to) {
    const auto ok = to.receive(output(from.connection, now_), now_);
    ASSERT_TRUE(ok) << ok.error().message;
    (void)events(to.session);
  }
  /// As many as can be opened, at most so many.
  std::vector<StreamId> opened_by(Side& side, int wanted) {
    std::vector<StreamId> out;
    for (int i = 0; i < wanted; ++i)
      if (const auto id = side.session.open(kOtherService)) out.push_back(*id);
    return out;
  }
  void whole_mail(Side& from, Side& to) {
    const auto id = from.session.open(kFirstService);
    ASSERT_TRUE(id) << id.error().message;
    from.session.write(*id, "mail");
    from.session.finish(*id);
    exchange();
    to.session.finish(*id);
    exchange();
    ++mails_;
  }

  base::TimePoint now_{};
  Side near_, far_;
  std::size_t mails_ = 0;
};

// 500 connections a second of each hub's clients, broken off by them, by the service, or by both at once.
TEST_F(HonestHubs, WhoseClientsBreakOffForwardsWithoutEndStayUpAndMailPasses) {
  std::size_t broken = 0;
  for (int i = 0; i < 20'000 && !HasFatalFailure(); ++i, now_ += 2ms) {
    for (auto [opener, other] : {std::pair(&near_, &far_), std::pair(&far_, &near_)}) {
      const auto stream = opener->session.open(kOtherService);
      if (!stream) continue;
      exchange();
      ++broken;
      if (i % 3 != 0) opener->session.reset(*stream, ResetCode::kCancelled, "broken off");
      if (i % 3 != 1) other->session.reset(*stream, ResetCode::kFailed, "the service broke it off");
    }
    exchange();
    if (i % 10 == 0) whole_mail(near_, far_);
    if (i % 10 == 5) whole_mail(far_, near_);
  }
  EXPECT_EQ(mails_, 4000U);
  EXPECT_GT(broken, 2 * 40 * 100U) << "a hundred a second are served";
  EXPECT_GT(near_.session.resets_left(now_), 0.99) << "mails have theirs";
}

// All that is open breaks on both sides while the line stands still and clients come and go; then it moves,
// and more is broken off in that moment.
TEST_F(HonestHubs, SurviveTheWorstMoment) {
  for (Side* const side : {&near_, &far_})
    EXPECT_EQ(opened_by(*side, 1000).size(), 256U);
  exchange();
  now_ += 1min;  // what they have put aside is there again
  std::string from_near = output(near_.connection, now_), from_far = output(far_.connection, now_);
  const auto write = [&] {  // nothing of it arrives
    from_near += output(near_.connection, now_);
    from_far += output(far_.connection, now_);
  };
  for (StreamId id = 1; id <= 512; ++id)
    for (Side* const side : {&near_, &far_})
      side->session.reset(id, ResetCode::kFailed, "broken off");
  for (int i = 0; i < 15'000; ++i, now_ += 1ms)
    for (Side* const side : {&near_, &far_})
      for (const StreamId id : opened_by(*side, 2)) {
        write();
        side->session.reset(id, ResetCode::kCancelled, "");
        write();
      }
  ASSERT_TRUE(far_.receive(from_near, now_));
  ASSERT_TRUE(near_.receive(from_far, now_));
  std::size_t broken = 0;
  for (int i = 0; i < 1500 && !HasFatalFailure(); ++i)
    for (Side* const side : {&near_, &far_})
      for (const StreamId id : opened_by(*side, 1)) {
        exchange();
        for (Side* const either : {&near_, &far_})
          either->session.reset(id, ResetCode::kFailed, "");
        exchange();
        ++broken;
      }
  EXPECT_GT(broken, 1000U);
  whole_mail(near_, far_);
  whole_mail(far_, near_);
}

}  // namespace
}  // namespace tsmtp::mux
