// The emulated link itself: what tests and benchmarks conclude from it is worth no more than it is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "tests/support/connection.h"
#include "tests/support/emulated_link.h"
#include "tests/support/link_emulator/one_way.h"
#include "tests/support/link_emulator/round_trips.h"

namespace tsmtp::support {
namespace {

using namespace std::chrono_literals;
using emulator::Conditions;
using emulator::OneWay;
using emulator::Time;

constexpr Time kStart{1h};

std::size_t arrived(OneWay& way, Time until) {
  std::size_t count = 0;
  while (way.leave(until))
    ++count;
  return count;
}

TEST(OneWay, DelaysEveryPacketTheSame) {
  OneWay way(1);
  way.set_conditions({.delay = 50ms});
  way.enter("first", kStart);
  way.enter("second", kStart + 1ms);
  EXPECT_EQ(way.next_due(), kStart + 50ms);
  EXPECT_FALSE(way.leave(kStart + 49ms));
  EXPECT_EQ(way.leave(kStart + 50ms)->bytes, "first");
  EXPECT_FALSE(way.leave(kStart + 50ms));
  EXPECT_EQ(way.leave(kStart + 51ms)->bytes, "second");
}

TEST(OneWay, APacketTakesItsTimeAtTheBottleneck) {
  OneWay way(1);
  way.set_conditions({.delay = 50ms, .rate_bits = 8'000});  // a byte a millisecond
  way.enter(std::string(10, 'x'), kStart);
  way.enter(std::string(20, 'x'), kStart);
  EXPECT_EQ(way.leave(kStart + 60ms)->bytes.size(), 10U);
  EXPECT_EQ(way.next_due(), kStart + 80ms);
}

TEST(OneWay, WhatTheQueueCannotHoldIsLost) {
  OneWay way(1);
  way.set_conditions({.delay = 0ms, .rate_bits = 8'000, .queue_bytes = 25});
  for (int i = 0; i < 10; ++i)
    way.enter(std::string(10, 'x'), kStart);
  EXPECT_EQ(arrived(way, kStart + 1h), 3U);  // one on the wire, and two that had room when they came
  EXPECT_EQ(way.counts().lost, 7U);
}

TEST(OneWay, LosesTheShareThatItIsToldAndTheSameOnesAgain) {
  std::vector<std::uint64_t> lost;
  for (int round = 0; round < 2; ++round) {
    OneWay way(7);
    way.set_conditions({.delay = 0ms, .loss = 0.1});
    for (int i = 0; i < 10'000; ++i)
      way.enter("x", kStart);
    lost.push_back(way.counts().lost);
  }
  EXPECT_NEAR(static_cast<double>(lost[0]), 1000, 100);
  EXPECT_EQ(lost[0], lost[1]);
}

TEST(OneWay, ACutLosesWhatIsUnderWayAndWhatComes) {
  OneWay way(1);
  way.set_conditions({.delay = 50ms});
  way.enter("under way", kStart);
  way.set_conditions({.delay = 50ms, .cut = true});
  way.enter("comes", kStart);
  EXPECT_EQ(arrived(way, kStart + 1h), 0U);
  way.set_conditions({.delay = 50ms});
  way.enter("later", kStart + 1s);
  EXPECT_EQ(arrived(way, kStart + 1h), 1U);
}

TEST(RoundTripCount, WaitingForAnAnswerIsOneHoweverManyPackets) {
  emulator::RoundTrips trips;
  for (int i = 0; i < 3; ++i)
    trips.near_sends(kStart + i * 1ms);
  for (int i = 0; i < 3; ++i)
    trips.far_receives(kStart + i * 1ms);
  for (int i = 0; i < 2; ++i)
    trips.far_sends(kStart + 60ms + i * 1ms);
  for (int i = 0; i < 2; ++i)
    trips.near_receives(kStart + 60ms + i * 1ms);
  EXPECT_EQ(trips.count(), 1U);
}

TEST(RoundTripCount, WhatWasUnderWayBeforeIsNoAnswer) {
  emulator::RoundTrips trips;
  trips.far_sends(kStart);
  trips.near_sends(kStart + 1ms);
  trips.near_receives(kStart);
  trips.near_sends(kStart + 2ms);
  trips.far_receives(kStart + 1ms);
  EXPECT_EQ(trips.count(), 0U);
}

TEST(RoundTripCount, BareAcknowledgementsOfTcpHaveNoPayload) {
  std::string packet(20 + 32, '\0');
  packet[0] = 0x45;
  packet[3] = static_cast<char>(packet.size());
  packet[9] = 6;
  packet[20 + 12] = static_cast<char>(8 << 4);
  EXPECT_EQ(emulator::payload_bytes(packet), 0U);
  packet += "250 2.0.0";
  packet[3] = static_cast<char>(packet.size());
  EXPECT_EQ(emulator::payload_bytes(packet), 9U);
  EXPECT_EQ(emulator::payload_bytes(packet.substr(0, 30)), 0U);
  EXPECT_EQ(emulator::payload_bytes("\x60 IPv6"), 0U);
}

/// A socket at each end, connected.
class Ends : public ::testing::Test {
 protected:
  Ends() {
    int listener = -1;
    {
      const Inside inside(link.far());
      listener = listen_on(7, "0.0.0.0");
    }
    {
      const Inside inside(link.near());
      near = std::make_unique<Connection>(EmulatedLink::kFarAddress, 7);
    }
    far = std::make_unique<Connection>(accept(listener, nullptr, nullptr));
    close(listener);
  }

  std::chrono::duration<double> round_trip() {
    const auto begin = std::chrono::steady_clock::now();
    near->send("?\n");
    EXPECT_EQ(far->line(), "?\n");
    far->send("!\n");
    EXPECT_EQ(near->line(), "!\n");
    return std::chrono::steady_clock::now() - begin;
  }

  EmulatedLink link{{"--delay", "10"}};
  std::unique_ptr<Connection> near;
  std::unique_ptr<Connection> far;
};

TEST_F(Ends, AreTwiceTheDelayApart) {
  std::vector<std::chrono::duration<double>> took;
  for (int i = 0; i < 11; ++i)
    took.push_back(round_trip());
  EXPECT_EQ(link.round_trips(), 11U);
  // On a machine that is busy most take longer than their 20.3 ms, but not all.
  const auto sixth = [&took] {
    std::sort(took.begin(), took.end());
    return took[5];
  };
  for (int i = 0; i < 500 && sixth() >= 40ms; ++i)
    took.push_back(round_trip());
  EXPECT_GE(took.front(), 20ms);
  EXPECT_LT(sixth(), 40ms);
}

TEST_F(Ends, HearNothingOfEachOtherWhileTheLinkIsCut) {
  EXPECT_EQ(link.command("cut"), "ok");
  near->send("?\n");
  pollfd waiting{.fd = far->fd(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(poll(&waiting, 1, 100), 0);
  EXPECT_EQ(link.command("uncut"), "ok");
  EXPECT_EQ(far->line(), "?\n");  // TCP sends it again
}

TEST(LinkEmulator, ObeysOnlyWhatItKnows) {
  EmulatedLink link({"--delay", "1"});
  EXPECT_EQ(link.command("slower"), "error unknown: slower");
  EXPECT_EQ(link.command("delay soon"), "error delay: expected a number, not 'soon'");
  EXPECT_EQ(link.command("delay 2"), "ok");
  EXPECT_THROW(EmulatedLink({"--delay"}), std::runtime_error);
}

TEST(LinkEmulator, LeavesNothingBehind) {
  std::string near;
  {
    EmulatedLink link({"--delay", "1"});
    near = link.near();
    EXPECT_EQ(access(near.c_str(), F_OK), 0);
  }
  EXPECT_NE(access(near.c_str(), F_OK), 0);
}

}  // namespace
}  // namespace tsmtp::support
