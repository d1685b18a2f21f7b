// The watches of an EtcdClient: one stream from the member that serves, opened anew whenever it ends, the
// member changes, or a watch comes or goes. etcd/watch_lines knows where each goes on.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "relayd/base/lifetime.h"
#include "relayd/etcd/store.h"
#include "relayd/etcd/watch_lines.h"
#include "relayd/net/etcd/etcd_connection.h"

namespace tsmtp::net {

class EtcdWatches {
 public:
  using MakeConnection = std::function<std::shared_ptr<EtcdConnection>(std::size_t endpoint)>;
  /// Why a stream could not be had, or ended.
  using Failed = std::function<void(std::size_t endpoint, const std::string& cause)>;

  EtcdWatches(const boost::asio::any_io_executor& executor, MakeConnection make_connection, Failed failed,
              std::chrono::milliseconds limit);
  ~EtcdWatches();
  EtcdWatches(const EtcdWatches&) = delete;
  EtcdWatches& operator=(const EtcdWatches&) = delete;

  [[nodiscard]] std::uint64_t add(etcd::Range range, etcd::Watcher& watcher);
  void remove(std::uint64_t watch);
  /// The member that serves; none: there is none.
  void follow(std::optional<std::size_t> endpoint, const std::string& token);

 private:
  void open();
  void stop();
  void listen();
  void received(std::string_view bytes);
  void lost(const std::string& cause);
  void tell();

  boost::asio::any_io_executor executor_;
  MakeConnection make_connection_;
  Failed failed_;
  std::chrono::milliseconds limit_;
  etcd::WatchLines lines_;
  std::map<std::uint64_t, etcd::Watcher*> watchers_;
  std::uint64_t last_watch_ = 0;
  std::optional<std::size_t> endpoint_;
  std::string token_;
  std::shared_ptr<EtcdConnection> connection_;
  std::chrono::milliseconds rest_{0};  // before the next try
  bool is_resting_ = false;
  boost::asio::steady_timer timer_;
  base::Lifetime lifetime_;
};

}  // namespace tsmtp::net
