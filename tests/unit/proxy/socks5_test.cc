#include "relayd/proxy/socks5.h"

#include <gtest/gtest.h>

#include "tests/unit/proxy/played.h"

namespace tsmtp::proxy {
namespace {

const settings::Proxy kProxy{.address = {.host = "proxy.example", .port = 1080, .unix_path = {}}};
const settings::Proxy kWithUser{.user = "tokyo", .address = kProxy.address, .password = "s3 cret"};
const base::HostPort kHub{.host = "hub.birl.example", .port = 5443, .unix_path = {}};

const std::string kNoLogin = "\x05\x00"s, kLogin = "\x05\x02"s, kWelcome = "\x01\x00"s;
const std::string kYes = "\x05\x00\x00\x01\x7f\x00\x00\x01\x15\x43"s;
const std::string kRequest = "\x05\x01\x00\x03\x10hub.birl.example\x15\x43"s;

std::string told(const std::vector<std::string>& answers, const settings::Proxy& proxy = kProxy) {
  for (std::size_t piece = 1; piece < 6; ++piece)
    EXPECT_EQ(play(proxy, kHub, answers, piece).error, play(proxy, kHub, answers).error);
  return play(proxy, kHub, answers).error;
}

TEST(Socks5, GivesTheProxyTheName) {
  const Played played = play(kProxy, kHub, {kNoLogin, kYes});
  EXPECT_EQ(played.said, (std::vector{"\x05\x01\x00"s, kRequest, ""s}));
  EXPECT_TRUE(played.is_done);
  EXPECT_EQ(played.error, "");
}

TEST(Socks5, GivesAddressesAsTheyAre) {
  const Played v4 = play(kProxy, {.host = "192.0.2.1", .port = 443, .unix_path = {}}, {kNoLogin});
  EXPECT_EQ(v4.said[1], "\x05\x01\x00\x01\xc0\x00\x02\x01\x01\xbb"s);
  const Played v6 = play(kProxy, {.host = "2001:db8::1", .port = 443, .unix_path = {}}, {kNoLogin});
  EXPECT_EQ(v6.said[1], "\x05\x01\x00\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x01\xbb"s);
}

TEST(Socks5, LogsInWhereItIsAsked) {
  const Played played = play(kWithUser, kHub, {kLogin, kWelcome, kYes});
  EXPECT_EQ(played.said, (std::vector{"\x05\x02\x00\x02"s, "\x01\x05tokyo\x07s3 cret"s, kRequest, ""s}));
  EXPECT_TRUE(played.is_done);
  EXPECT_TRUE(play(kWithUser, kHub, {kNoLogin, kYes}).is_done) << "a proxy that does not want to know";
}

TEST(Socks5, TakesNothingThatIsTheHubs) {
  const std::vector<std::string> replies{
      kYes, "\x05\x00\x00\x03\x09gateway-1\x15\x43"s, "\x05\x00\x00\x03\x00\x15\x43"s,
      "\x05\x00\x00\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x01\xbb"s};
  for (const std::string& reply : replies)
    for (std::size_t piece = 1; piece < 40; ++piece) {
      const Played played = play(kProxy, kHub, {kNoLogin, reply + "\x16\x03\x03TLS"}, piece);
      EXPECT_TRUE(played.is_done);
      EXPECT_EQ(played.left, "\x16\x03\x03TLS");
      const Played at_once = play(kProxy, kHub, {kNoLogin + reply + "TLS"}, piece);
      EXPECT_EQ(at_once.left, "TLS");
    }
}

TEST(Socks5, SaysWhyItCameToNothing) {
  const std::vector<std::pair<std::string, std::string>> replies{
      {"\x01", "general failure"},
      {"\x02", "its rules do not allow the connection"},
      {"\x03", "network unreachable"},
      {"\x04", "host unreachable, or its name not resolved"},
      {"\x05", "connection refused"},
      {"\x06", "time to live expired"},
      {"\x07", "it does not do CONNECT"},
      {"\x08", "it does not take this kind of address"},
      {"\xf0", "failure 240, which has no name"}};
  for (const auto& [code, text] : replies)
    EXPECT_EQ(told({kNoLogin, "\x05" + code + "\x00\x01\0\0\0\0\0\0"s}), "says: " + text);
  EXPECT_EQ(told({kNoLogin, "\x05\x05"}), "says: connection refused") << "some stop there";
}

TEST(Socks5, SaysWhatIsWrongWithTheUser) {
  EXPECT_EQ(told({"\x05\xff"}), "wants to know who we are, and dial_through names no user");
  EXPECT_EQ(told({"\x05\x02"}), "chose method 2, which it was not offered");
  EXPECT_EQ(told({"\x05\x01"}, kWithUser), "chose method 1, which it was not offered");
  EXPECT_EQ(told({"\x05\xff"}, kWithUser), "takes neither nobody nor a user with a password");
  EXPECT_EQ(told({kLogin, "\x01\x01"}, kWithUser), "does not take this user and password");
}

TEST(Socks5, NoticesWhatIsNoProxyOfItsKindAtOnce) {
  for (const std::string& banner : {"HTTP/1.1 400 Bad Request\r\n\r\n"s, "\x04\x5b"s, "220 mail ESMTP\r\n"s,
                                    "\x15\x03\x01\x00\x02\x02\x46"s, std::string(1 << 20, 'x')})
    EXPECT_EQ(told({banner}), "does not speak SOCKS5");
  EXPECT_EQ(told({kNoLogin, "\x04\x00\x00\x01"s}), "does not speak SOCKS5");
  EXPECT_EQ(told({kNoLogin, "\x05\x00\x00\x02"s}), "answered with an address of unknown type 2");
}

}  // namespace
}  // namespace tsmtp::proxy
