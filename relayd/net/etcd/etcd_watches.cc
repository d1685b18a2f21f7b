#include "relayd/net/etcd/etcd_watches.h"

#include <algorithm>
#include <utility>

namespace tsmtp::net {
namespace {

constexpr std::chrono::milliseconds kFirstRest{100}, kLongestRest{1000};

}  // namespace

EtcdWatches::EtcdWatches(const boost::asio::any_io_executor& executor, MakeConnection make_connection,
                         Failed failed, std::chrono::milliseconds limit)
    : executor_(executor),
      make_connection_(std::move(make_connection)),
      failed_(std::move(failed)),
      limit_(limit),
      timer_(executor) {}

EtcdWatches::~EtcdWatches() {
  lifetime_.end();
  stop();
}

std::uint64_t EtcdWatches::add(etcd::Range range, etcd::Watcher& watcher) {
  watchers_[++last_watch_] = &watcher;
  lines_.add(last_watch_, std::move(range));
  stop();
  return last_watch_;
}

void EtcdWatches::remove(std::uint64_t watch) {
  watchers_.erase(watch);
  lines_.remove(watch);
  stop();
}

void EtcdWatches::follow(std::optional<std::size_t> endpoint, const std::string& token) {
  if (endpoint != endpoint_) {
    stop();
    rest_ = {};
    is_resting_ = false;
    timer_.cancel();
  }
  endpoint_ = endpoint;
  token_ = token;
  if (endpoint_ && lines_.has_watches() && !connection_ && !is_resting_) open();
}

void EtcdWatches::stop() {
  if (connection_) connection_->close();
  connection_.reset();
}

void EtcdWatches::open() {
  connection_ = make_connection_(*endpoint_);
  connection_->open(limit_, lifetime_.guard([this](const std::string& error) {
    if (!error.empty()) return lost(error);
    listen();
  }));
}

void EtcdWatches::listen() {
  connection_->stream(lines_.begin(), token_, limit_,
                      lifetime_.guard([this](std::string_view bytes) { received(bytes); }),
                      lifetime_.guard([this](const std::string& cause) { lost(cause); }));
}

void EtcdWatches::received(std::string_view bytes) {
  const auto taken = lines_.receive(bytes);
  if (lines_.is_established()) rest_ = {};
  if (!taken) lost(taken.error().message);
  tell();
}

// A watcher may add and remove watches meanwhile, its own included, or end all this.
void EtcdWatches::tell() {
  auto is_alive = lifetime_.guard([] { return true; });
  while (is_alive()) {
    const auto event = lines_.next();
    if (!event) return;
    if (const auto* anew = std::get_if<etcd::WatchLines::BeginAnew>(&*event)) {
      if (const auto found = watchers_.find(anew->watch); found != watchers_.end())
        found->second->begin_anew();
    } else {
      const auto& changed = std::get<etcd::WatchLines::Changed>(*event);
      if (const auto found = watchers_.find(changed.watch); found != watchers_.end())
        found->second->changed(changed.changes);
    }
  }
}

void EtcdWatches::lost(const std::string& cause) {
  stop();
  is_resting_ = true;
  timer_.expires_after(rest_);
  rest_ = std::clamp(2 * rest_, kFirstRest, kLongestRest);
  timer_.async_wait(lifetime_.guard([this](const boost::system::error_code& error) {
    if (error) return;
    is_resting_ = false;
    if (endpoint_ && lines_.has_watches() && !connection_) open();
  }));
  if (endpoint_) failed_(*endpoint_, cause);
}

}  // namespace tsmtp::net
