#include "relayd/mux/hello.h"

#include <gtest/gtest.h>

namespace tsmtp::mux {
namespace {

Hello hello() {
  return {.lowest_version = 1,
          .highest_version = 3,
          .capabilities = 0x8000000000000001,
          .instance = "0123456789abcdef",
          .max_streams = 7,
          .stream_window_bytes = 65536,
          .name = std::string("b\0rl\n", 5),
          .resumption = {.connection = 2,
                         .connections = 4,
                         .number = 17,
                         .own = 11,
                         .peer = 12,
                         .epoch = 5,
                         .received = 0x0102030405060708}};
}

TEST(Hello, ComesBackAsItWent) {
  const auto read = parse_hello(encode_hello(hello()));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->lowest_version, 1);
  EXPECT_EQ(read->highest_version, 3);
  EXPECT_EQ(read->capabilities, 0x8000000000000001U);
  EXPECT_EQ(read->instance, "0123456789abcdef");
  EXPECT_EQ(read->max_streams, 7U);
  EXPECT_EQ(read->stream_window_bytes, 65536U);
  EXPECT_EQ(read->name, hello().name);
  EXPECT_EQ(read->resumption.connection, 2);
  EXPECT_EQ(read->resumption.connections, 4);
  EXPECT_EQ(read->resumption.number, 17U);
  EXPECT_EQ(read->resumption.own, 11U);
  EXPECT_EQ(read->resumption.peer, 12U);
  EXPECT_EQ(read->resumption.epoch, 5U);
  EXPECT_EQ(read->resumption.received, 0x0102030405060708U);
}

TEST(Hello, HasTheLayoutOfTheDocument) {
  const std::string bytes = encode_hello(hello());
  EXPECT_EQ(bytes, std::string("tsmtp"
                               "\x01\x03\x05"
                               "\x80\0\0\0\0\0\0\x01"
                               "0123456789abcdef"
                               "\0\0\0\x07"
                               "\0\x01\0\0",
                               40) +
                       hello().name +
                       std::string("\x02\x04"
                                   "\0\0\0\0\0\0\0\x11"
                                   "\0\0\0\0\0\0\0\x0b"
                                   "\0\0\0\0\0\0\0\x0c"
                                   "\0\0\0\0\0\0\0\x05"
                                   "\x01\x02\x03\x04\x05\x06\x07\x08",
                                   42));
}

TEST(Hello, ALaterVersionMayAddToIt) {
  const auto read = parse_hello(encode_hello(hello()) + "more");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->name, hello().name);
}

TEST(Hello, IsRefusedWhenCutAnywhere) {
  const std::string whole = encode_hello(hello());
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes)
    EXPECT_FALSE(parse_hello(std::string_view(whole).substr(0, bytes))) << bytes;
}

Hello beside(const std::string& predecessor, bool resumes = true) {
  Hello out = hello();
  out.capabilities = kCapabilityBeside | (resumes ? kCapabilityResumption : 0);
  out.predecessor = predecessor;
  return out;
}

TEST(Hello, NamesTheProcessBefore) {
  for (const bool resumes : {false, true})
    for (const char* predecessor : {"", "of a process ..."}) {
      const std::string bytes = encode_hello(beside(predecessor, resumes));
      const auto read = parse_hello(bytes);
      ASSERT_TRUE(read) << read.error().message;
      EXPECT_EQ(read->predecessor, predecessor);
      EXPECT_TRUE(bytes.ends_with(*predecessor == '\0' ? std::string(16, '\0') : predecessor));
      for (std::size_t cut = 1; cut <= 16; ++cut)
        EXPECT_FALSE(parse_hello(std::string_view(bytes).substr(0, bytes.size() - cut)));
    }
}

TEST(Hello, OfAPeerWithoutTheCapabilityNamesNoProcess) {
  const auto read = parse_hello(encode_hello(hello()) + "of a process ...");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->predecessor, "");
}

TEST(Hello, ThatNamesItsOwnProcessIsRefused) {
  EXPECT_FALSE(parse_hello(encode_hello(beside(hello().instance))));
}

TEST(Hello, OfAPeerThatResumesNothingEndsWithItsName) {
  Hello old = hello();
  old.capabilities = 0x8000000000000000;
  EXPECT_TRUE(encode_hello(old).ends_with(old.name));
  const auto read = parse_hello(encode_hello(old));
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->can_resume());
}

TEST(Hello, ThatNamesHalfASessionIsRefused) {
  for (const Resumption& half : {Resumption{.number = 1, .own = 2}, Resumption{.number = 1, .peer = 2},
                                 Resumption{.number = 0}, Resumption{.connections = 0, .number = 1}}) {
    Hello bad = hello();
    bad.resumption = half;
    EXPECT_FALSE(parse_hello(encode_hello(bad)));
  }
}

TEST(Hello, NamesOfTheGreatestLengthPass) {
  Hello longest = hello();
  longest.name = std::string(255, 'n');
  const auto read = parse_hello(encode_hello(longest));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->name, longest.name);
}

struct Negotiation {
  std::uint8_t our_lowest, our_highest, their_lowest, their_highest;
  int common;  // 0: none
};

TEST(Hello, TheHighestCommonVersionIsUsed) {
  for (const auto& [ol, oh, tl, th, common] : {Negotiation{1, 1, 1, 1, 1},
                                               {1, 3, 2, 5, 3},
                                               {2, 5, 1, 3, 3},
                                               {1, 2, 3, 4, 0},
                                               {3, 4, 1, 2, 0},
                                               {1, 9, 4, 4, 4}}) {
    const Hello ours{.lowest_version = ol, .highest_version = oh};
    const Hello theirs{.lowest_version = tl, .highest_version = th};
    const auto version = negotiate_version(ours, theirs);
    EXPECT_EQ(version ? *version : 0, common);
  }
}

TEST(Hello, NoCommonVersionIsSaidWithBothRanges) {
  const auto version = negotiate_version({.lowest_version = 1, .highest_version = 1},
                                         {.lowest_version = 2, .highest_version = 4});
  ASSERT_FALSE(version);
  EXPECT_EQ(version.error().message, "no common protocol version: this side speaks 1, the peer 2 to 4");
}

TEST(Hello, AVersionWithoutCommonLayoutIsToldOfItsVersion) {
  const auto read = parse_hello("tsmtp\x02\x04");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message, "no common protocol version: this side speaks 1, the peer 2 to 4");
}

}  // namespace
}  // namespace tsmtp::mux
