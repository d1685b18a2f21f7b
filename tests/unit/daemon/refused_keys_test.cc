#include "relayd/daemon/refused_keys.h"

#include <gtest/gtest.h>

namespace tsmtp::daemon {
namespace {

using namespace std::chrono_literals;

TEST(RefusedKeys, AKeyThatComesAgainIsCountedWithItsLastAddress) {
  RefusedKeys keys;
  keys.add("sha256:a", "192.0.2.1", base::WallTime(1s));
  keys.add("sha256:b", "192.0.2.2", base::WallTime(2s));
  keys.add("sha256:a", "192.0.2.3", base::WallTime(3s));
  EXPECT_EQ(keys.count(), 3U);
  ASSERT_EQ(keys.last().size(), 2U);
  EXPECT_EQ(keys.last()[0].pin, "sha256:a");
  EXPECT_EQ(keys.last()[0].address, "192.0.2.3");
  EXPECT_EQ(keys.last()[0].last, base::WallTime(3s));
  EXPECT_EQ(keys.last()[0].times, 2U);
}

TEST(RefusedKeys, TheFirstIsForgottenFirst) {
  RefusedKeys keys;
  for (int i = 0; i < 10; ++i)
    keys.add("sha256:" + std::to_string(i), "192.0.2.1", {});
  EXPECT_EQ(keys.count(), 10U);
  ASSERT_EQ(keys.last().size(), 8U);
  EXPECT_EQ(keys.last().front().pin, "sha256:2");
}

}  // namespace
}  // namespace tsmtp::daemon
