#include "relayd/base/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace tsmtp::base {
namespace {

TEST(Utf8, TakesTextOfAllLengths) {
  for (const std::string good :
       {"", "abc", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
        "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "caf\xc3\xa9!"})
    EXPECT_TRUE(is_utf8(good)) << testing::PrintToString(good);
}

TEST(Utf8, RefusesWhatHasTwoReadings) {
  for (const std::string bad :
       {"\x80", "\xbf", "\xc3", "\xc3(", "\xe2\x82", "\xf0\x9f\x98",         // cut, or begun in the middle
        "\xc0\xaf", "\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf",          // longer than need be
        "\xed\xa0\x80", "\xed\xbf\xbf", "\xf4\x90\x80\x80", "\xf8\x88\x80",  // surrogates, out of range
        "\xff", "\xfe", "a\xc3\xa9\xa9"})
    EXPECT_FALSE(is_utf8(bad)) << testing::PrintToString(bad);
}

TEST(Utf8, SeesEighthBits) {
  EXPECT_FALSE(has_eighth_bit("plain\x7f"));
  EXPECT_TRUE(has_eighth_bit("a\x80"));
}

TEST(Utf8, TheEighthBitIsSeenWhereverItIs) {
  for (std::size_t length = 1; length < 400; length += 3) {
    std::string text(length, '\x7f');
    EXPECT_FALSE(has_eighth_bit(text));
    for (std::size_t at = 0; at < length; ++at) {
      text[at] = '\x80';
      ASSERT_TRUE(has_eighth_bit(text)) << at << " of " << length;
      text[at] = 'x';
    }
  }
}

}  // namespace
}  // namespace tsmtp::base
