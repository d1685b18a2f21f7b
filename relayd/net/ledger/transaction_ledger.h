// The ledger as the event loop uses it: memory is asked at once, the disk is written by a thread of its own,
// many changes in one commit, and the answer comes back to the event loop. A change that nobody waits for,
// because losing it does no harm, goes to the disk with one that somebody waits for, or a moment later by
// itself.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "relayd/base/clock.h"
#include "relayd/base/log.h"
#include "relayd/base/result.h"
#include "relayd/ledger/counters.h"
#include "relayd/ledger/doubts.h"
#include "relayd/ledger/expiry.h"
#include "relayd/ledger/mail_in_doubt.h"
#include "relayd/ledger/outcomes.h"
#include "relayd/ledger/store.h"
#include "relayd/net/ledger/ledger_lender.h"
#include "relayd/net/ledger/ledger_mirror.h"

namespace tsmtp::net {

class TransactionLedger {
 public:
  using Recorded = std::function<void(const base::Result<void>&)>;

  /// What keeps the ledger from being written now.
  struct Trouble {
    std::string cause;
    base::WallTime since;
    std::uint64_t failures = 0;
  };

  /// Opens the ledger in `dir`, reads what is there and starts the thread. Must be called after any fork.
  /// Errors are told in the name of `hub`, for they reach other hubs. `log` is borrowed.
  [[nodiscard]] static base::Result<std::unique_ptr<TransactionLedger>> open(
      boost::asio::any_io_executor executor, const std::string& hub, const std::string& dir,
      base::Logger& log);
  /// The ledger of the relayd from which this one takes over, by what it lends (lend()): what it remembers is
  /// remembered here too, and it writes for us until it has ended. Blocks until it has told everything.
  struct Borrowed {
    base::Descriptor writing;
    base::Descriptor news;
  };
  [[nodiscard]] static base::Result<std::unique_ptr<TransactionLedger>> borrow(
      boost::asio::any_io_executor executor, const std::string& hub, const std::string& dir,
      Borrowed borrowed, base::Logger& log);
  /// Lends this one to the relayd that takes over, which has the other ends of these. `may_commit`: whether a
  /// transaction is being committed; if it is not, it must not any more.
  using MayCommit = std::function<bool(const std::string& transaction)>;
  [[nodiscard]] base::Result<Borrowed> lend(MayCommit may_commit);
  /// Called when the other relayd with which it is shared has ended, however it did.
  void on_other_gone(std::function<void()> gone) { other_gone_ = std::move(gone); }
  [[nodiscard]] bool is_shared() const { return mirror_ != nullptr; }
  /// Whether the relayd from which this one takes over is committing that transaction. If it is not, it never
  /// will.
  [[nodiscard]] bool may_other_commit(const std::string& transaction) const;

  /// Writes what is waiting, then ends the thread.
  ~TransactionLedger();
  TransactionLedger(const TransactionLedger&) = delete;
  TransactionLedger& operator=(const TransactionLedger&) = delete;

  /// MTAs give up after five days (RFC 5321 section 4.5.4.1); the far side remembers longer than the near
  /// side may ask.
  static constexpr std::chrono::hours kDoubtAge{24 * 7};

  /// So many recipients of mails to one site are kept, under way, in doubt and known. max_of_user bounds
  /// those of one client, at no cost to others. When a site has reached its bound, clients that have more
  /// than a few are refused, and at twice the bound all are.
  struct Bounds {
    std::size_t of_client = 10'000;
    std::size_t of_site = 100'000;
    std::size_t few = 100;
    std::size_t outcomes_of_site = 100'000;
  };
  void set_bounds(const Bounds& bounds) { bounds_ = bounds; }
  void set_max_of_user(std::size_t recipients) { bounds_.of_client = recipients; }

  /// The configured sites with their pins, at the start and after each reload. The entries of a site that is
  /// renamed go with its key.
  void set_sites(const ledger::Owners::Sites& sites);

  // Near side. `recorded` is called from the event loop when it is on disk, or cannot be.
  void record_doubt(const std::string& site, const std::string& transaction,
                    const std::vector<ledger::DoubtfulRecipient>& recipients, Recorded recorded,
                    const ledger::Client& client = {}, const ledger::DoubtPlace& place = {});
  [[nodiscard]] std::optional<ledger::DoubtKey> claim_doubt(const std::string& site, const std::string& mail);
  /// As Doubts::name_hubs().
  void name_hubs(const std::string& site, const std::map<std::string, std::string>& hub_of_pin);
  [[nodiscard]] std::optional<ledger::DoubtPlace> place_of(const std::string& transaction) const {
    return doubts_.place_of(transaction);
  }
  void must_go_alone(const ledger::DoubtKey& key);
  [[nodiscard]] bool is_in_doubt(const std::string& site, const std::string& address) const;
  [[nodiscard]] bool is_anybody_in_doubt(const std::string& site) const;
  [[nodiscard]] std::set<std::string> transactions_to_split(const std::string& site,
                                                            const std::string& address) const;
  void mark_in_doubt(const std::string& transaction);
  void mark_in_doubt(const ledger::DoubtKey& key);
  void settle_doubt(const std::string& transaction);
  /// Whether nothing of its transaction is left.
  bool settle_doubt(const ledger::DoubtKey& key);
  [[nodiscard]] std::vector<ledger::MailInDoubt> mails_in_doubt() const {
    return ledger::mails_in_doubt(doubts_.table());
  }
  /// Its memory of doubts, for what shares them with other hubs (shared_doubts.h).
  [[nodiscard]] ledger::Doubts& doubts() { return doubts_; }
  [[nodiscard]] const ledger::Doubts& doubts() const { return doubts_; }

