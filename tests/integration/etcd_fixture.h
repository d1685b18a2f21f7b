// A client of etcd in the test's own process, with its loop, which turns while the test waits.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "relayd/net/etcd/etcd_client.h"
#include "tests/support/etcd_cluster.h"
#include "tests/support/wait_until.h"

namespace tsmtp::net {

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
inline settings::Ledger settings_for(const std::vector<std::string>& urls,
                                     std::chrono::seconds timeout = std::chrono::seconds(60)) {
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
  etcd::Result ask(etcd::Transaction transaction) {
    std::optional<etcd::Result> result;
    etcd.submit(std::move(transaction), [&](const etcd::Result& said) { result = said; });
    EXPECT_FALSE(result);
    EXPECT_TRUE(until([&] { return result.has_value(); }));
    return *result;
  }
  boost::system::result<etcd::Lease, etcd::Failure> grant(std::chrono::seconds time) {
    std::optional<boost::system::result<etcd::Lease, etcd::Failure>> result;
    etcd.grant(time, [&](const auto& said) { result = said; });
    EXPECT_TRUE(until([&] { return result.has_value(); }));
    return *result;
  }
  boost::system::result<etcd::Lease, etcd::Failure> keep_alive(etcd::Lease lease) {
    std::optional<boost::system::result<etcd::Lease, etcd::Failure>> result;
    etcd.keep_alive(lease, [&](const auto& said) { result = said; });
    EXPECT_TRUE(until([&] { return result.has_value(); }));
    return *result;
  }
  /// Asks until it is done.
  [[nodiscard]] bool serves() {
    return until([&] { return static_cast<bool>(ask(put("/tsmtp/served", "yes"))); });
  }

  static etcd::Transaction put(const std::string& key, const std::string& value, etcd::Lease lease = 0) {
    return {.then = {etcd::Put{.key = key, .value = value, .lease = lease}}};
  }
  static etcd::Transaction read(const std::string& key) {
    return {.then = {etcd::Get{.range = {.key = key}}}};
  }
  /// As a hub claims a transaction.
  static etcd::Transaction claim(const std::string& key, const std::string& value) {
    return {.when = {etcd::Compare{.range = {.key = key}}},
            .then = {etcd::Put{.key = key, .value = value}},
            .otherwise = {etcd::Get{.range = {.key = key}}}};
  }

  Log log;
  boost::asio::io_context loop;
  EtcdClient etcd;
};

}  // namespace tsmtp::net
