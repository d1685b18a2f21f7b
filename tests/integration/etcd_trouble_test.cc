// etcd in trouble: members killed, frozen, cut off from each other, full; and servers that are none. Every
// request is answered in time, what is said of it is true, and all is well again without a restart.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <thread>

#include "tests/integration/etcd_fixture.h"
#include "tests/support/connection.h"

namespace tsmtp::net {
namespace {

using namespace std::chrono_literals;
using support::EtcdCluster;
using ::testing::HasSubstr;

/// Asks for claims until the test has seen enough, and remembers what was said of each.
class Claims {
 public:
  explicit Claims(Client& client) : client_(client) {}

  void ask(int count) {
    for (int i = 0; i < count; ++i) {
      const std::string key = "/tsmtp/claims/" + std::to_string(asked_++);
      client_.etcd.submit(Client::claim(key, "once"), [this, key](const etcd::Result& result) {
        said_.emplace(key, result ? (result->held ? "held" : "not held")
                                  : (result.error().may_be_done ? "unknown" : "undone"));
      });
    }
  }
  [[nodiscard]] bool is_all_answered() const { return std::ssize(said_) == asked_; }
  [[nodiscard]] std::size_t with(const std::string& word) const {
    return static_cast<std::size_t>(
        std::count_if(said_.begin(), said_.end(), [&](const auto& one) { return one.second == word; }));
  }
  /// What was held is there, and what is undone is not; nothing was claimed twice.
  void check() {
    std::map<std::string, std::string> there;
    const auto all = client_.ask({.then = {etcd::Get{.range = etcd::all_below("/tsmtp/claims/")}}});
    ASSERT_TRUE(all) << all.error().cause;
    for (const etcd::KeyValue& row : all->got.at(0)) {
      there.emplace(row.key, row.value);
      EXPECT_EQ(row.created, row.modified);
    }
    for (const auto& [key, said] : said_) {
      if (said == "held" || said == "undone") {
        EXPECT_EQ(there.contains(key), said == "held") << key;
      }
      EXPECT_NE(said, "not held") << key;
    }
  }

 private:
  Client& client_;
  int asked_ = 0;
  std::map<std::string, std::string> said_;
};

TEST(EtcdTrouble, MembersDieFreezeAndLoseEachOther) {
  EtcdCluster cluster({.members = 3});
  Client client(settings_for(cluster.urls(), 6s));
  ASSERT_TRUE(client.serves());
  Claims claims(client);

  // The member that is asked is killed under load, then its next.
  for (const std::size_t member : {0U, 1U}) {
    claims.ask(400);
    (void)client.until([&] { return claims.with("held") > 0; });
    claims.ask(400);
    cluster.kill(member);
    ASSERT_TRUE(client.until([&] { return claims.is_all_answered(); }));
    cluster.restart(member);
    EXPECT_TRUE(client.serves());
  }
  // Frozen: its kernel still takes what is sent to it. What is asked later goes to another.
  for (std::size_t member = 0; member < 3; ++member)
    if (cluster.leader() != member) {
      cluster.freeze(member);
      claims.ask(100);
      ASSERT_TRUE(client.until([&] { return claims.is_all_answered(); }));
      EXPECT_TRUE(client.serves());
      cluster.thaw(member);
    }
  claims.check();
  EXPECT_GT(claims.with("held"), 0U);

  // Without a quorum nothing is done, and all is answered in time.
  EXPECT_TRUE(client.serves());
  cluster.cut_quorum(2);
  const auto begin = std::chrono::steady_clock::now();
  claims.ask(100);
  ASSERT_TRUE(client.until([&] { return claims.is_all_answered(); }));
  const auto cut = client.ask(Client::put("/tsmtp/cut", "1"));
  EXPECT_FALSE(cut);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2 * 6s + 10s);
  ASSERT_TRUE(client.etcd.trouble());
  EXPECT_THAT(client.etcd.trouble()->cause, HasSubstr("etcd at http://127.0.0.1:"));
  // It is known to be down: nobody waits any more.
  ASSERT_TRUE(client.until([&] {
    const auto asked = std::chrono::steady_clock::now();
    const auto result = client.ask(Client::put("/tsmtp/cut", "1"));
    EXPECT_FALSE(result);
    return !result && !result.error().may_be_done && std::chrono::steady_clock::now() - asked < 1s;
  }));
  const std::size_t lines = client.log.lines.size();
  EXPECT_THAT(client.log.lines.back(), HasSubstr("mail is put off"));
  cluster.heal();
  EXPECT_TRUE(client.serves());
  EXPECT_FALSE(client.etcd.trouble());
  EXPECT_EQ(client.log.lines.size(), lines + 1) << "one line for a change, not for a request";
  EXPECT_THAT(client.log.lines.back(), HasSubstr("answers again"));
  claims.check();
}

// Puts in one request count like others, so that etcd stops at its quota.
TEST(EtcdTrouble, FullUntilThereIsRoomAgain) {
  constexpr std::int64_t kQuota = 4 << 20;
  EtcdCluster cluster({.quota_bytes = kQuota});
  Client client(settings_for(cluster.urls(), 20s));
  bool is_full = false;
  for (int i = 0; i < 100 && !is_full; ++i) {
    std::size_t answered = 0;
    for (int j = 0; j < 2; ++j)
      client.etcd.submit(Client::put("/tsmtp/" + std::to_string(j), std::string(300 << 10, 'x')),
                         [&](const etcd::Result& result) {
                           ++answered;
                           if (!result && result.error().cause.find("full") != std::string::npos)
                             is_full = true;
                         });
    ASSERT_TRUE(client.until([&] { return answered == 2; }));
  }
  ASSERT_TRUE(is_full);
  ASSERT_TRUE(client.etcd.trouble());
  EXPECT_THAT(client.etcd.trouble()->cause, HasSubstr("alarm disarm"));
  // It is still read from, and is in trouble all the same.
  EXPECT_TRUE(client.ask(Client::read("/tsmtp/0")));
  EXPECT_TRUE(client.etcd.trouble());
  EXPECT_FALSE(client.ask(Client::put("/tsmtp/1", "x")));

  const auto now = client.ask(Client::read("/tsmtp/0"));
  ASSERT_TRUE(now);
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"compact", std::to_string(now->revision)}, {"defrag"}, {"alarm", "disarm"}})
    ASSERT_EQ(cluster.ctl(command).status, 0) << command[0];
  ASSERT_TRUE(client.until([&] { return !client.etcd.trouble(); })) << "it finds out by itself";
  EXPECT_TRUE(client.ask(Client::put("/tsmtp/1", "x")));
}

