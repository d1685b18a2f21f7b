#include "relayd/forward/pace.h"

#include <gtest/gtest.h>

namespace tsmtp::forward {
namespace {

using namespace std::chrono_literals;

constexpr base::TimePoint kBegin{1h};

// How long `bytes` take, by somebody who does as wait() says.
base::Duration time_for(Pace& pace, std::size_t bytes) {
  base::TimePoint now = kBegin;
  while (bytes > 0) {
    const std::size_t allowed = pace.allowed(bytes, now);
    pace.take(allowed, now);
    bytes -= allowed;
    if (bytes > 0) now += std::max<base::Duration>(pace.wait(now), 1ms);
  }
  return now - kBegin;
}

TEST(ForwardPace, NoLimitIsNone) {
  Pace pace(0);
  EXPECT_EQ(pace.allowed(1 << 30, kBegin), std::size_t{1} << 30);
  EXPECT_EQ(pace.wait(kBegin), base::Duration::zero());
}

TEST(ForwardPace, KeepsToItsRateWhateverItIs) {
  for (const std::uint64_t rate : {std::uint64_t{1}, std::uint64_t{1200}, std::uint64_t{1} << 20}) {
    Pace pace(rate);
    const std::size_t bytes = 10 * static_cast<std::size_t>(rate) + 256;
    const auto took = std::chrono::duration<double>(time_for(pace, bytes)).count();
    EXPECT_GT(took, 9) << rate;
    EXPECT_LT(took, 11 + 256.0 / static_cast<double>(rate)) << rate;
  }
}

TEST(ForwardPace, IsSharedByThoseThatUseIt) {
  Pace pace(10'000);
  base::TimePoint now = kBegin;
  std::size_t passed = 0;
  for (; now < kBegin + 10s; now += 10ms)
    for (int connection = 0; connection < 5; ++connection) {
      const std::size_t allowed = pace.allowed(1000, now);
      pace.take(allowed, now);
      passed += allowed;
    }
  EXPECT_NEAR(static_cast<double>(passed), 100'000, 2000);
}

TEST(ForwardPace, AnotherRateHoldsFromThenOn) {
  Pace pace(1);
  pace.take(200, kBegin);
  pace.set_rate(1'000'000);
  EXPECT_GT(pace.allowed(100'000, kBegin), 90'000U);
}

}  // namespace
}  // namespace tsmtp::forward
