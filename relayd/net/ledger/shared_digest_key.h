// The key of digests that all hubs of a site share: one hub's, which etcd has taken first. Sans-I/O but for
// the Store. A digest of another key must never stand in etcd: the mail would not be recognised.
#pragma once

#include <functional>
#include <string>

#include "relayd/base/lifetime.h"
#include "relayd/base/log.h"
#include "relayd/base/result.h"
#include "relayd/etcd/store.h"
#include "relayd/ledger/doubts.h"

namespace tsmtp::net {

/// What holds this hub's key.
class DigestKeyHolder {
 public:
  virtual ~DigestKeyHolder() = default;
  [[nodiscard]] virtual const std::string& key() const = 0;
  /// Says which key it is, and nothing else about it. Printable.
  [[nodiscard]] virtual std::string key_name() const = 0;
  /// Uses that key from now on, and keeps the one before if something `is_in_doubt` by its digests. After an
  /// error nothing has changed.
  [[nodiscard]] virtual base::Result<void> adopt(const std::string& key, bool is_in_doubt) = 0;
};

class SharedDigestKey {
 public:
  static constexpr std::size_t kBytes = 32;

  /// All is borrowed and outlives it. `prefix` is that of all keys in etcd.
  SharedDigestKey(etcd::Store& store, DigestKeyHolder& holder, const ledger::Doubts& doubts,
                  std::string prefix, base::Logger& log)
      : store_(store), holder_(holder), doubts_(doubts), prefix_(std::move(prefix)), log_(log) {}

  /// Asks for the site's key, or makes ours the site's, and takes what is found. The error is the cause.
  using Agreed = std::function<void(const base::Result<void>&)>;
  void agree(Agreed agreed);
  [[nodiscard]] bool is_agreed() const { return is_agreed_; }
  /// Etcd has another key, or none, by now: agree() anew.
  void doubt_it() { is_agreed_ = false; }
  /// That etcd has the key whose digests we make. Of every transaction that brings some.
  [[nodiscard]] etcd::Compare is_still_ours() const;

 private:
  [[nodiscard]] base::Result<void> found(const etcd::Result& result);
  [[nodiscard]] base::Result<void> take(const std::string& value);
  [[nodiscard]] std::string key_in_etcd() const { return prefix_ + "/digest-key"; }
  [[nodiscard]] std::string name_in_etcd() const { return prefix_ + "/digest-key-name"; }

  etcd::Store& store_;
  DigestKeyHolder& holder_;
  const ledger::Doubts& doubts_;
  std::string prefix_;
  base::Logger& log_;
  bool is_agreed_ = false;
  std::string name_;  // of the key that is agreed
  base::Lifetime lifetime_;
};

}  // namespace tsmtp::net
