// P6: what a peer can make a session hold, whatever it does.
#include <gtest/gtest.h>

#include <random>

#include "tests/unit/mux/raw_peer.h"

namespace tsmtp::mux {
namespace {

using wire::FrameType;

ConnectionSettings settings() {
  ConnectionSettings settings = RawPeer::settings();
  settings.limits.max_streams = 64;
  settings.limits.stream_window_bytes = 16 * 1024;
  return settings;
}

TEST(Bounds, APeerThatOpensAllAndNeverReads) {
  Side side(settings(), {});
  RawPeer peer;
  ASSERT_TRUE(side.receive(peer.greeting(), {}));
  for (std::uint32_t i = 0; i < 64; ++i)
    ASSERT_TRUE(side.receive(peer.open(2 * i + 1), {}));
  // Every stream has an answer as long as it may be; the peer gives no credit beyond its first 4096 bytes.
  for (const Opened& opened : events_of<Opened>(side.session))
    while (side.session.writable(opened.stream) > 0)
      side.session.write(opened.stream,
                         std::string(std::min<std::size_t>(side.session.writable(opened.stream), 1000), 'x'));
  const std::string sent = output(side.connection);
  EXPECT_LT(sent.size(), 64 * (4096 + wire::kHeaderBytes) + 1000);
  EXPECT_FALSE(side.connection.wants_to_send());
  for (std::uint32_t i = 0; i < 64; ++i)
    EXPECT_LT(side.session.writable(2 * i + 1), 16 * 1024U);
}

TEST(Bounds, APeerThatSendsAllItMay) {
  Side side(settings(), {});
  RawPeer peer;
  ASSERT_TRUE(side.receive(peer.greeting(), {}));
  std::size_t held = 0;
  for (std::uint32_t i = 0; i < 64; ++i)
    ASSERT_TRUE(side.receive(
        joined({peer.open(2 * i + 1), peer.data(2 * i + 1, std::string(16 * 1024 - 100, 'x'))}), {}));
  for (const Received& received : events_of<Received>(side.session))
    held += received.bytes.size();
  EXPECT_LE(held, 64 * 16 * 1024U);
  EXPECT_FALSE(side.receive(peer.data(1, std::string(101, 'x')), {}));
}

TEST(Bounds, RefusalsThatAreNotReadEndTheLink) {
  Side side(settings(), {});
  RawPeer peer;
  ASSERT_TRUE(side.receive(peer.greeting(), {}));
  std::uint32_t stream = 1;
  while (side.receive(peer.open(stream), {}) && stream < 10'000)
    stream += 2;
  EXPECT_LT(stream / 2, 64 + 64 + 32U);
  EXPECT_LT(output(side.connection).size(), 20'000U);
}

TEST(Bounds, OurResetsOfItsStreamsAreBoundedToo) {
  Side side(settings(), {});
  RawPeer peer;
  ASSERT_TRUE(side.receive(peer.greeting(), {}));
  std::uint32_t stream = 1;
  for (; side.receive(peer.open(stream), {}) && stream < 10'000; stream += 2)
    side.session.reset(stream, ResetCode::kFailed, "policy");
  EXPECT_LT(stream / 2, 64 + 32U);
}

TEST(Bounds, WhatOneDoesToAStuckLinkIsBounded) {
  Side side(settings(), {});
  RawPeer peer;
  ASSERT_TRUE(side.receive(peer.greeting(), {}));
  for (int i = 0; i < 10'000; ++i) {  // local clients come and go while the socket takes nothing
    const auto id = side.session.open(kFirstService);
    ASSERT_TRUE(id);
    side.session.write(*id, "mail");
    side.session.reset(*id, ResetCode::kCancelled, "gone");
  }
  EXPECT_LT(output(side.connection).size(), 200U) << "only our Hello";
}

TEST(Bounds, APeerThatNeverAcknowledgesStopsOurOpens) {
  Side side(settings(), {});
  RawPeer peer;
  ASSERT_TRUE(side.receive(peer.greeting(), {}));
  int opened = 0;
  base::TimePoint now{};
  for (; opened < 10'000; ++opened) {
    const auto id = side.session.open(kFirstService);
    if (!id) break;
    now += std::chrono::milliseconds(20);  // slow enough for the rates
    (void)output(side.connection, now);
    side.session.reset(*id, ResetCode::kCancelled, "gone");
    (void)output(side.connection, now);
  }
  EXPECT_EQ(opened, 1024);
}

// Bulk of other services stops while there is room to keep mails that are sent.
TEST(Bounds, OtherServicesLeaveRoomForMailsThatAreNotAcknowledged) {
  constexpr std::size_t kMost = 400'000;
  ConnectionSettings ours = settings();
  ours.can_resume = true;
  ours.resumption.number = 1;
  ours.limits.max_unacknowledged_bytes = kMost;
  ours.limits.stream_window_bytes = 1024 * 1024;
  Side side(ours, {});
  RawPeer peer;
  Hello hello = RawPeer::hello();
  hello.capabilities = kCapabilityServices | kCapabilityResumption;
  hello.stream_window_bytes = 1024 * 1024;
  hello.resumption.number = 1;
  ASSERT_TRUE(side.receive(peer.frame(FrameType::kHello, 0, encode_hello(hello)), {}));
  const auto bulk = side.session.open(kOtherService);
  side.session.write(*bulk, std::string(kMost, 'x'));
  const std::size_t sent = output(side.connection).size();
  EXPECT_GE(sent, kMost / 4 * 3);
  EXPECT_LT(sent, kMost / 4 * 3 + wire::kMaxFrameBytes + 200);
  EXPECT_FALSE(side.connection.wants_to_send()) << "its owner would spin";
  const auto mail = side.session.open(kFirstService);
  side.session.write(*mail, std::string(kMost, 'x'));
  const std::size_t sent_of_mail = output(side.connection).size();
  EXPECT_GT(sent_of_mail, kMost / 4 - 2 * wire::kMaxFrameBytes);
  EXPECT_LT(sent_of_mail, kMost / 4 + wire::kMaxFrameBytes);
  EXPECT_FALSE(side.connection.wants_to_send());
}

// Garbage that begins as a good conversation: no input may do more than end the link.
TEST(Bounds, DamagedConversationsEndInAnErrorOrNothing) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 3000; ++round) {
    RawPeer peer;
    std::string bytes = joined({peer.greeting(), peer.open(1), peer.data(1, "some mail"),
                                peer.credit(1, 9999), peer.frame(FrameType::kPing, 0, "p"),
                                peer.frame(FrameType::kFinish, 1), peer.open(3), peer.reset(3, "cause"),
                                peer.frame(FrameType::kNotice, 0, "n"), peer.frame(FrameType::kDrain)});
    for (unsigned damage = random() % 4; damage < 4; ++damage)
      bytes[random() % bytes.size()] = static_cast<char>(random() % 3 == 0 ? 0xff : random());
    Side side(settings(), {});
    bool failed = false;
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t piece = std::min<std::size_t>(1 + random() % 100, bytes.size() - at);
      const auto ok = side.receive(std::string_view(bytes).substr(at, piece), {});
      EXPECT_FALSE(failed && ok) << "an error is for good";
      failed = !ok;
      at += piece;
      for (const Event& event : events(side.session))
        if (const auto* received = std::get_if<Received>(&event)) {
          side.session.consumed(received->stream, received->bytes.size());
          side.session.write(received->stream, received->bytes);
        }
      (void)output(side.connection);
    }
  }
}

}  // namespace
}  // namespace tsmtp::mux
