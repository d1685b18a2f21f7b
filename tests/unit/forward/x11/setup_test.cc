// Bytes of the setup are those of X11's own documents, written out by hand.
#include "relayd/forward/x11/setup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tsmtp::forward::x11 {
namespace {

using std::string_literals::operator""s;

const std::string kCookie = "0123456789abcdef";
const std::string kBig = "B\0\0\x0b\0\0\0\x12\0\x10\0\0"s + "MIT-MAGIC-COOKIE-1\0\0"s + kCookie;
const std::string kLittle = "l\0\x0b\0\0\0\x12\0\x10\0\0\0"s + "MIT-MAGIC-COOKIE-1\0\0"s + kCookie;

Setup setup_of(ByteOrder order) {
  return {.order = order, .authorization = {.protocol = std::string(kMagicCookie), .data = kCookie}};
}

TEST(Setup, BothByteOrdersAreReadAndWritten) {
  for (const auto& [bytes, order] : {std::pair(kBig, ByteOrder::kMostSignificantFirst),
                                     std::pair(kLittle, ByteOrder::kLeastSignificantFirst)}) {
    SetupReader reader;
    std::string_view rest = bytes;
    const auto setup = reader.read(rest);
    ASSERT_TRUE(setup && *setup);
    EXPECT_EQ(**setup, setup_of(order));
    EXPECT_EQ(rest, "");
    EXPECT_EQ(encode(**setup), bytes);
    EXPECT_EQ(reader.order(), order);
  }
}

TEST(Setup, VersionIsKept) {
  SetupReader reader;
  const std::string bytes = "B\0\x12\x34\x56\x78\0\0\0\0\0\0"s;
  std::string_view rest = bytes;
  const auto setup = reader.read(rest);
  ASSERT_TRUE(setup && *setup);
  EXPECT_EQ((*setup)->major_version, 0x1234);
  EXPECT_EQ((*setup)->minor_version, 0x5678);
  EXPECT_EQ((*setup)->authorization, Authorization{});
  EXPECT_EQ(encode(**setup), bytes);
}

TEST(Setup, DribblesInByteByByteAndTakesNoMoreThanItself) {
  SetupReader reader;
  const std::string bytes = kLittle + "more";
  for (std::size_t i = 0; i < kLittle.size(); ++i) {
    std::string_view one = std::string_view(bytes).substr(i, i + 1 == kLittle.size() ? 5 : 1);
    const auto setup = reader.read(one);
    ASSERT_TRUE(setup) << i;
    ASSERT_EQ(setup->has_value(), i + 1 == kLittle.size()) << i;
    EXPECT_EQ(one, *setup ? "more" : "");
  }
}

TEST(Setup, WrongByteOrderIsFoundAtTheFirstByte) {
  for (const char first : {'\0', 'b', 'L', '\xff', 'G'}) {
    SetupReader reader;
    const std::string bytes(1, first);
    std::string_view rest = bytes;
    const auto setup = reader.read(rest);
    ASSERT_FALSE(setup) << first;
    EXPECT_THAT(setup.error().message, testing::HasSubstr("which is no byte order"));
    EXPECT_FALSE(reader.order());
  }
}

// The rest is not waited for, nor is room made for it.
TEST(Setup, LengthsAreBoundedBeforeTheirBytesCome) {
  for (const std::string& bytes : {"B\0\0\x0b\0\0\1\1\0\0\0\0"s, "B\0\0\x0b\0\0\0\0\1\1\0\0"s,
                                   "l\0\x0b\0\0\0\xff\xff\0\0\0\0"s, "l\0\x0b\0\0\0\0\0\xff\xff\0\0"s}) {
    SetupReader reader;
    std::string_view rest = bytes;
    EXPECT_FALSE(reader.read(rest));
    EXPECT_TRUE(reader.order());
  }
}

TEST(Setup, LongestOneIsRead) {
  x11::Setup longest = setup_of(ByteOrder::kMostSignificantFirst);
  longest.authorization = {.protocol = std::string(kMaxAuthorizationBytes, 'n'),
                           .data = std::string(kMaxAuthorizationBytes, 'd')};
  const std::string bytes = encode(longest);
  SetupReader reader;
  std::string_view rest = bytes;
  const auto setup = reader.read(rest);
  ASSERT_TRUE(setup && *setup);
  EXPECT_EQ(**setup, longest);
}

TEST(Setup, EachHalfIsPaddedByItself) {
  for (std::size_t name = 0; name < 9; ++name)
    for (std::size_t data = 0; data < 9; ++data) {
      const x11::Setup setup{
          .order = ByteOrder::kLeastSignificantFirst,
          .authorization = {.protocol = std::string(name, 'n'), .data = std::string(data, 'd')}};
      const std::string bytes = encode(setup);
      EXPECT_EQ(bytes.size(), 12 + (name + 3) / 4 * 4 + (data + 3) / 4 * 4);
      SetupReader reader;
      std::string_view rest = bytes;
      const auto read = reader.read(rest);
      ASSERT_TRUE(read && *read);
      EXPECT_EQ(**read, setup);
    }
}

TEST(Setup, FailedIsSaidInTheClientsByteOrder) {
  EXPECT_EQ(failed(ByteOrder::kMostSignificantFirst, "no way"), "\0\6\0\x0b\0\0\0\2no way\0\0"s);
  EXPECT_EQ(failed(ByteOrder::kLeastSignificantFirst, "no way"), "\0\6\x0b\0\0\0\2\0no way\0\0"s);
}

TEST(Setup, ReasonIsCutAtWhatItsLengthCanSay) {
  const std::string bytes = failed(ByteOrder::kMostSignificantFirst, std::string(300, 'r'));
  EXPECT_EQ(bytes.substr(0, 8), "\0\xff\0\x0b\0\0\0\x40"s);
  EXPECT_EQ(bytes.substr(8), std::string(255, 'r') + '\0');
}

}  // namespace
}  // namespace tsmtp::forward::x11
