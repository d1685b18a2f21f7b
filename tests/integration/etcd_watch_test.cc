// Watches of relayd's own client beside a real etcd: nothing is missed that happens while the connection is
// lost, and who may have missed something begins anew.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/etcd_fixture.h"
#include "tests/support/connection.h"
#include "tests/support/tcp_proxy.h"

namespace tsmtp::net {
namespace {

using namespace std::chrono_literals;
using support::EtcdCluster;
using ::testing::ElementsAre;

class Told : public etcd::Watcher {
 public:
  void changed(const std::vector<etcd::Change>& changes) override {
    for (const etcd::Change& change : changes)
      words.push_back(change.key + (change.value ? '=' + *change.value : " gone"));
  }
  void begin_anew() override { words.emplace_back("anew"); }
  std::vector<std::string> words;
};

TEST(EtcdWatch, NothingIsMissed) {
  EtcdCluster cluster;
  const std::uint16_t port = support::free_port();
  support::TcpProxy path(port, cluster.port(0));
  Client client(settings_for({"http://127.0.0.1:" + std::to_string(port)}, 10s));
  Told all, one;
  const auto id = client.etcd.watch(etcd::all_below("/tsmtp/"), all);
  ASSERT_TRUE(client.until([&] { return all.words.size() == 1; }));
  const auto lease = client.grant(60s);
  ASSERT_TRUE(lease);
  ASSERT_TRUE(client.ask(Client::put("/tsmtp/a", "1", *lease)));
  ASSERT_TRUE(client.ask(Client::put("/other/a", "1")));
  client.etcd.revoke(*lease);
  ASSERT_TRUE(client.until([&] { return all.words.size() == 3; }));
  EXPECT_THAT(all.words, ElementsAre("anew", "/tsmtp/a=1", "/tsmtp/a gone"));

  // A second watch beside the first, which goes on.
  const auto second = client.etcd.watch({.key = "/tsmtp/b"}, one);
  ASSERT_TRUE(client.until([&] { return one.words.size() == 1; }));
  path.leading_nowhere = true;
  path.cut();
  ASSERT_EQ(cluster.ctl({"put", "/tsmtp/b", "2"}).status, 0);
  ASSERT_EQ(cluster.ctl({"put", "/tsmtp/b", "3"}).status, 0);
  path.leading_nowhere = false;
  path.cut();
  ASSERT_TRUE(client.until([&] { return one.words.size() == 3 && all.words.size() == 5; }));
  EXPECT_THAT(one.words, ElementsAre("anew", "/tsmtp/b=2", "/tsmtp/b=3"));
  client.etcd.unwatch(second);

  // What etcd has forgotten cannot be told.
  path.leading_nowhere = true;
  path.cut();
  ASSERT_EQ(cluster.ctl({"put", "/tsmtp/b", "4"}).status, 0);
  ASSERT_EQ(cluster.ctl({"put", "/tsmtp/b", "5"}).status, 0);
  const auto revision = cluster.ctl({"get", "/tsmtp/b", "-w", "fields"}).output;
  const auto at = revision.find("\"Revision\" : ");
  ASSERT_NE(at, std::string::npos) << revision;
  ASSERT_EQ(cluster.ctl({"compact", std::to_string(std::stoll(revision.substr(at + 13)))}).status, 0);
  path.leading_nowhere = false;
  path.cut();
  ASSERT_TRUE(client.until([&] { return all.words.size() == 6; }));
  EXPECT_EQ(all.words.back(), "anew");
  ASSERT_TRUE(client.until([&] { return static_cast<bool>(client.ask(Client::put("/tsmtp/c", "6"))); }));
  ASSERT_TRUE(client.until([&] { return all.words.size() == 7; }));
  EXPECT_EQ(all.words.back(), "/tsmtp/c=6");
  EXPECT_EQ(one.words.size(), 3U);
  client.etcd.unwatch(id);
}

TEST(EtcdWatch, GoesWithTheMemberThatServes) {
  EtcdCluster cluster({.members = 3});
  Client client(settings_for(cluster.urls(), 6s));
  Told told;
  const auto id = client.etcd.watch(etcd::all_below("/tsmtp/"), told);
  ASSERT_TRUE(client.until([&] { return !told.words.empty(); }));
  cluster.freeze(0);
  // Its connections stand, and say nothing: silence is noticed by asking.
  ASSERT_TRUE(client.until([&] {
    (void)cluster.ctl({"--command-timeout=2s", "put", "/tsmtp/a", "1"});
    return cluster.ctl({"--command-timeout=2s", "get", "/tsmtp/a"}).output.find("/tsmtp/a") !=
           std::string::npos;
  }));
  ASSERT_TRUE(client.until([&] { return told.words.size() > 1; }));
  EXPECT_EQ(told.words.at(1), "/tsmtp/a=1");
  cluster.thaw(0);
  client.etcd.unwatch(id);
}

}  // namespace
}  // namespace tsmtp::net
