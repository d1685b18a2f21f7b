#include "relayd/etcd/endpoints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tsmtp::etcd {
namespace {

using namespace std::chrono_literals;
using Phase = Endpoints::Phase;

constexpr base::TimePoint kStart{1000s};

TEST(Endpoints, OneThatServesIsKept) {
  Endpoints endpoints({"http://a", "http://b"});
  EXPECT_EQ(endpoints.phase(), Phase::kTrying);
  EXPECT_EQ(endpoints.current(), 0U);
  endpoints.failed(0, "refuses connections", kStart);
  EXPECT_EQ(endpoints.phase(), Phase::kTrying) << "the next one at once";
  EXPECT_EQ(endpoints.current(), 1U);
  EXPECT_FALSE(endpoints.down_since()) << "not all were tried";
  endpoints.served(1);
  EXPECT_EQ(endpoints.phase(), Phase::kServing);
  endpoints.tick(kStart + 1h);
  EXPECT_EQ(endpoints.current(), 1U);
  endpoints.failed(1, "closed the connection", kStart + 1h);
  EXPECT_EQ(endpoints.current(), 0U);
  EXPECT_EQ(endpoints.phase(), Phase::kTrying);
}

TEST(Endpoints, OldConnectionsHaveNoSay) {
  Endpoints endpoints({"http://a", "http://b"});
  endpoints.failed(0, "refuses connections", kStart);
  endpoints.failed(0, "refuses connections", kStart);
  EXPECT_EQ(endpoints.current(), 1U);
  endpoints.served(0);
  EXPECT_EQ(endpoints.phase(), Phase::kTrying);
}

TEST(Endpoints, AfterARoundInVainItRestsEverLonger) {
  Endpoints endpoints({"http://a", "http://b"});
  auto now = kStart;
  for (const auto rest : {100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms}) {
    endpoints.failed(0, "refuses connections", now);
    endpoints.failed(1, "does not answer", now);
    EXPECT_EQ(endpoints.phase(), Phase::kResting);
    EXPECT_EQ(endpoints.deadline(), now + rest);
    endpoints.tick(now + rest - 1ms);
    EXPECT_EQ(endpoints.phase(), Phase::kResting);
    endpoints.failed(0, "what nobody asked", now);
    now += rest;
    endpoints.tick(now);
    EXPECT_EQ(endpoints.phase(), Phase::kTrying);
    EXPECT_EQ(endpoints.current(), 0U);
    EXPECT_EQ(endpoints.down_since(), kStart);
  }
  EXPECT_EQ(endpoints.cause(), "etcd at http://a refuses connections; http://b does not answer");
  endpoints.failed(0, "refuses connections", now);
  endpoints.served(1);
  EXPECT_FALSE(endpoints.down_since());
  endpoints.failed(1, "closed the connection", now);
  endpoints.failed(0, "refuses connections", now);
  endpoints.failed(1, "refuses connections", now);
  EXPECT_EQ(endpoints.deadline(), now + 100ms) << "the rest begins anew";
  EXPECT_EQ(endpoints.down_since(), now);
}

TEST(Endpoints, TheOnlyOneIsTriedAgainAtOnce) {
  Endpoints endpoints({"http://a"});
  EXPECT_EQ(endpoints.cause(), "etcd at http://a has not answered yet");
  endpoints.served(0);
  endpoints.failed(0, "closed the connection", kStart);
  EXPECT_EQ(endpoints.phase(), Phase::kTrying);
  EXPECT_FALSE(endpoints.down_since());
  endpoints.failed(0, "refuses connections", kStart);
  EXPECT_EQ(endpoints.phase(), Phase::kResting);
  EXPECT_EQ(endpoints.cause(), "etcd at http://a refuses connections");
}

// Every state × event: it always knows what to do next, and never for longer than a second nothing.
TEST(Endpoints, StatesAndEvents) {
  const auto in_state = [](Phase phase, std::size_t count) {
    Endpoints endpoints(std::vector<std::string>(count, "http://a"));
    if (phase == Phase::kServing) endpoints.served(0);
    if (phase == Phase::kResting)
      for (std::size_t i = 0; i < count; ++i)
        endpoints.failed(i, "no", kStart);
    EXPECT_EQ(endpoints.phase(), phase);
    return endpoints;
  };
  for (const Phase phase : {Phase::kTrying, Phase::kServing, Phase::kResting}) {
    for (const std::size_t count : {1U, 3U}) {
      for (std::size_t endpoint = 0; endpoint < count; ++endpoint) {
        Endpoints served = in_state(phase, count);
        served.served(endpoint);
        EXPECT_EQ(served.phase(), phase == Phase::kTrying && endpoint == 0 ? Phase::kServing : phase);
        Endpoints failed = in_state(phase, count);
        failed.failed(endpoint, "no", kStart);
        EXPECT_LT(failed.current(), count);
        EXPECT_EQ(failed.deadline().has_value(), failed.phase() == Phase::kResting);
      }
      Endpoints ticked = in_state(phase, count);
      ticked.tick(kStart + 1s);
      EXPECT_EQ(ticked.phase(), phase == Phase::kResting ? Phase::kTrying : phase);
    }
  }
}

}  // namespace
}  // namespace tsmtp::etcd
