#include "relayd/etcd/base64.h"

#include <gtest/gtest.h>

namespace tsmtp::etcd {
namespace {

// RFC 4648 section 10.
TEST(Base64, VectorsOfTheRfc) {
  const std::vector<std::pair<std::string, std::string>> vectors = {{"", ""},
                                                                    {"f", "Zg=="},
                                                                    {"fo", "Zm8="},
                                                                    {"foo", "Zm9v"},
                                                                    {"foob", "Zm9vYg=="},
                                                                    {"fooba", "Zm9vYmE="},
                                                                    {"foobar", "Zm9vYmFy"},
                                                                    {std::string("\0\xff", 2), "AP8="}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(to_base64(bytes), text);
    EXPECT_EQ(from_base64(text), bytes);
  }
}

TEST(Base64, WhatIsNone) {
  for (const char* text :
       {"Z", "Zg", "Zg=", "Zg===", "Z g=", "=Zg=", "Zg==Zg==", "Zh==", "Zm9=", "Zm9\xc3", "===="})
    EXPECT_FALSE(from_base64(text)) << text;
}

}  // namespace
}  // namespace tsmtp::etcd
