#include "relayd/link/version_notice.h"

#include <gtest/gtest.h>

namespace tsmtp::link {
namespace {

TEST(VersionNotice, ComesBackAsItWent) {
  for (const std::string& version : {std::string("0.2.0"), std::string("x"), std::string(64, '~')}) {
    const std::string bytes = encode_version_notice(version);
    ASSERT_TRUE(is_about_version(bytes));
    const auto read = decode_version_notice(bytes + "of a later version");
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, version);
  }
}

TEST(VersionNotice, HasTheLayoutOfTheDocument) {
  EXPECT_EQ(encode_version_notice("0.2.0"),
            "\x07\x05"
            "0.2.0");
}

TEST(VersionNotice, OthersAreNot) {
  for (const char* other : {"", "\x01", "\x06", "\x08", "7"})
    EXPECT_FALSE(is_about_version(other));
}

TEST(VersionNotice, GarbageIsNotUnderstood) {
  const std::string begin = "\x07";
  for (const std::string& rest :
       {std::string(), std::string(1, '\0'), std::string("\x01"), std::string("\x05") + "0.2.",
        std::string("\x41") + std::string(65, '1'), std::string("\xff") + std::string(255, '1'),
        std::string("\x05") + "0.2.\n", std::string("\x01\x1b"), std::string("\x01\x7f"),
        std::string("\x02\xc3\xa4"),
        std::string("\x03") + std::string("1\0"
                                          "2",
                                          3)})
    EXPECT_FALSE(decode_version_notice(begin + rest)) << rest;
}

}  // namespace
}  // namespace tsmtp::link
