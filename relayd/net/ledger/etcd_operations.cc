#include "relayd/net/ledger/etcd_operations.h"

#include <utility>

namespace tsmtp::net {
namespace {

// The rest follows when these are answered.
constexpr std::size_t kTriedAtOnce = 256;

}  // namespace

void EtcdOperations::run(std::shared_ptr<claims::Operation> operation, Done done) {
  if (!operation->needs_leases()) return step(operation, done);
  with_leases([this, operation = std::move(operation), done = std::move(done)](const auto& failure) {
    if (failure) return done(failure);
    step(operation, done);
  });
}

void EtcdOperations::step(const std::shared_ptr<claims::Operation>& operation, const Done& done) {
  store_.submit(operation->step(leases_),
                lifetime_.guard([this, operation, done](const etcd::Result& result) {
                  if (!result) {
                    // What was refused may have been so for a lease that etcd has lost.
                    if (!result.error().may_be_done) leased_.reset();
                    return done(result.error());
                  }
                  if (operation->answered(*result)) return done({});
                  step(operation, done);
                }));
}

void EtcdOperations::with_leases(Done then) {
  if (leased_ && now_ - *leased_ < kLeaseShared) return then({});
  waiting_for_leases_.push_back(std::move(then));
  if (waiting_for_leases_.size() == 1) grant();
}

void EtcdOperations::grant() {
  store_.grant(kDisownedAge + kLeaseShared, lifetime_.guard([this](const auto& disowned) {
    if (!disowned) return granted(disowned.error());
    leases_.disowned = *disowned;
    store_.grant(kEndedAge + kLeaseShared, lifetime_.guard([this](const auto& ended) {
      if (!ended) return granted(ended.error());
      leases_.ended = *ended;
      leased_ = now_;
      granted({});
    }));
  }));
}

void EtcdOperations::granted(const std::optional<etcd::Failure>& failure) {
  for (const Done& then : std::exchange(waiting_for_leases_, {})) {
    std::optional<etcd::Failure> nothing_done = failure;
    if (nothing_done) nothing_done->may_be_done = false;
    then(nothing_done);
  }
}

void EtcdOperations::insist(std::shared_ptr<claims::Operation> operation, std::function<void()> done,
                            Done tried) {
  if (insisted_.size() >= kMostInsisted) {
    const auto oldest = insisted_.begin();
    if (!oldest->is_under_way) insisted_.erase(oldest);
  }
  insisted_.push_back({.operation = std::move(operation), .done = std::move(done), .is_under_way = true});
  const Entry entry = std::prev(insisted_.end());
  run(entry->operation, lifetime_.guard([this, entry, tried = std::move(tried)](const auto& failure) {
    entry->is_under_way = false;
    if (!failure) {
      const auto its_end = std::move(entry->done);
      insisted_.erase(entry);
      if (its_end) its_end();
    }
    if (tried) tried(failure);
  }));
}

void EtcdOperations::tick(base::TimePoint now) {
  now_ = now;
  std::size_t tried = 0;
  for (Entry entry = insisted_.begin(); entry != insisted_.end() && tried < kTriedAtOnce; ++entry) {
    if (entry->is_under_way) continue;
    ++tried;
    try_again(entry);
    if (store_.trouble()) return;  // one is enough to see whether it is over
  }
}

void EtcdOperations::try_again(Entry entry) {
  entry->is_under_way = true;
  run(entry->operation, lifetime_.guard([this, entry](const auto& failure) {
    entry->is_under_way = false;
    if (failure) return;
    const auto its_end = std::move(entry->done);
    insisted_.erase(entry);
    if (its_end) its_end();
    tick(now_);
  }));
}

}  // namespace tsmtp::net
