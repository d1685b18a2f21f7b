// How many claims a second etcd takes from relayd's client, and how long each waits: so many outstanding at a
// time, with one member and with three, synced to the disk or not.
//
//   etcd_claims [SECONDS]
#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "relayd/net/etcd/etcd_client.h"
#include "tests/support/etcd_cluster.h"

namespace tsmtp {
namespace {

using Clock = std::chrono::steady_clock;

class Quiet : public base::Logger {
 public:
  void log(base::LogLevel, std::string_view) override {}
};

/// Claims keys, as many at a time as it is told, for some seconds.
class Load {
 public:
  Load(const support::EtcdCluster& cluster, std::size_t outstanding, std::chrono::seconds time)
      : etcd_(loop_.get_executor(), settings_for(cluster), log_), until_(Clock::now() + time) {
    for (std::size_t i = 0; i < outstanding; ++i)
      claim();
  }

  void run() {
    const auto begin = Clock::now();
    while (outstanding_ > 0)
      loop_.run_one();
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    std::sort(waits_.begin(), waits_.end());
    if (waits_.empty()) return (void)std::printf("nothing was done\n");
    std::printf("%8.0f a second, half within %6.1f ms, 99 of 100 within %6.1f ms, %zu failed\n",
                static_cast<double>(waits_.size()) / seconds, at(0.5), at(0.99), failed_);
  }

 private:
  static settings::Ledger settings_for(const support::EtcdCluster& cluster) {
    settings::Ledger settings{.engine = settings::LedgerEngine::kEtcd};
    for (std::size_t i = 0; i < cluster.size(); ++i)
      settings.endpoints.push_back(
          {.address = {.host = "127.0.0.1", .port = cluster.port(i), .unix_path = {}}, .is_clear = true});
    return settings;
  }

  void claim() {
    static std::uint64_t number = 0;
    ++outstanding_;
    const std::string key = "/tsmtp/transactions/birl/" + std::to_string(++number);
    etcd_.submit({.when = {etcd::Compare{.range = {.key = key}}},
                  .then = {etcd::Put{.key = key, .value = std::string(100, 'x')}},
                  .otherwise = {etcd::Get{.range = {.key = key}}}},
                 [this, asked = Clock::now()](const etcd::Result& result) {
                   --outstanding_;
                   if (!result) ++failed_;
                   waits_.push_back(std::chrono::duration<double, std::milli>(Clock::now() - asked).count());
                   if (Clock::now() < until_) claim();
                 });
  }

  [[nodiscard]] double at(double part) const {
    return waits_[static_cast<std::size_t>(part * static_cast<double>(waits_.size() - 1))];
  }

  Quiet log_;
  boost::asio::io_context loop_;
  net::EtcdClient etcd_;
  Clock::time_point until_;
  std::size_t outstanding_ = 0, failed_ = 0;
  std::vector<double> waits_;
};

}  // namespace
}  // namespace tsmtp

int main(int argc, char** argv) {
  using namespace tsmtp;
  const std::chrono::seconds time(argc > 1 ? std::atoi(argv[1]) : 5);
  for (const std::size_t members : {1U, 3U}) {
    for (const bool is_synced : {false, true}) {
      support::EtcdCluster::Options options{.members = members};
      if (is_synced) options.more.emplace_back("--unsafe-no-fsync=false");
      support::EtcdCluster cluster(options);
      for (const std::size_t outstanding : {1U, 10U, 100U, 1000U}) {
        std::printf("%zu member%s, %s, %4zu outstanding: ", members, members == 1 ? "" : "s",
                    is_synced ? "synced" : "not synced", outstanding);
        std::fflush(stdout);
        Load(cluster, outstanding, time).run();
      }
    }
  }
}
