#include "relayd/base/bytes.h"

#include <gtest/gtest.h>

namespace tsmtp::base {
namespace {

using std::string_literals::operator""s;

TEST(Bytes, IntegersAreBigEndian) {
  std::string out;
  put_u8(out, 0xfe);
  put_u16(out, 0x0102);
  put_u32(out, 0xfffefdfc);
  put_u64(out, 0x0102030405060708);
  EXPECT_EQ(out, "\xfe\x01\x02\xff\xfe\xfd\xfc\x01\x02\x03\x04\x05\x06\x07\x08"s);
  const std::string_view in = out;
  EXPECT_EQ(get_u8(in), 0xfe);
  EXPECT_EQ(get_u16(in.substr(1)), 0x0102);
  EXPECT_EQ(get_u32(in.substr(3)), 0xfffefdfcU);
  EXPECT_EQ(get_u64(in.substr(7)), 0x0102030405060708U);
}

TEST(Bytes, ExtremesSurviveTheRoundTrip) {
  for (const std::uint64_t value :
       {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}, std::uint64_t{1} << 63}) {
    std::string out;
    put_u64(out, value);
    EXPECT_EQ(get_u64(out), value);
  }
}

TEST(Bytes, EscapedFitsOneLogLine) {
  EXPECT_EQ(escaped("plain <a@x> \"text\""), "plain <a@x> \"text\"");
  EXPECT_EQ(escaped("a\r\nb\t\0\x7f\xc3\\"s), "a\\x0d\\x0ab\\x09\\x00\\x7f\\xc3\\\\");
  EXPECT_EQ(escaped("abcdef", 3), "abc...");
  EXPECT_EQ(escaped("abc", 3), "abc");
  EXPECT_EQ(escaped(""), "");
  EXPECT_EQ(escaped("M\xc3\xbcller \xc2\x9b\xe2\x80\xae"), "M\xc3\xbcller \\xc2\\x9b\\xe2\\x80\\xae");
  std::string all;
  for (int i = 0; i < 256; ++i)
    all.push_back(static_cast<char>(i));
  for (const char c : escaped(all))
    EXPECT_TRUE(c >= 0x20 && c < 0x7f);
}

TEST(Bytes, CaseIsAsciiOnly) {
  EXPECT_EQ(ascii_lower("AZaz@[`{\xc4"), "azaz@[`{\xc4");
  EXPECT_EQ(ascii_upper("AZaz@[`{\xe4"), "AZAZ@[`{\xe4");
}

TEST(Bytes, Hex) {
  EXPECT_EQ(hex("\x00\x0f\xf0\xff"s), "000ff0ff");
}

}  // namespace
}  // namespace tsmtp::base
