#include "relayd/proxy/http_connect.h"

#include <gtest/gtest.h>

#include "tests/unit/proxy/played.h"

namespace tsmtp::proxy {
namespace {

const settings::Proxy kProxy{.kind = settings::Proxy::Kind::kHttp,
                             .address = {.host = "proxy.example", .port = 3128, .unix_path = {}}};
const base::HostPort kHub{.host = "hub.birl.example", .port = 5443, .unix_path = {}};
const std::string kYes = "HTTP/1.1 200 Connection established\r\n\r\n";

settings::Proxy with_user(const std::string& user, const std::string& password) {
  settings::Proxy proxy = kProxy;
  proxy.user = user;
  proxy.password = password;
  return proxy;
}

std::string told(const std::string& answer, const settings::Proxy& proxy = kProxy) {
  const std::string error = play(proxy, kHub, {answer}).error;
  if (answer.size() < 10'000) {
    EXPECT_EQ(play(proxy, kHub, {answer}, 1).error, error);
  }
  return error;
}

TEST(HttpConnect, AsksForTheName) {
  const Played played = play(kProxy, kHub, {kYes});
  EXPECT_EQ(played.said[0], "CONNECT hub.birl.example:5443 HTTP/1.1\r\nHost: hub.birl.example:5443\r\n\r\n");
  EXPECT_EQ(played.said[1], "");
  EXPECT_TRUE(played.is_done);
}

TEST(HttpConnect, AsksForAnIpv6AddressInBrackets) {
  EXPECT_EQ(play(kProxy, {.host = "2001:db8::1", .port = 443, .unix_path = {}}, {}).said[0],
            "CONNECT [2001:db8::1]:443 HTTP/1.1\r\nHost: [2001:db8::1]:443\r\n\r\n");
}

// RFC 4648 section 10 has these, and RFC 7617 section 2 the last.
TEST(HttpConnect, ShowsUserAndPassword) {
  const std::vector<std::pair<settings::Proxy, std::string>> users{
      {with_user("f", "o"), "Zjpv"},
      {with_user("f", "oo"), "Zjpvbw=="},
      {with_user("f", "oob"), "Zjpvb2I="},
      {with_user("Aladdin", "open sesame"), "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}};
  for (const auto& [proxy, basic] : users)
    EXPECT_NE(play(proxy, kHub, {}).said[0].find("\r\nProxy-Authorization: Basic " + basic + "\r\n\r\n"),
              std::string::npos);
}

TEST(HttpConnect, TakesNothingThatIsTheHubs) {
  const std::vector<std::string> answers{
      kYes,
      "HTTP/1.0 200 OK\r\nContent-Length: 100\r\nTransfer-Encoding: chunked\r\n\r\n",
      "HTTP/1.1 200\r\n\r\n",
      "HTTP/1.1 204 \nServer: x\n\n",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\nA: b\r\n\r\n" + kYes,
      "HTTP/1.1 200 OK\r\nPadding: " + std::string(15'000, 'x') + "\r\n\r\n"};
  for (const std::string& answer : answers)
    for (const std::size_t piece : {1UL, 2UL, 3UL, 7UL, 1000UL, std::string::npos}) {
      const Played played = play(kProxy, kHub, {answer + "\x16\x03\x03\n\r\n\r\nTLS"}, piece);
      EXPECT_TRUE(played.is_done) << played.error;
      EXPECT_EQ(played.left, "\x16\x03\x03\n\r\n\r\nTLS");
    }
}

TEST(HttpConnect, IsNotDoneBeforeTheEmptyLine) {
  const std::string answer = "HTTP/1.1 200 OK\r\nVia: 1.1 x\r\n\r\n";
  for (std::size_t bytes = 0; bytes < answer.size(); ++bytes)
    EXPECT_FALSE(play(kProxy, kHub, {answer.substr(0, bytes)}).is_done);
}

TEST(HttpConnect, SaysWhyItCameToNothing) {
  const settings::Proxy user = with_user("tokyo", "s3cret");
  EXPECT_EQ(told("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n", user),
            "says: 407 Proxy Authentication Required (wrong user or password?)");
  EXPECT_EQ(told("HTTP/1.1 407 Proxy Authentication Required\r\n"),
            "says: 407 Proxy Authentication Required (dial_through names no user)");
  EXPECT_EQ(told("HTTP/1.1 403 Forbidden\n"), "says: 403 Forbidden (its rules do not allow the connection?)");
  EXPECT_EQ(told("HTTP/1.0 405 No\r\n"), "says: 405 No (it does not do CONNECT)");
  EXPECT_EQ(told("HTTP/1.1 502 Bad Gateway\r\n"), "says: 502 Bad Gateway");
  EXPECT_EQ(told("HTTP/1.1 301 Moved\r\n"), "says: 301 Moved");
  EXPECT_EQ(told("HTTP/1.1 101 Switching Protocols\r\n"), "says: 101 Switching Protocols");
  EXPECT_EQ(told("HTTP/1.1 503 \x1b[31m\xff\r\n"), "says: 503 \\x1b[31m\\xff") << "fit to be shown";
  EXPECT_LT(told("HTTP/1.1 503 " + std::string(9000, 'x') + "\r\n").size(), 100U);
}

TEST(HttpConnect, AProxyThatRepeatsOurPasswordIsNotQuoted) {
  const settings::Proxy user = with_user("tokyo", "s3cret");
  for (const char* repeated : {"s3cret", "dG9reW86czNjcmV0"})
    EXPECT_EQ(told("HTTP/1.1 407 Not with " + std::string(repeated) + "\r\n", user),
              "says: 407 (wrong user or password?)");
}

TEST(HttpConnect, NoticesWhatIsNoProxyOfItsKindAtOnce) {
  for (const std::string& banner :
       {"\x05\xff"s, "220 mail ESMTP\r\n"s, "\x15\x03\x01\x00\x02\x02\x46"s, "SSH-2.0-x\r\n"s, "\r\n"s,
        "HTTP/2 200\r\n"s, "HTTP/1.1 2000 x\r\n"s, "HTTP/1.x 200 x\r\n"s, "HTTP/1.1 20\r\n"s,
        "HTTP/1.1200 x\r\n"s, "HTTP/1.\r\n"s, std::string(1 << 20, 'x')})
    EXPECT_EQ(told(banner), "does not speak HTTP") << banner.substr(0, 20);
}

TEST(HttpConnect, ReadsNoHeaderWithoutEnd) {
  const std::string error = "sent a header of more than 16 KiB";
  EXPECT_EQ(told("HTTP/1.1 200 OK\r\nX: " + std::string(1 << 20, 'x')), error);
  EXPECT_EQ(told("HTTP/1.1 200 " + std::string(1 << 20, 'x')), error);
  std::string interim;
  while (interim.size() < 1 << 20)
    interim += "HTTP/1.1 100 Continue\r\n\r\n";
  EXPECT_EQ(told(interim), error);
  std::string lines = "HTTP/1.1 200 OK\r\n";
  while (lines.size() < 1 << 20)
    lines += "A: b\r\n";
  EXPECT_EQ(told(lines), error);
}

}  // namespace
}  // namespace tsmtp::proxy
