// Backoff doubles with jitter, within bounds, and begins anew after a success.
#include "relayd/link/backoff.h"

#include <gtest/gtest.h>

#include <set>

namespace tsmtp::link {
namespace {

using std::chrono::milliseconds;

TEST(Backoff, DoublesUpToTheLimit) {
  for (int run = 0; run < 100; ++run) {
    Backoff backoff(milliseconds(100), milliseconds(1500), static_cast<unsigned>(run));
    for (const int step : {100, 200, 400, 800, 1500, 1500, 1500}) {
      const auto wait = backoff.next();
      EXPECT_GE(wait, milliseconds(step / 2));
      EXPECT_LE(wait, milliseconds(step));
    }
  }
}

TEST(Backoff, BeginsAnewAfterSuccess) {
  Backoff backoff(milliseconds(100), milliseconds(10'000), 1);
  for (int i = 0; i < 20; ++i)
    (void)backoff.next();
  backoff.reset();
  EXPECT_LE(backoff.next(), milliseconds(100));
}

TEST(Backoff, TwoDoNotKeepStep) {
  std::set<milliseconds> waits;
  for (unsigned seed = 0; seed < 50; ++seed)
    waits.insert(Backoff(milliseconds(100'000), milliseconds(100'000), seed).next());
  EXPECT_GT(waits.size(), 10U);
}

}  // namespace
}  // namespace tsmtp::link
