// Other services leave no long queue on a slow line, and fill a line of any speed: in virtual time, on a line
// that delivers at a rate and keeps what comes sooner in a queue.
#include "relayd/mux/other_window.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

namespace tsmtp::mux {
namespace {

using namespace std::chrono_literals;

struct Line {
  double bytes_per_second;
  std::chrono::microseconds round_trip;
};

struct Found {
  double used = 0;   // of the line
  double queue = 0;  // round trips, at the end, beyond the shortest
};

// Somebody who always has more to send, and looks for room every eighth of a round trip.
Found fill(const Line& line, OtherWindow& window, std::chrono::seconds time) {
  base::TimePoint now{1h};
  const base::TimePoint begin = now;
  double sent = 0, smoothed = 0;
  std::deque<std::pair<base::TimePoint, double>> acknowledgements;  // when, up to which byte
  base::TimePoint free_at = now;                                    // the line
  double acknowledged = 0;
  const base::Duration look = std::max<base::Duration>(line.round_trip / 8, 20us);
  while (now - begin < time) {
    while (!acknowledgements.empty() && acknowledgements.front().first <= now) {
      acknowledged = acknowledgements.front().second;
      acknowledgements.pop_front();
    }
    const auto outstanding = static_cast<std::size_t>(sent - acknowledged);
    const auto queued = std::max<base::Duration>(free_at - now, 0s);
    const auto measured = static_cast<double>((line.round_trip + queued).count());
    smoothed = smoothed == 0 ? measured : smoothed + (measured - smoothed) / 8;
    const std::size_t room = window.room({.least_round_trip = line.round_trip,
                                          .round_trip = base::Duration(static_cast<std::int64_t>(smoothed)),
                                          .outstanding_bytes = outstanding},
                                         now);
    // The kernel takes no more than it has buffers for.
    double bytes = static_cast<double>(std::min<std::size_t>(room, 4 << 20));
    const double segment = std::max(1448.0, bytes / 64);
    for (; bytes > 0; bytes -= segment) {  // each is acknowledged by itself
      const double part = std::min(segment, bytes);
      free_at = std::max(free_at, now) + std::chrono::duration_cast<base::Duration>(
                                             std::chrono::duration<double>(part / line.bytes_per_second));
      sent += part;
      acknowledgements.emplace_back(free_at + line.round_trip, sent);
    }
    now += look;
  }
  return {.used = acknowledged / line.bytes_per_second / std::chrono::duration<double>(time).count(),
          .queue = std::chrono::duration<double>(free_at - now) / line.round_trip};
}

TEST(OtherWindow, FillsALineAndLeavesNoLongQueue) {
  for (const Line& line : {Line{125'000, 40ms}, Line{1'250'000, 40ms}, Line{1'250'000, 200ms},
                           Line{12'500'000, 100ms}, Line{125'000'000, 20ms}}) {
    SCOPED_TRACE(line.bytes_per_second);
    OtherWindow window;
    const Found found = fill(line, window, 60s);
    EXPECT_GT(found.used, 0.8);
    EXPECT_LT(found.queue * static_cast<double>(line.round_trip.count()),
              static_cast<double>(std::max<std::chrono::microseconds>(line.round_trip, 150ms).count()));
    EXPECT_LT(window.bytes(),
              4 * std::max<std::size_t>(OtherWindow::kLeastBytes,
                                        static_cast<std::size_t>(
                                            line.bytes_per_second *
                                            std::chrono::duration<double>(line.round_trip + 10ms).count())));
  }
}

TEST(OtherWindow, IsNoBoundWhereNoQueueIsLongEnoughToMatter) {
  OtherWindow window;
  base::TimePoint now{1h};
  for (int i = 0; i < 20; ++i, now += 1ms)  // loopback, with a processor that is busy
    (void)window.room({.least_round_trip = 20us, .round_trip = 800us, .outstanding_bytes = window.bytes()},
                      now);
  EXPECT_EQ(window.bytes(), OtherWindow::kMostBytes);
}

TEST(OtherWindow, DoesNotGrowWhileItIsNotUsedAndKeepsALeast) {
  OtherWindow window;
  base::TimePoint now{1h};
  for (int i = 0; i < 20; ++i, now += 1s)
    (void)window.room({.least_round_trip = 20ms, .round_trip = 20ms, .outstanding_bytes = 1000}, now);
  EXPECT_EQ(window.bytes(), OtherWindow::kFirstBytes);
  for (int i = 0; i < 20; ++i, now += 1s)
    EXPECT_EQ(window.room({.least_round_trip = 20ms, .round_trip = 2s, .outstanding_bytes = 1 << 20}, now),
              0U);
  EXPECT_EQ(window.room({.least_round_trip = 20ms, .round_trip = 2s, .outstanding_bytes = 0}, now),
            OtherWindow::kLeastBytes);
}

TEST(OtherWindow, IsTheFirstWhereNothingIsKnownOfThePath) {
  OtherWindow window;
  EXPECT_EQ(window.room({}, base::TimePoint{1h}), OtherWindow::kFirstBytes);
  EXPECT_EQ(window.room({.outstanding_bytes = 1000}, base::TimePoint{2h}), OtherWindow::kFirstBytes - 1000);
}

}  // namespace
}  // namespace tsmtp::mux
