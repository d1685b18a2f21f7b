#include "relayd/base/same_secret.h"

#include <gtest/gtest.h>

#include <string>

namespace tsmtp::base {
namespace {

TEST(SameSecret, EveryByteAndTheLengthCount) {
  const std::string secret("\0\x80secret\xff\0", 10);
  EXPECT_TRUE(is_same_secret(secret, secret));
  EXPECT_TRUE(is_same_secret("", ""));
  for (std::size_t i = 0; i < secret.size(); ++i) {
    std::string other = secret;
    other[i] = static_cast<char>(other[i] ^ 0x80);
    EXPECT_FALSE(is_same_secret(secret, other)) << i;
    EXPECT_FALSE(is_same_secret(secret, secret.substr(0, i))) << i;
    EXPECT_FALSE(is_same_secret(secret.substr(0, i), secret)) << i;
  }
}

}  // namespace
}  // namespace tsmtp::base
