#include "relayd/link/process_notice.h"

#include <gtest/gtest.h>

namespace tsmtp::link {
namespace {

TEST(ProcessNotice, ComesBackAsItWent) {
  for (const ProcessNotice& notice :
       {ProcessNotice(Successor{"0123456789abcdef"}), ProcessNotice(PredecessorGone{})}) {
    const std::string bytes = encode_notice(notice);
    ASSERT_TRUE(is_about_processes(bytes));
    const auto read = decode_process_notice(bytes + "of a later version");
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, notice);
  }
}

TEST(ProcessNotice, HasTheLayoutOfTheDocument) {
  EXPECT_EQ(encode_notice(Successor{"0123456789abcdef"}),
            "\x05"
            "0123456789abcdef");
  EXPECT_EQ(encode_notice(PredecessorGone{}), "\x06");
}

TEST(ProcessNotice, OthersAreNot) {
  for (const char* other : {"", "\x01", "\x04", "\x07", "?"})
    EXPECT_FALSE(is_about_processes(other));
}

TEST(ProcessNotice, OneThatNamesHalfAnInstanceIsNotUnderstood) {
  EXPECT_FALSE(decode_process_notice("\x05"));
  EXPECT_FALSE(
      decode_process_notice("\x05"
                            "0123456789abcde"));
}

}  // namespace
}  // namespace tsmtp::link
