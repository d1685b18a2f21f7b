#include "relayd/daemon/key_check.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "relayd/net/tls/hmac_digest.h"
#include "tests/support/temporary_directory.h"

namespace tsmtp::daemon {
namespace {

TEST(KeyCheck, ALostKeyIsNoticedOnce) {
  const support::TemporaryDirectory dir;
  const std::string key = dir.file("digest.key");
  {
    const auto first = net::HmacDigestMaker::open(key);
    ASSERT_TRUE(first);
    EXPECT_FALSE(is_another_key(dir.path(), **first)) << "the first key of all";
    EXPECT_FALSE(is_another_key(dir.path(), **first));
  }
  std::filesystem::remove(key);
  const auto second = net::HmacDigestMaker::open(key);
  ASSERT_TRUE(second);
  EXPECT_TRUE(is_another_key(dir.path(), **second));
  EXPECT_FALSE(is_another_key(dir.path(), **second));
}

}  // namespace
}  // namespace tsmtp::daemon
