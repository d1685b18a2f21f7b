// What both kinds of proxy have in common: whatever it says, the dialogue ends in a yes, an error or waits,
// and no password is told.
#include <gtest/gtest.h>

#include <random>

#include "tests/unit/proxy/played.h"

namespace tsmtp::proxy {
namespace {

TEST(Dialogue, EndsWhateverTheProxySays) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const base::HostPort hub{.host = "hub.birl.example", .port = 5443, .unix_path = {}};
  for (int round = 0; round < 4000; ++round) {
    const bool is_http = random() % 2 == 0;
    settings::Proxy proxy{.kind = is_http ? settings::Proxy::Kind::kHttp : settings::Proxy::Kind::kSocks5,
                          .user = random() % 2 == 0 ? "tokyo" : "",
                          .address = {.host = "p", .port = 1, .unix_path = {}},
                          .password = "s3cret"};
    std::string answer =
        is_http ? "HTTP/1.1 200 OK\r\nA: b\r\n\r\n"s : "\x05\x00\x05\x00\x00\x03\x05gates\x15\x43"s;
    for (unsigned damage = random() % 4; damage > 0; --damage)
      answer[random() % answer.size()] = static_cast<char>(random());
    const Played whole = play(proxy, hub, {answer});
    const Played pieces = play(proxy, hub, {answer}, 1 + random() % 5);
    EXPECT_EQ(whole.error, pieces.error) << "however it was cut";
    EXPECT_EQ(whole.is_done, pieces.is_done);
    EXPECT_EQ(whole.left, pieces.left);
    EXPECT_EQ(whole.error.find("s3cret"), std::string::npos);
  }
}

}  // namespace
}  // namespace tsmtp::proxy
