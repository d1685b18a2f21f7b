// The ports that tests take: two tests that got the same one would fail, each in its own puzzling way.
#include <gtest/gtest.h>
#include <unistd.h>

#include <set>

#include "tests/support/connection.h"

namespace tsmtp::support {
namespace {

TEST(FreePorts, AreNeverGivenTwice) {
  constexpr std::size_t kMany = 400;  // of about 14,000: left to chance, some would come twice
  std::set<std::uint16_t> ports;
  for (std::size_t i = 0; i < kMany; ++i)
    ports.insert(free_port());
  EXPECT_EQ(ports.size(), kMany);
}

TEST(FreePorts, CanBeListenedOnMoreThanOnce) {
  const std::uint16_t port = free_port();
  for (int i = 0; i < 2; ++i) {
    const int listener = listen_on(port);
    Connection client("127.0.0.1", port);
    close(listener);
  }
  EXPECT_THROW(Connection("127.0.0.1", port), std::runtime_error);
}

}  // namespace
}  // namespace tsmtp::support
