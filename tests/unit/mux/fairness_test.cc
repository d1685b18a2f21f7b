// Whose bytes go first.
#include <gtest/gtest.h>

#include <map>

#include "tests/unit/mux/raw_peer.h"

namespace tsmtp::mux {
namespace {

using wire::FrameType;

class Fairness : public ::testing::Test {
 protected:
  Fairness() : side_(settings(), {}) {
    Hello hello = RawPeer::hello();
    hello.capabilities = kCapabilityServices;
    hello.max_streams = 64;
    hello.stream_window_bytes = 1024 * 1024;
    EXPECT_TRUE(side_.receive(peer_.frame(FrameType::kHello, 0, encode_hello(hello)), {}));
    EXPECT_EQ(summary(peer_.read(side_.connection)), "Hello");
  }

  static ConnectionSettings settings() {
    ConnectionSettings settings = RawPeer::settings();
    settings.limits.stream_window_bytes = 1024 * 1024;
    return settings;
  }

  StreamId opened_with(std::size_t bytes, Service service = kFirstService) {
    const auto id = side_.session.open(service);
    EXPECT_TRUE(id);
    side_.session.write(*id, std::string(bytes, 'x'));
    return *id;
  }

  std::string next_frames(std::size_t bytes) {
    std::string out;
    side_.connection.produce(out, bytes, {});
    return summary(decoded(out));
  }

  Side side_;
  RawPeer peer_;
};

TEST_F(Fairness, ASmallStreamDoesNotQueueBehindALargeOne) {
  (void)opened_with(500'000);
  EXPECT_EQ(next_frames(20'000), "Open2 Data2 Data2");
  (void)opened_with(100);
  EXPECT_EQ(next_frames(30'000), "Open4 Data4 Data2 Data2");
}

TEST_F(Fairness, StreamsTakeTurns) {
  for (int i = 0; i < 3; ++i)
    (void)opened_with(100'000);
  EXPECT_EQ(next_frames(6 * wire::kMaxFrameBytes), "Open2 Open4 Open6 Data2 Data4 Data6 Data2 Data4 Data6");
}

// Silence is no merit: who sends little at a time, and often, has no more than its share.
TEST_F(Fairness, AStreamThatIsAlwaysNewIsServedNoMoreThanOthers) {
  const StreamId large = opened_with(900'000);
  const StreamId chatty = opened_with(0);
  std::map<StreamId, std::size_t> sent;
  for (int i = 0; i < 3000; ++i) {
    side_.session.write(chatty, std::string(500, 'x'));
    std::string out;
    side_.connection.produce(out, 1, {});
    for (const RawFrame& frame : decoded(out))
      sent[frame.stream] += frame.payload.size();
    if (sent[large] >= 800'000) break;
  }
  EXPECT_GE(sent[large] + 3 * wire::kMaxFrameBytes, sent[chatty]);
  EXPECT_GT(sent[large], 500'000U);
}

// A forward waits for as long as mails have something to send, and then goes on where it was.
TEST_F(Fairness, TheFirstServiceGoesBeforeAllOthers) {
  (void)opened_with(90'000, kOtherService);
  (void)opened_with(90'000, kOtherService);
  EXPECT_EQ(next_frames(2 * wire::kMaxFrameBytes), "Open2 Open4 Data2 Data4");
  const StreamId small = opened_with(100);
  const StreamId large = opened_with(40'000);
  side_.session.finish(small);
  EXPECT_EQ(next_frames(65'000), "Open6 Open8 Data6 Finish6 Data8 Data8 Data8 Data2 Data4")
      << "in turns, among themselves";
  side_.session.write(large, std::string(20'000, 'x'));
  EXPECT_EQ(next_frames(45'000), "Data8 Data8 Data2 Data4");
}

TEST_F(Fairness, AMailWithoutCreditDoesNotHoldUpOthers) {
  (void)opened_with(1024 * 1024 + 1);
  (void)output(side_.connection);
  (void)opened_with(10, kOtherService);
  EXPECT_EQ(next_frames(100'000), "Open4 Data4");
}

TEST_F(Fairness, OthersSendNoMoreThanTheyHaveRoomFor) {
  EXPECT_FALSE(side_.session.carries_others());
  const StreamId other = opened_with(40'000, kOtherService);
  EXPECT_TRUE(side_.session.carries_others());
  side_.session.set_room_for_others(20'000);
  EXPECT_EQ(next_frames(200'000), "Open2 Data2 Data2");
  EXPECT_FALSE(side_.connection.wants_to_send());
  EXPECT_TRUE(side_.session.holds_others_back());
  (void)opened_with(40'000);
  EXPECT_EQ(next_frames(200'000), "Open4 Data4 Data4 Data4") << "a mail needs none";
  side_.session.set_room_for_others(1);
  EXPECT_FALSE(side_.session.holds_others_back());
  EXPECT_EQ(next_frames(200'000), "Data2");
  EXPECT_FALSE(side_.session.holds_others_back()) << "there is nothing more to send";
  side_.session.reset(other, ResetCode::kCancelled, "");
  EXPECT_FALSE(side_.session.carries_others());
}

TEST_F(Fairness, KnowsSinceWhenThereIsNoMail) {
  using namespace std::chrono_literals;
  EXPECT_EQ(side_.session.without_first_since(), base::TimePoint{});
  const StreamId mail = opened_with(10);
  EXPECT_FALSE(side_.session.without_first_since());
  (void)output(side_.connection, base::TimePoint{5s});
  side_.session.reset(mail, ResetCode::kCancelled, "");
  (void)opened_with(10, kOtherService);
  EXPECT_EQ(side_.session.without_first_since(), base::TimePoint{5s});
}

TEST_F(Fairness, TheLinkGoesFirst) {
  const StreamId large = opened_with(500'000);
  (void)next_frames(wire::kMaxFrameBytes);
  ASSERT_TRUE(
      side_.receive(joined({peer_.frame(FrameType::kPing), peer_.data(large, std::string(16000, 'x'))}), {}));
  for (int i = 0; i < 40; ++i)
    ASSERT_TRUE(side_.receive(peer_.data(large, std::string(16000, 'x')), {}));
  side_.session.consumed(large, 600'000);
  side_.session.notice("news");
  EXPECT_EQ(next_frames(2000), "Pong Notice Credit2 Data2");
}

TEST_F(Fairness, AStreamWithoutCreditHoldsNobodyUp) {
  const StreamId stuck = opened_with(1024 * 1024 + 1);
  (void)output(side_.connection);
  EXPECT_FALSE(side_.connection.wants_to_send());
  const StreamId other = opened_with(10);
  EXPECT_EQ(next_frames(100'000), "Open4 Data4");
  peer_.acknowledgement = 0;
  ASSERT_TRUE(side_.receive(peer_.credit(stuck, 1024 * 1024 + 1), {}));
  EXPECT_EQ(next_frames(100'000), "Data2");
  (void)other;
}

TEST_F(Fairness, StopsWhenThereIsEnough) {
  (void)opened_with(500'000);
  std::string out;
  side_.connection.produce(out, 40'000, {});
  EXPECT_GE(out.size(), 40'000U);
  EXPECT_LT(out.size(), 40'000U + wire::kMaxFrameBytes);
  const std::size_t before = out.size();
  side_.connection.produce(out, before, {});
  EXPECT_EQ(out.size(), before) << "what is there already counts";
}

}  // namespace
}  // namespace tsmtp::mux
