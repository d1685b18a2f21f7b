// Every state of both ends × every pair of events that a client, a server or a peer can bring then, and
// random walks: no address but the two of the control connection is ever used, few data connections are
// possible at once, nothing of a refused command reaches the server, and what is kept stays small.
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <random>
#include <set>

#include "tests/unit/forward/ftp/ends.h"

namespace tsmtp::forward::ftp {
namespace {

/// Client, near end, far end and server; it looks at all that passes.
class Walk {
 public:
  explicit Walk(bool v6) : near_(v6), far_({.refuse = {"STOR"}, .blind_tls = true}, v6) {}

  void client(std::string_view bytes) {
    if (over_) return;
    pass(near_.client(bytes), true);
  }
  void server(std::string_view bytes) {
    if (over_) return;
    pass(far_.server(bytes), false);
  }
  /// The other hub says what ours would not.
  void peer_of_near(std::string_view bytes) {
    if (!over_) pass(near_.link(bytes), true);
  }
  void peer_of_far(std::string_view bytes) {
    if (!over_) pass(far_.link(bytes), false);
  }
  [[nodiscard]] bool is_over() const { return over_; }

  void look() {
    look_at(near_.host, {"127.0.0.9:", "[::9]:"});
    look_at(far_.host, {"192.0.2.7:", "[2001:db8::7]:"});
    for (const std::string& told : near_.host.told)
      EXPECT_FALSE(told.ends_with(":25")) << told;
  }

 private:
  void pass(const Sent& sent, bool at_near) {
    if (!sent.error.empty()) {
      over_ = true;
      return;
    }
    if (!at_near) {
      opaque_ = opaque_ || sent.to_link.find("234 ") != std::string::npos;
      EXPECT_TRUE(opaque_ || ("\n" + sent.to_host).find("\nSTOR") == std::string::npos) << sent.to_host;
    }
    if (sent.to_link.empty()) return;
    pass(at_near ? far_.link(sent.to_link) : near_.link(sent.to_link), !at_near);
  }
  static void look_at(const ToldHost& host, const std::vector<std::string>& places) {
    std::set<std::string> open;
    for (const std::string& told : host.told) {
      const std::string token = told.substr(told.find(' ') + 1, told.find(' ', 8) - told.find(' ') - 1);
      if (told.starts_with("forget")) open.erase(token);
      if (!told.starts_with("forget")) open.insert(token);
      EXPECT_LE(open.size(), Openings::kMax);
      if (!told.starts_with("expect")) continue;
      EXPECT_TRUE(told.find(places[0]) != std::string::npos || told.find(places[1]) != std::string::npos)
          << told;
    }
  }