  // Asking the far side in the background (mail/enquiry.h).
  [[nodiscard]] std::optional<std::string> next_to_ask(const std::string& site, const std::string& after,
                                                       base::Duration min_age,
                                                       const ledger::Doubts::MayBeAsked& may_be_asked) const;
  /// Whether nothing of the transaction is left.
  bool was_delivered(const std::string& transaction, const std::vector<std::uint16_t>& refused);
  void was_not_delivered(const std::string& transaction);

  // Far side.
  /// Why no more outcomes are kept for that site: its relayd has not settled those that are.
  [[nodiscard]] std::optional<std::string> too_many_outcomes(const std::string& site) const;
  void record_outcome(const std::string& site, const std::string& transaction, const std::string& reply,
                      Recorded recorded, const std::string& pin = {});
  /// The key of that site, as its outcomes are recorded.
  /// Whose it is now: of the site that has the key, or is called so. Empty: nobody's.
  [[nodiscard]] std::string owner(const std::string& name, const std::string& pin) const {
    return doubts_.owners().owner(name, pin);
  }
  [[nodiscard]] std::string pin_of(const std::string& site) const { return doubts_.owners().pin_of(site); }
  [[nodiscard]] std::optional<std::string> find_outcome(const std::string& site,
                                                        const std::string& transaction) const;
  void forget_outcome(const std::string& site, const std::string& transaction);

  /// Nothing: all is well. It is tried again every second, whether mails come or not.
  [[nodiscard]] const std::optional<Trouble>& trouble() const { return trouble_; }
  [[nodiscard]] ledger::Counters counters() const {
    return {.failures = failures_, .doubts = doubts_.size(), .outcomes = outcomes_.size()};
  }
  /// Rows were missing when it was opened.
  [[nodiscard]] bool has_lost_rows() const { return has_lost_rows_; }
  [[nodiscard]] std::size_t recipients_of_nobody() const { return doubts_.table().of_site({}); }

  /// Drops what is older than any MTA tries, unless the clock cannot be trusted just now (ledger/expiry.h).
  /// To be called every hour.
  void expire(base::WallTime wall, base::TimePoint now);

 private:
  struct Pending {
    std::vector<ledger::Change> changes;
    Recorded recorded;
  };

  TransactionLedger(boost::asio::any_io_executor executor, std::string hub,
                    std::unique_ptr<ledger::Writer> store, base::Logger& log);
  [[nodiscard]] base::Result<void> restore(const ledger::Store& store);
  [[nodiscard]] base::Result<void> open_mirror(base::Descriptor socket);
  void told(const ledger::News& news);
  void take_in(const ledger::Change& change);
  void write_for_other(std::vector<ledger::Change> changes, Recorded recorded);
  void tell_all();
  void tell(const std::vector<ledger::Change>& changes);
  void tell_marked(const std::string& transaction);
  void tell(ledger::News::Kind kind, const ledger::DoubtKey& key);
  void catch_up() const;
  void other_ended();
  void enqueue(std::vector<ledger::Change> changes, Recorded recorded);
  void enqueue_later(std::vector<ledger::Change> changes);
  void hand_over();
  [[nodiscard]] bool has_room_for(const std::string& site, const ledger::Client& client,
                                  std::size_t recipients) const;
  void make_room(const std::string& site);
  [[nodiscard]] base::WallTime steady_wall() const;
  [[nodiscard]] bool start_writer();
  void refuse_gathered();
  void write_loop();
  void write(std::vector<Pending> batch);
  void failed(const std::string& cause, std::size_t writes);
  void succeeded();
  void try_again_later();

  boost::asio::any_io_executor executor_;
  std::string hub_;
  std::unique_ptr<ledger::Writer> store_;
  base::Logger& log_;
  ledger::Doubts doubts_;
  ledger::Outcomes outcomes_;
  ledger::Expiry expiry_;
  const base::WallTime opened_wall_;
  const base::TimePoint opened_;
  Bounds bounds_;
  base::WallTime looked_for_known_{};
  std::vector<Pending> gathered_;  // in this turn of the event loop, or longer if nobody waits
  bool handing_over_ = false;
  bool timer_runs_ = false;
  boost::asio::steady_timer timer_;
  std::optional<Trouble> trouble_;
  std::uint64_t failures_ = 0;
  bool has_lost_rows_ = false;
  boost::asio::steady_timer retry_;
  bool retry_runs_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // handlers may come after us

  // With the other relayd of this hub, while one takes over from the other.
  std::shared_ptr<LedgerLender> lender_;  // null: we do not lend
  MayCommit may_commit_;
  std::function<void()> other_gone_;
  std::unique_ptr<LedgerMirror> mirror_;  // null: there is no other

  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  std::vector<Pending> queue_;
  bool ending_ = false;
  std::thread writer_;
  std::string no_writer_;  // why there is none
};

}  // namespace tsmtp::net
