// etcd as those see it who keep something there. net/etcd implements it with sockets, tests with a map in
// memory. Every call is answered: in time or with a Failure, from the event loop, and never inside the call.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "relayd/base/clock.h"
#include "relayd/etcd/transaction.h"

namespace tsmtp::etcd {

/// One change of a key that is watched. Without a value: it was deleted, or its lease ended.
struct Change {
  std::string key;
  std::optional<std::string> value{};
  std::int64_t revision = 0;
};

class Watcher {
 public:
  virtual ~Watcher() = default;
  /// In etcd's order.
  virtual void changed(const std::vector<Change>& changes) = 0;
  /// Changes may have been missed (compaction, a long absence, the first time): read all anew. What changes
  /// from then on is told.
  virtual void begin_anew() = 0;
};

/// Since when etcd does not serve us.
struct Trouble {
  std::string cause;
  base::WallTime since;
};

class Store {
 public:
  virtual ~Store() = default;

  using Done = std::function<void(const Result&)>;
  /// Transactions that wait together go in one request; two of them for one key go in order. Linearizable.
  virtual void submit(Transaction transaction, Done done) = 0;

  using Granted = std::function<void(const boost::system::result<Lease, Failure>&)>;
  virtual void grant(std::chrono::seconds time_to_live, Granted granted) = 0;
  /// The answer is the lease, or 0 if it has ended.
  virtual void keep_alive(Lease lease, Granted kept) = 0;
  virtual void revoke(Lease lease) = 0;

  using WatchId = std::uint64_t;
  /// `watcher` is borrowed until unwatch(). It is told to begin anew first.
  [[nodiscard]] virtual WatchId watch(Range range, Watcher& watcher) = 0;
  virtual void unwatch(WatchId id) = 0;

  /// Nothing: the last request was answered, or none was made yet.
  [[nodiscard]] virtual const std::optional<Trouble>& trouble() const = 0;
};

}  // namespace tsmtp::etcd
