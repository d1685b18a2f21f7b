// relayd's own client beside real members of etcd, which are killed, frozen, cut off, filled, and asked with
// the wrong words.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <map>

#include "relayd/net/etcd/etcd_client.h"
#include "tests/support/connection.h"
#include "tests/support/etcd_cluster.h"
#include "tests/support/service.h"

namespace tsmtp::net {
namespace {

using namespace std::chrono_literals;
using etcd::Compare;
using etcd::Delete;
using etcd::Failure;
using etcd::Get;
using etcd::Lease;
using etcd::Put;
using etcd::Transaction;
using support::EtcdCluster;
using Security = EtcdCluster::Security;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Log : public base::Logger {
 public:
  void log(base::LogLevel, std::string_view line) override { lines.emplace_back(line); }
  [[nodiscard]] std::size_t with(const std::string& text) const {
    return static_cast<std::size_t>(std::count_if(lines.begin(), lines.end(), [&](const std::string& line) {
      return line.find(text) != std::string::npos;
    }));
  }
  std::vector<std::string> lines;
};

/// With time for everything, where a test is not about time.
settings::Ledger settings_for(const std::vector<std::string>& urls, std::chrono::seconds timeout = 60s) {
  settings::Ledger out{.engine = settings::LedgerEngine::kEtcd, .timeout = timeout};
  for (const std::string& url : urls) {
    const bool is_clear = url.starts_with("http:");
    out.endpoints.push_back(
        {.address = *base::parse_host_port(url.substr(is_clear ? 7 : 8)), .is_clear = is_clear});
  }
  return out;
}

/// A client with its loop, which turns while the test waits.
class Client {
 public:
  explicit Client(const settings::Ledger& settings) : etcd(loop.get_executor(), settings, log) {}

  template <typename Condition>
  [[nodiscard]] bool until(Condition condition) {
    return support::wait_until([&] {
      loop.poll();
      loop.restart();
      return condition();
    });
  }
  etcd::Result ask(Transaction transaction) {
    std::optional<etcd::Result> result;
    etcd.submit(std::move(transaction), [&](const etcd::Result& said) { result = said; });
    EXPECT_FALSE(result);
    EXPECT_TRUE(until([&] { return result.has_value(); }));
    return *result;
  }
  boost::system::result<Lease, Failure> grant(std::chrono::seconds time) {
    std::optional<boost::system::result<Lease, Failure>> result;
    etcd.grant(time, [&](const auto& said) { result = said; });
    EXPECT_TRUE(until([&] { return result.has_value(); }));
    return *result;
  }
  boost::system::result<Lease, Failure> keep_alive(Lease lease) {
    std::optional<boost::system::result<Lease, Failure>> result;
    etcd.keep_alive(lease, [&](const auto& said) { result = said; });
    EXPECT_TRUE(until([&] { return result.has_value(); }));
    return *result;
  }
  /// Asks until it is done.
  [[nodiscard]] bool serves() {
    return until([&] { return static_cast<bool>(ask(put("/tsmtp/served", "yes"))); });
  }

  static Transaction put(const std::string& key, const std::string& value, Lease lease = 0) {
    return {.then = {Put{.key = key, .value = value, .lease = lease}}};
  }
  static Transaction read(const std::string& key) { return {.then = {Get{.range = {.key = key}}}}; }
  /// As a hub claims a transaction.
  static Transaction claim(const std::string& key, const std::string& value) {
    return {.when = {Compare{.range = {.key = key}}},
            .then = {Put{.key = key, .value = value}},
            .otherwise = {Get{.range = {.key = key}}}};
  }

  Log log;
  boost::asio::io_context loop;
  EtcdClient etcd;
};

TEST(EtcdClient, EverythingThatIsAskedOfOneMember) {
  EtcdCluster cluster;
  Client client(settings_for(cluster.urls()));

  const auto first = client.ask(Client::claim("/tsmtp/a", std::string("\0\xff\"1", 4)));
  ASSERT_TRUE(first) << first.error().cause;
  EXPECT_TRUE(first->held);
  const auto second = client.ask(Client::claim("/tsmtp/a", "2"));
  ASSERT_TRUE(second);
  EXPECT_FALSE(second->held);
  ASSERT_EQ(second->got.at(0).size(), 1U);
  EXPECT_EQ(second->got[0][0].value, std::string("\0\xff\"1", 4));
  EXPECT_EQ(second->got[0][0].modified, first->revision);
  EXPECT_FALSE(client.etcd.trouble());

  // Many at once, some for one key: each has its own answer, in order.
  std::map<int, bool> held;
  for (int i = 0; i < 500; ++i)
    client.etcd.submit(Client::claim("/tsmtp/many/" + std::to_string(i / 2), std::to_string(i)),
                       [&, i](const etcd::Result& result) { held[i] = result && result->held; });
  ASSERT_TRUE(client.until([&] { return held.size() == 500; }));
  for (int i = 0; i < 500; ++i)
    EXPECT_EQ(held[i], i % 2 == 0) << i;
  const auto range = client.ask({.then = {Get{.range = etcd::all_below("/tsmtp/many/")}}});
  ASSERT_TRUE(range);
  EXPECT_EQ(range->got.at(0).size(), 250U);
  const auto some = client.ask({.when = {Compare{.range = etcd::all_below("/tsmtp/none/")},
                                         Compare{.range = {.key = "/tsmtp/many/1"}, .value = "2"}},
                                .then = {Get{.range = etcd::all_below("/tsmtp/many/"), .limit = 3},
                                         Delete{.range = etcd::all_below("/tsmtp/many/")}}});
  ASSERT_TRUE(some);
  EXPECT_TRUE(some->held);
  EXPECT_EQ(some->got.at(0).size(), 3U);
  EXPECT_FALSE(cluster.value("/tsmtp/many/1"));

  // Leases, and one that nobody has among others in one request.
  const auto lease = client.grant(60s);
  ASSERT_TRUE(lease);
  EXPECT_EQ(*client.keep_alive(*lease), *lease);
  std::vector<bool> done;
  const auto note = [&](const etcd::Result& result) { done.push_back(static_cast<bool>(result)); };
  client.etcd.submit(Client::put("/tsmtp/1", "x", *lease), note);
  client.etcd.submit(Client::put("/tsmtp/2", "x", 4711), note);
  client.etcd.submit(Client::put("/tsmtp/3", "x"), note);
  ASSERT_TRUE(client.until([&] { return done.size() == 3; }));
  EXPECT_THAT(done, ElementsAre(true, false, true));
  EXPECT_FALSE(client.etcd.trouble());
  client.etcd.revoke(*lease);
  EXPECT_TRUE(client.until([&] { return *client.keep_alive(*lease) == 0; }));
  EXPECT_FALSE(cluster.value("/tsmtp/1"));
  EXPECT_EQ(cluster.value("/tsmtp/3"), "x");
}

}  // namespace
}  // namespace tsmtp::net