  Near near_;
  Far far_;
  bool over_ = false;
  bool opaque_ = false;
};

using Event = std::pair<const char*, std::function<void(Walk&)>>;

std::vector<Event> events() {
  std::vector<Event> all;
  for (const char* line : {"NOOP\r\n",
                           "PASV\r\n",
                           "EPSV\r\n",
                           "EPSV ALL\r\n",
                           "PORT 127,0,0,9,4,1\r\n",
                           "PORT 127,0,0,9,0,25\r\n",
                           "PORT 10,0,0,1,4,1\r\n",
                           "EPRT |2|::9|2000|\r\n",
                           "EPRT |1|127.0.0.9|2000|\r\n",
                           "RETR a\r\n",
                           "STOR a\r\n",
                           "stor a\nNOOP\n",
                           "LIST\r\n",
                           "STAT\r\n",
                           "FEAT\r\n",
                           "AUTH TLS\r\n",
                           "NOOP\rSTOR a\r\n",
                           "\xff\xf4\xff\xf2"
                           "ABOR\r\n",
                           "half",
                           "QUIT\r\n"})
    all.emplace_back(line, [line](Walk& walk) { walk.client(line); });
  for (const char* line : {"200 ok\r\n", "150 coming\r\n", "226 done\r\n", "227 ok (192,0,2,7,4,1)\r\n",
                           "227 ok (10,0,0,1,4,1)\r\n", "229 ok (|||1025|)\r\n", "229 ok (|||25|)\r\n",
                           "213 status\r\n", "234 go\r\n", "331 more\r\n", "421 bye\r\n", "426 cut\r\n",
                           "500 no\r\n", "211-a\r\n", "211 End\r\n", "half of", "no reply\r\n"})
    all.emplace_back(line, [line](Walk& walk) { walk.server(line); });
  for (const char* line : {"229 ok (|||7|)\r\n", "227 ok (10,0,0,1,4,1)\r\n", "234 go\r\n", "600 x\r\n"})
    all.emplace_back(line, [line](Walk& walk) { walk.peer_of_near(line); });
  for (const char* line : {"EPRT |1|0.0.0.0|9|\r\n", "EPRT |1|10.0.0.1|2000|\r\n", "PORT 10,0,0,1,4,1\r\n",
                           "PASV\r\n", "STOR x\r\n"})
    all.emplace_back(line, [line](Walk& walk) { walk.peer_of_far(line); });
  return all;
}

struct State {
  const char* name;
  std::function<void(Walk&)> reach;
};

std::vector<State> states() {
  const auto greeted = [](Walk& walk) { walk.server("220 hello\r\n"); };
  const auto after = [greeted](const char* command, const char* reply) {
    return [greeted, command, reply](Walk& walk) {
      greeted(walk);
      walk.client(command);
      walk.server(reply);
    };
  };
  return {{"connected", [](Walk&) {}},
          {"greeted", greeted},
          {"passive asked", after("PASV\r\n", "")},
          {"passive", after("EPSV\r\n", "229 ok (|||1025|)\r\n")},
          {"active asked", after("PORT 127,0,0,9,4,1\r\n", "")},
          {"active", after("EPRT |1|127.0.0.9|2000|\r\n", "200 ok\r\n")},
          {"transferring", after("RETR a\r\n", "150 coming\r\n")},
          {"in a reply", after("FEAT\r\n", "211-Features\r\n")},
          {"extended only", after("EPSV ALL\r\n", "200 ok\r\n")},
          {"TLS asked", after("AUTH TLS\r\n", "")},
          {"opaque", after("AUTH TLS\r\n", "234 go\r\n")},
          {"a line has begun", after("NO", "22")},
          {"pipelining", after("RETR a\r\nSTOR b\r\nPASV\r\nPORT 1,1,1,1,1,1\r\nRETR c\r\n", "150 a\r\n")}};
}

TEST(StateEventTable, EachStateOfFtpTakesAnyTwoEvents) {
  const auto all = events();
  for (const bool v6 : {false, true})
    for (const State& state : states())
      for (const Event& first : all)
        for (const Event& second : all) {
          SCOPED_TRACE(std::string(state.name) + ", " + first.first + ", " + second.first);
          Walk walk(v6);
          state.reach(walk);
          EXPECT_FALSE(walk.is_over());
          first.second(walk);
          second.second(walk);
          walk.look();
          if (testing::Test::HasFailure()) return;
        }
}

TEST(StateEventTable, RandomWalksOfFtp) {
  const char* const given = std::getenv("TSMTP_SEED");
  const unsigned first = given != nullptr ? static_cast<unsigned>(std::atoi(given)) : 1;
  const unsigned last = given != nullptr ? first : 2000;
  const auto all = events();
  for (unsigned seed = first; seed <= last; ++seed) {
    SCOPED_TRACE("TSMTP_SEED=" + std::to_string(seed));
    std::mt19937 random(seed);
    Walk walk(seed % 2 == 0);
    walk.server("220 hello\r\n");
    for (int step = 0; step < 60; ++step)
      all[random() % all.size()].second(walk);
    walk.look();
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace tsmtp::forward::ftp
