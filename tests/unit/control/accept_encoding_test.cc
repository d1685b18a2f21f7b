#include "relayd/control/accept_encoding.h"

#include <gtest/gtest.h>

#include <string>

namespace tsmtp::control {
namespace {

TEST(AcceptEncoding, Gzip) {
  for (const char* value : {"gzip", "x-gzip", "GZip", "gzip, deflate, br, zstd", "deflate,gzip", " gzip ",
                            "*", "gzip;q=1", "gzip;q=1.000", "gzip;q=0.001", "gzip ; Q = 0.5",
                            "identity;q=0.5, gzip;q=0.5", "br;q=1.0, gzip;q=0.8, *;q=0.1",
                            "identity;q=0, gzip", "deflate, *;q=0.5", ",, gzip ,", "*;q=0, gzip"})
    EXPECT_TRUE(takes_gzip(value)) << value;
}

TEST(AcceptEncoding, NoGzip) {
  for (const char* value :
       {"", "identity", "deflate, br", "gzip;q=0", "gzip;q=0.000", "x-gzip;q=0", "*;q=0", "*, gzip;q=0",
        "gzip;q=0, *", "identity, gzip;q=0.5", "identity;q=1, *;q=0.2", "gzipped", "gzi", "pgzip", "gzip x",
        // Weights that are none.
        "gzip;q=", "gzip;q", "gzip;q=2", "gzip;q=1.001", "gzip;q=0.0001", "gzip;q=-1", "gzip;q=.5",
        "gzip;q=0,5x", "gzip;q=0x1", "gzip;q=1x", "gzip;level=9", "gzip;;q=1", "gzip;q=1;q=0", ",", ";", "=",
        ";q=1"})
    EXPECT_FALSE(takes_gzip(value)) << value;
}

TEST(AcceptEncoding, WhateverComesIsRead) {
  std::string value;
  for (int i = 0; i < 8000; ++i)
    value += static_cast<char>(",;=q01.*gzip\t \xff"[i * 7919 % 15]);
  EXPECT_FALSE(takes_gzip(value));
}

}  // namespace
}  // namespace tsmtp::control
