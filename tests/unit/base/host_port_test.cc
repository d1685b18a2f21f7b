#include "relayd/base/host_port.h"

#include <gtest/gtest.h>

namespace tsmtp::base {
namespace {

TEST(HostPort, ReadsAndWritesTheSameText) {
  for (const std::string_view text : {"127.0.0.1:25", "[::]:5443", "[2001:db8::1]:1",
                                      "hub.birl.example:65535", "unix:/run/tsmtp/birl.sock"}) {
    const auto parsed = parse_host_port(text, true);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(parsed->to_string(), text);
  }
  const auto v6 = parse_host_port("[::1]:5443");
  ASSERT_TRUE(v6);
  EXPECT_EQ(v6->host, "::1");
  EXPECT_EQ(v6->port, 5443);
}

TEST(HostPort, SaysWhatIsWrong) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "port is missing"},
      {"host", "port is missing"},
      {":25", "host is missing"},
      {"host:", "number from 1 to 65535"},
      {"host:0", "number from 1 to 65535"},
      {"host:65536", "number from 1 to 65535"},
      {"host:25x", "number from 1 to 65535"},
      {"host:-1", "number from 1 to 65535"},
      {"::1:25", "brackets"},
      {"a b:25", "no such host name"},
      {"user@host:25", "no such host name"},
      {"unix:/run/x", "cannot be used here"},
  };
  for (const auto& [text, expected] : cases) {
    const auto parsed = parse_host_port(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_NE(parsed.error().message.find(expected), std::string::npos) << parsed.error().message;
  }
  EXPECT_FALSE(parse_host_port("unix:relative", true));
  EXPECT_FALSE(parse_host_port("unix:/" + std::string(107, 'x'), true));
  EXPECT_TRUE(parse_host_port("unix:/" + std::string(106, 'x'), true));
}

TEST(HostPort, KnowsIpv4) {
  EXPECT_TRUE(is_ipv4("127.0.5.2"));
  for (const std::string_view text : {"", "127.0.5", "127.0.5.256", "::1", "127.0.5.2 ", "birl.example"})
    EXPECT_FALSE(is_ipv4(text)) << text;
}

}  // namespace
}  // namespace tsmtp::base
