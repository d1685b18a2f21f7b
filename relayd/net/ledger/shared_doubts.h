// The near side's doubts, shared with the other hubs of our site through etcd: a hub that takes over a queue
// recognises what another one has tried (docs/hubs.md). Beside the ledger on this disk, not in its place: a
// doubt is in both before the end of content goes out. It must never say of a mail that nobody has tried it
// while etcd cannot be asked, unless it was told to go on alone.
//
// What etcd cannot be told, that a doubt is over, is told later, and harmless meanwhile: the far side does
// not know the transaction any more, and says so.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "relayd/base/clock.h"
#include "relayd/base/lifetime.h"
#include "relayd/base/log.h"
#include "relayd/base/result.h"
#include "relayd/etcd/store.h"
#include "relayd/ledger/doubts.h"
#include "relayd/net/ledger/shared_digest_key.h"

namespace tsmtp::net {

class SharedDoubts {
 public:
  struct Settings {
    std::string hub;     ///< this one
    std::string prefix;  ///< of all keys in etcd
    bool goes_on_alone = false;
  };

  enum class Recorded {
    kFirstTry,  ///< of all that our site knows
    kTriedBefore,
    kAlone,  ///< it goes on as a first try, and etcd could not be asked
  };
  using Done = std::function<void(const base::Result<Recorded>&)>;

  /// All but `settings` is borrowed and outlives it. Doubts of other hubs are added to `doubts`; what is
  /// forgotten there is forgotten in etcd.
  SharedDoubts(etcd::Store& store, ledger::Doubts& doubts, DigestKeyHolder& key, Settings settings,
               base::Logger& log);
  ~SharedDoubts();
  SharedDoubts(const SharedDoubts&) = delete;
  SharedDoubts& operator=(const SharedDoubts&) = delete;

  /// As Doubts::record(), of which it knows nothing. What other tries of the same mail have left is in Doubts
  /// when `done` is told kTriedBefore. An error names this hub, is fit for a 4yz, and leaves open whether the
  /// doubts stand in etcd.
  void record(const std::string& site, const std::string& transaction,
              const std::vector<ledger::DoubtfulRecipient>& recipients, Done done,
              const ledger::DoubtPlace& place = {});

  /// To be called every second.
  void tick(base::TimePoint now);
  void set_goes_on_alone(bool alone) { settings_.goes_on_alone = alone; }

  // For status.
  /// Since when doubts are not shared; nothing: they are.
  [[nodiscard]] const std::optional<etcd::Trouble>& trouble() const { return trouble_; }
  [[nodiscard]] bool goes_on_alone() const { return settings_.goes_on_alone; }
  /// Mails that another hub had tried before, and those that went on without being shared.
  [[nodiscard]] std::uint64_t tried_before() const { return tried_before_; }
  [[nodiscard]] std::uint64_t alone() const { return alone_; }
  /// Of doubts that are over, and may stand in etcd yet.
  [[nodiscard]] std::size_t to_erase() const { return erasing_.size(); }

  /// More are not kept to be erased: they go with their lease.
  static constexpr std::size_t kMostToErase = 20'000;

 private:
  struct Recording;
  /// Some of the recipients of one Recording: etcd bounds what one transaction may hold.
  struct Part {
    std::shared_ptr<Recording> of;
    std::size_t begin = 0;
    std::size_t end = 0;
    int tries = 0;
  };

  using Ready = std::function<void(const base::Result<void>&)>;
  void when_ready(Ready ready);
  void prepare();
  void grant();
  void tell(const base::Result<void>& ready);
  void begin(const std::shared_ptr<Recording>& recording);
  void submit(const Part& part);
  void answered(Part part, const etcd::Result& result);
  void found(Part part, const std::vector<std::vector<etcd::KeyValue>>& got);
  void try_again(Part part);
  void part_is_over(const std::shared_ptr<Recording>& recording);
  void end(Recording& recording);

  void erased(const ledger::DoubtKey& key, const std::string& site, const std::string& mail);
  void erase(const std::vector<std::string>& keys, std::function<void()> then = {});

  void failed(const std::string& cause);
  void succeeded();
  [[nodiscard]] base::Error error(const std::string& cause) const;

  etcd::Store& store_;
  ledger::Doubts& doubts_;
  Settings settings_;
  base::Logger& log_;
  SharedDigestKey key_;
  etcd::Lease lease_ = 0;
  std::optional<base::TimePoint> granted_;  // the lease; nothing before the first tick() behind it
  bool is_granting_ = false;
  bool is_agreeing_ = false;
  std::vector<Ready> waiting_;
  std::map<std::string, bool> erasing_;  // keys in etcd, and whether it has been asked to
  // Transactions that certainly do not stand there, and how many recipients of them are not forgotten yet.
  std::map<std::string, std::size_t> never_there_;
  std::optional<etcd::Trouble> trouble_;
  std::uint64_t tried_before_ = 0;
  std::uint64_t alone_ = 0;
  base::Lifetime lifetime_;
};

}  // namespace tsmtp::net