/// Takes connections, and says one thing on each of them as soon as something was asked.
class SaysAlways {
 public:
  explicit SaysAlways(std::string what) : what_(std::move(what)), listener_(support::listen_on(port_)) {
    thread_ = std::thread([this] { serve(); });
  }
  ~SaysAlways() {
    ends_ = true;
    thread_.join();
    close(listener_);
    for (const int connection : connections_)
      close(connection);
  }
  SaysAlways(const SaysAlways&) = delete;
  SaysAlways& operator=(const SaysAlways&) = delete;
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  void serve() {
    while (!ends_) {
      pollfd waiting{.fd = listener_, .events = POLLIN, .revents = 0};
      if (poll(&waiting, 1, 20) != 1) continue;
      const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection < 0) continue;
      connections_.push_back(connection);
      if (what_.empty()) continue;
      char asked[4096];
      pollfd asking{.fd = connection, .events = POLLIN, .revents = 0};
      if (poll(&asking, 1, 5000) == 1) (void)!recv(connection, asked, sizeof asked, 0);
      std::string_view rest = what_;
      while (!rest.empty() && !ends_) {
        const auto sent = send(connection, rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent <= 0) break;
        rest.remove_prefix(static_cast<std::size_t>(sent));
      }
    }
  }

  std::string what_;
  std::uint16_t port_ = support::free_port();
  int listener_;
  std::atomic<bool> ends_{false};
  std::vector<int> connections_;
  std::thread thread_;
};

TEST(EtcdTrouble, ServersThatAreNone) {
  const auto ok = [](const std::string& body) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  };
  struct Case {
    std::string says, cause;
  };
  for (const Case& one :
       {Case{"", "does not answer within"}, Case{"220 mail.example ESMTP\r\n", "does not speak HTTP"},
        Case{ok("<html>It works!</html>"), "is not understood"}, Case{ok("{}"), "is not understood"},
        Case{"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "HTTP status 404"},
        Case{"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "more than 8 MiB"},
        Case{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n" + std::string(20 << 20, ' '),
             "more than 8 MiB"},
        Case{"HTTP/1.1 200 OK\r\nX: " + std::string(1 << 20, 'x'), "HTTP"},
        Case{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}", "does not answer within"}}) {
    SCOPED_TRACE(one.says.substr(0, 60));
    const SaysAlways server(one.says);
    Client client(settings_for({server.url()}, 1s));
    std::string cause;
    EXPECT_TRUE(client.until([&] {
      const auto result = client.ask(Client::put("/tsmtp/a", "1"));
      EXPECT_FALSE(result);
      if (result) return true;
      EXPECT_FALSE(result.error().may_be_done) << "it was not asked for: nobody was found";
      cause = result.error().cause;
      return cause.find(one.cause) != std::string::npos;
    })) << cause;
    EXPECT_THAT(cause, HasSubstr(server.url()));
  }
}

TEST(EtcdTrouble, OneGoodMemberAmongServersThatAreNone) {
  EtcdCluster cluster;
  const SaysAlways silent(""), garbage("SSH-2.0-OpenSSH_9.2\r\n");
  Client client(settings_for({silent.url(), garbage.url(),
                              "http://127.0.0.1:" + std::to_string(support::free_port()), cluster.url(0)},
                             8s));
  const auto result = client.ask(Client::put("/tsmtp/a", "1"));
  ASSERT_TRUE(result) << result.error().cause;
}

}  // namespace
}  // namespace tsmtp::net
