// Carries out what the hubs of a site ask of etcd together (claims/operation.h), step by step; what must be
// done sooner or later is tried again until it is. It has no socket and no timer of its own.
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <vector>

#include "relayd/base/clock.h"
#include "relayd/base/lifetime.h"
#include "relayd/claims/operation.h"
#include "relayd/etcd/store.h"

namespace tsmtp::net {

class EtcdOperations {
 public:
  /// How long etcd remembers: an outcome as long as the local ledger, and a transaction that was disowned
  /// longer than a session can live on which it might still come.
  static constexpr std::chrono::hours kEndedAge{24 * 10};
  static constexpr std::chrono::hours kDisownedAge{24 * 2};
  /// One lease is for all that is written within this time.
  static constexpr std::chrono::hours kLeaseShared{1};
  /// So many are tried again and again; of more the oldest is given up, and found again by a look at all
  /// claims.
  static constexpr std::size_t kMostInsisted = 10'000;

  /// With nothing: it is done. Else it may be done in part.
  using Done = std::function<void(const std::optional<etcd::Failure>&)>;

  /// `store` is borrowed and outlives it.
  explicit EtcdOperations(etcd::Store& store) : store_(store) {}
  ~EtcdOperations() { lifetime_.end(); }
  EtcdOperations(const EtcdOperations&) = delete;
  EtcdOperations& operator=(const EtcdOperations&) = delete;

  /// `done` is called later, never from here.
  void run(std::shared_ptr<claims::Operation> operation, Done done);
  /// Until it is done. `tried`, which may be empty, hears how the first try went; `done` the end.
  void insist(std::shared_ptr<claims::Operation> operation, std::function<void()> done, Done tried = {});
  /// What has failed is tried again: to be called every second.
  void tick(base::TimePoint now);

  [[nodiscard]] std::size_t insisted() const { return insisted_.size(); }

 private:
  struct Insisted {
    std::shared_ptr<claims::Operation> operation;
    std::function<void()> done;
    bool is_under_way = false;
  };
  using Entry = std::list<Insisted>::iterator;

  void with_leases(Done then);
  void grant();
  void granted(const std::optional<etcd::Failure>& failure);
  void step(const std::shared_ptr<claims::Operation>& operation, const Done& done);
  void try_again(Entry entry);

  etcd::Store& store_;
  claims::Leases leases_;
  std::optional<base::TimePoint> leased_;
  std::vector<Done> waiting_for_leases_;
  std::list<Insisted> insisted_;
  base::TimePoint now_{};
  base::Lifetime lifetime_;
};

}  // namespace tsmtp::net
