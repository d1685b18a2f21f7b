// What outlives this relayd: the ledger and the key of its digests on disk, and the witness, a process that
// reads the replies which are due when relayd is killed. Owned by Relay, borrowed by all sites.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "relayd/base/log.h"
#include "relayd/base/result.h"
#include "relayd/keys/book.h"
#include "relayd/net/io/event_loop.h"
#include "relayd/net/ledger/digest_keys.h"
#include "relayd/net/ledger/earlier_commits.h"
#include "relayd/net/ledger/shared_doubts.h"
#include "relayd/net/ledger/transaction_ledger.h"
#include "relayd/net/witness/witness.h"
#include "relayd/settings/hub.h"
#include "relayd/settings/ledger.h"
#include "relayd/settings/site.h"

namespace tsmtp::daemon {

class LastingState {
 public:
  /// `log` is borrowed and outlives it.
  explicit LastingState(base::Logger& log) : log_(log) {}

  /// Must be called before anything else is opened: the witness must hold neither our key nor a socket that
  /// we listen on. Without a witness mail goes on.
  void start_witness(const settings::Hub& hub);
  /// Gives the witness its book, if it has none and there is room now. To be called now and then.
  void try_witness_again();
  /// As hub.user. After an error nothing else may be called.
  [[nodiscard]] base::Result<void> open(net::EventLoop& loop, const settings::Hub& hub);
  /// Instead of open(): with the ledger of the relayd from which this one takes over.
  [[nodiscard]] base::Result<void> borrow(net::EventLoop& loop, const settings::Hub& hub,
                                          net::TransactionLedger::Borrowed borrowed);
  /// What another relayd of this hub has left since.
  [[nodiscard]] base::Result<void> look_for_earlier(const settings::Hub& hub) {
    return earlier_->open(hub.state_dir, witness_ ? witness_->book() : "", ledger_->is_shared());
  }
  /// Shares the doubts with the other hubs of our site from now on. `store` is borrowed and outlives it;
  /// `hub` is this one.
  void share_doubts(etcd::Store& store, const std::string& hub, const settings::Ledger& settings);
  /// The sites as they are configured from now on: the ledger's rows of one go with its key.
  /// `known`: which other keys are a site's too.
  void set_sites(const std::vector<settings::Site>& sites, const keys::Book& known);

  [[nodiscard]] net::TransactionLedger& ledger() { return *ledger_; }
  [[nodiscard]] const net::TransactionLedger& ledger() const { return *ledger_; }
  [[nodiscard]] const base::DigestMaker& digests() const { return *digests_; }
  /// Null: they are this hub's own.
  [[nodiscard]] net::SharedDoubts* shared_doubts() const { return shared_doubts_.get(); }
  [[nodiscard]] net::EarlierCommits& earlier() { return *earlier_; }
  /// Null if there is none.
  [[nodiscard]] net::Witness* witness() { return witness_.get(); }
  /// Why there is none, or none that witnesses anything; empty: all is well.
  [[nodiscard]] const std::string& no_witness() const { return witness_ ? witness_->trouble() : no_witness_; }

 private:
  [[nodiscard]] base::Result<void> open(const settings::Hub& hub,
                                        base::Result<std::unique_ptr<net::TransactionLedger>> ledger);
  [[nodiscard]] base::Result<void> open_digests(const settings::Hub& hub);
  void warn_of_another_key(const std::string& state_dir);

  base::Logger& log_;
  std::unique_ptr<net::DigestKeys> digests_;
  std::unique_ptr<net::Witness> witness_;
  std::string no_witness_;
  std::unique_ptr<net::TransactionLedger> ledger_;
  std::unique_ptr<net::SharedDoubts> shared_doubts_;
  std::unique_ptr<net::EarlierCommits> earlier_;
};

}  // namespace tsmtp::daemon
