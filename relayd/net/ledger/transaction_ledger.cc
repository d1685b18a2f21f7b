#include "relayd/net/ledger/transaction_ledger.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <iterator>
#include <system_error>
#include <utility>

#include "relayd/ledger/room.h"
#include "relayd/net/io/clocks.h"
#include "relayd/net/io/shortage.h"

namespace tsmtp::net {
namespace {

constexpr std::chrono::hours kOutcomeAge{24 * 10};
// A change that nobody awaits is delayed at most this long, so that others can share its commit.
constexpr std::chrono::milliseconds kPatience{10};
constexpr std::chrono::seconds kRetryInterval{1};
// A known outcome is kept at least this long; how often they are looked for where there is no room.
constexpr std::chrono::hours kKnownAge{24};
constexpr std::chrono::minutes kRoomInterval{1};
// Longer than MTAs wait between two tries.
constexpr std::chrono::hours kAloneFor{12};

// How much room is left is no cause.
bool is_another_cause(const std::string& before, const std::string& now) {
  return before != now && !(ledger::is_lack_of_room(before) && ledger::is_lack_of_room(now));
}

}  // namespace

base::Result<std::unique_ptr<TransactionLedger>> TransactionLedger::open(
    boost::asio::any_io_executor executor, const std::string& hub, const std::string& dir,
    base::Logger& log) {
  auto store = ledger::Store::open(dir);
  if (!store) return store.error();
  const ledger::Store& opened = **store;
  std::unique_ptr<TransactionLedger> ledger(
      new TransactionLedger(std::move(executor), hub, std::move(*store), log));
  if (auto ok = ledger->restore(opened); !ok) return ok.error();
  (void)ledger->start_writer();  // or it is tried again when there is something to write
  return ledger;
}

TransactionLedger::TransactionLedger(boost::asio::any_io_executor executor, std::string hub,
                                     std::unique_ptr<ledger::Writer> store, base::Logger& log)
    : executor_(std::move(executor)),
      hub_(std::move(hub)),
      store_(std::move(store)),
      log_(log),
      expiry_(wall_now(), now()),
      opened_wall_(wall_now()),
      opened_(now()),
      timer_(executor_),
      retry_(executor_) {}

TransactionLedger::~TransactionLedger() {
  *alive_ = false;
  if (lender_) lender_->stop();
  hand_over();
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_one();
  if (writer_.joinable()) writer_.join();
}

base::Result<void> TransactionLedger::restore(const ledger::Store& store) {
  has_lost_rows_ = !store.warnings().empty();
  for (const std::string& warning : store.warnings())
    log_.log(base::LogLevel::kWarning, "ledger: " + warning);
  const auto doubts = store.load(ledger::Table::kDoubts);
  if (!doubts) return doubts.error();
  const auto outcomes = store.load(ledger::Table::kOutcomes);
  if (!outcomes) return outcomes.error();
  for (const std::string& skipped : doubts_.restore(*doubts))
    log_.log(base::LogLevel::kWarning, "ledger: " + skipped);
  for (const std::string& skipped : outcomes_.restore(*outcomes)) {
    has_lost_rows_ = true;
    log_.log(base::LogLevel::kWarning, "ledger: " + skipped);
  }
  if (doubts_.size() + outcomes_.size() > 0)
    log_.log(base::LogLevel::kInfo, "ledger: " + std::to_string(doubts_.size()) + " recipients in doubt, " +
                                        std::to_string(outcomes_.size()) + " outcomes kept for other hubs");
  return {};
}

void TransactionLedger::set_sites(const ledger::Owners::Sites& sites) {
  doubts_.set_sites(sites);
  outcomes_.set_sites(sites);
}

void TransactionLedger::record_doubt(const std::string& site, const std::string& transaction,
                                     const std::vector<ledger::DoubtfulRecipient>& recipients,
                                     Recorded recorded, const ledger::Client& client,
                                     const ledger::DoubtPlace& place) {
  if (!has_room_for(site, client, recipients.size())) make_room(site);
  if (!has_room_for(site, client, recipients.size())) {
    const std::size_t of_client = client.is_known() ? doubts_.table().of_client(site, client) : 0;
    const bool is_its_own = of_client + recipients.size() > std::min(bounds_.few, bounds_.of_client);
    const std::string whose = is_its_own ? client.text() + " has " + std::to_string(of_client)
                                         : "there are " + std::to_string(doubts_.table().of_site(site));
    const base::Error full{"hub " + hub_ + ": " + whose + " recipients in doubt at " + site +
                           ", no more are kept; see relayctl doubts"};
    return boost::asio::post(executor_, [recorded = std::move(recorded), full] { recorded(full); });
  }
  enqueue(doubts_.record(transaction, site, recipients, wall_now(), client, place), std::move(recorded));
}

bool TransactionLedger::has_room_for(const std::string& site, const ledger::Client& client,
                                     std::size_t recipients) const {
  const std::size_t of_site = doubts_.table().of_site(site) + recipients;
  if (!client.is_known()) return of_site <= bounds_.of_site;
  const std::size_t of_client = doubts_.table().of_client(site, client) + recipients;
  if (of_client > bounds_.of_client || of_site > 2 * bounds_.of_site) return false;
  return of_site <= bounds_.of_site || of_client <= bounds_.few;
}

// A mail that is known to be delivered is kept in case its MTA tries it again. After a day it most likely
// never will: where there is no room, new mails take its place.
void TransactionLedger::make_room(const std::string& site) {
  const base::WallTime now = wall_now();
  if (now >= looked_for_known_ && now < looked_for_known_ + kRoomInterval) return;
  looked_for_known_ = now;
  const auto changes = doubts_.expire_known(site, now - kKnownAge);
  if (changes.empty()) return;
  log_.log_provoked(base::Provoked::kTrouble, "ledger", base::LogLevel::kWarning,
                    "ledger: too many recipients in doubt at " + site + ": " +
                        std::to_string(changes.size()) +
                        " that were delivered more than a day ago are forgotten");
  enqueue_later(changes);
}

std::optional<ledger::DoubtKey> TransactionLedger::claim_doubt(const std::string& site,
                                                               const std::string& mail) {
  catch_up();
  auto claimed = doubts_.claim(site, mail);
  if (claimed) tell(ledger::News::Kind::kClaimed, *claimed);
  return claimed;
}

bool TransactionLedger::is_in_doubt(const std::string& site, const std::string& address) const {
  catch_up();
  return doubts_.is_in_doubt(site, address);
}

bool TransactionLedger::is_anybody_in_doubt(const std::string& site) const {
  catch_up();
  return doubts_.is_anybody_in_doubt(site);
}

std::set<std::string> TransactionLedger::transactions_to_split(const std::string& site,
                                                               const std::string& address) const {
  catch_up();
  return doubts_.transactions_to_split(site, address, steady_wall());
}

// The wall clock as it would be if nobody had set it since we were started.
base::WallTime TransactionLedger::steady_wall() const {
  return opened_wall_ + std::chrono::duration_cast<base::WallTime::duration>(now() - opened_);
}

void TransactionLedger::must_go_alone(const ledger::DoubtKey& key) {
  doubts_.must_go_alone(key, steady_wall() + kAloneFor);
}

std::optional<std::string> TransactionLedger::next_to_ask(
    const std::string& site, const std::string& after, base::Duration min_age,
    const ledger::Doubts::MayBeAsked& may_be_asked) const {
  const base::WallTime before =
      min_age == base::Duration::zero()
          ? base::WallTime::max()
          : wall_now() - std::chrono::duration_cast<base::WallTime::duration>(min_age);
  return doubts_.next_to_ask(site, after, before, wall_now(), may_be_asked);
}

void TransactionLedger::name_hubs(const std::string& site,
                                  const std::map<std::string, std::string>& hub_of_pin) {
  enqueue_later(doubts_.name_hubs(site, hub_of_pin));
}

bool TransactionLedger::was_delivered(const std::string& transaction,
                                      const std::vector<std::uint16_t>& refused) {
  const bool is_all_here = doubts_.is_all_here(transaction);
  enqueue_later(doubts_.was_delivered(transaction, refused));
  return is_all_here && !doubts_.contains(transaction);
}

void TransactionLedger::was_not_delivered(const std::string& transaction) {
  enqueue_later(doubts_.was_not_delivered(transaction));
}

std::optional<std::string> TransactionLedger::too_many_outcomes(const std::string& site) const {
  const std::size_t kept = outcomes_.of_site(site);
  if (kept < bounds_.outcomes_of_site) return std::nullopt;
  return "hub " + hub_ + ": the outcomes of " + std::to_string(kept) + " mails from " + site +
         " are kept, because its relayd has not said that its MTA has them; no more are kept";
}

void TransactionLedger::mark_in_doubt(const std::string& transaction) {
  doubts_.mark_in_doubt(transaction);
  tell_marked(transaction);
}

void TransactionLedger::mark_in_doubt(const ledger::DoubtKey& key) {
  doubts_.mark_in_doubt(key);
  tell(ledger::News::Kind::kMarked, key);
}

void TransactionLedger::settle_doubt(const std::string& transaction) {
  enqueue_later(doubts_.settle(transaction));
}

bool TransactionLedger::settle_doubt(const ledger::DoubtKey& key) {
  const bool is_all_here = doubts_.is_all_here(key.transaction);
  enqueue_later({doubts_.settle(key)});
  return is_all_here && !doubts_.contains(key.transaction);
}

void TransactionLedger::record_outcome(const std::string& site, const std::string& transaction,
                                       const std::string& reply, Recorded recorded, const std::string& pin) {
  enqueue({outcomes_.record(site, transaction, reply, wall_now(), pin)}, std::move(recorded));
}

std::optional<std::string> TransactionLedger::find_outcome(const std::string& site,
                                                           const std::string& transaction) const {
  catch_up();
  return outcomes_.find(site, transaction);
}

void TransactionLedger::forget_outcome(const std::string& site, const std::string& transaction) {
  // A peer may say it as often as it likes; what is not there costs the disk nothing.
  if (outcomes_.find(site, transaction)) enqueue_later({outcomes_.forget(site, transaction)});
}

void TransactionLedger::expire(base::WallTime wall, base::TimePoint now) {
  if (!expiry_.look(wall, now)) return;
  enqueue_later(doubts_.expire(wall - kDoubtAge));
  enqueue_later(outcomes_.expire(wall - kOutcomeAge));
}

// All that is asked in one turn of the event loop wakes the thread once, and shares a commit.
void TransactionLedger::enqueue(std::vector<ledger::Change> changes, Recorded recorded) {
  tell(changes);
  gathered_.push_back({std::move(changes), std::move(recorded)});
  if (std::exchange(handing_over_, true)) return;
  boost::asio::post(executor_, [this, alive = alive_] {
    if (*alive) hand_over();
  });
}

void TransactionLedger::enqueue_later(std::vector<ledger::Change> changes) {
  if (changes.empty()) return;
  tell(changes);
  gathered_.push_back({std::move(changes), {}});
  if (std::exchange(timer_runs_, true)) return;
  timer_.expires_after(kPatience);
  timer_.async_wait([this, alive = alive_](const boost::system::error_code&) {
    if (!*alive) return;
    timer_runs_ = false;
    hand_over();
  });
}

// Made anew where it could not be made: changes that wait for the disk are refused meanwhile, in the words of
// the cause.
bool TransactionLedger::start_writer() {
  if (writer_.joinable()) return true;
  try {
    writer_ = std::thread([this] { write_loop(); });
    return true;
  } catch (const std::system_error& failed) {
    no_writer_ = "cannot write: " + no_thread(failed.code().message());
    return false;
  }
}

void TransactionLedger::hand_over() {
  handing_over_ = false;
  if (gathered_.empty()) return;
  if (!start_writer()) {
    if (*alive_) refuse_gathered();
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    std::move(gathered_.begin(), gathered_.end(), std::back_inserter(queue_));
  }
  gathered_.clear();
  wake_.notify_one();
}

// Only changes of rows that are there stay to be written: to forget can wait.
void TransactionLedger::refuse_gathered() {
  const base::Result<void> refusal = base::Error{no_writer_};
  log_.log_provoked(base::Provoked::kTrouble, "ledger", base::LogLevel::kError, "ledger: " + no_writer_);
  std::vector<Pending> waiting;
  std::vector<Recorded> refused;
  for (Pending& pending : gathered_) {
    if (pending.recorded) {
      refused.push_back(std::move(pending.recorded));
    } else {
      waiting.push_back(std::move(pending));
    }
  }
  gathered_ = std::move(waiting);
  for (const Recorded& recorded : refused)
    recorded(refusal);
}

// While one batch is being written the next gathers: the slower the disk, the more transactions share a
// commit.
void TransactionLedger::write_loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return ending_ || !queue_.empty(); });
    if (queue_.empty()) return;
    std::vector<Pending> batch = std::move(queue_);
    queue_.clear();
    lock.unlock();
    write(std::move(batch));
    lock.lock();
  }
}

void TransactionLedger::write(std::vector<Pending> batch) {
  std::vector<ledger::Change> changes;
  changes.reserve(batch.size());
  for (Pending& pending : batch)
    std::move(pending.changes.begin(), pending.changes.end(), std::back_inserter(changes));
  const bool is_try =
      std::any_of(batch.begin(), batch.end(), [](const Pending& pending) { return pending.changes.empty(); });
  if (is_try) static_cast<void>(store_->apply({}));
  base::Result<void> result = store_->apply(changes);
  if (!result) result = base::Error{"hub " + hub_ + ": its ledger: " + result.error().message};
  boost::asio::post(executor_, [this, alive = alive_, batch = std::move(batch), result] {
    if (!*alive) return;
    if (result) {
      succeeded();
    } else {
      failed(result.error().message, batch.size());
    }
    for (const Pending& pending : batch)
      if (pending.recorded) pending.recorded(result);
  });
}

// Said when it begins, when its cause is another, and when it ends; between them it is counted.
void TransactionLedger::failed(const std::string& cause, std::size_t writes) {
  failures_ += writes;
  if (!trouble_) {
    trouble_ = Trouble{.cause = {}, .since = wall_now(), .failures = 0};
    log_.log(base::LogLevel::kError, cause + "; mails are put off until it can be written");
  } else if (is_another_cause(trouble_->cause, cause)) {
    log_.log_provoked(base::Provoked::kTrouble, "ledger", base::LogLevel::kError, cause);
  }
  trouble_->cause = cause;
  trouble_->failures += writes;
  try_again_later();
}

void TransactionLedger::succeeded() {
  if (!trouble_) return;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(wall_now() - trouble_->since);
  log_.log(base::LogLevel::kInfo, "ledger: is written again after " + std::to_string(seconds.count()) +
                                      " s, with all that was not; " + std::to_string(trouble_->failures) +
                                      " writes had failed");
  trouble_.reset();
}

void TransactionLedger::try_again_later() {
  if (std::exchange(retry_runs_, true)) return;
  retry_.expires_after(kRetryInterval);
  retry_.async_wait([this, alive = alive_](const boost::system::error_code&) {
    if (!*alive) return;
    retry_runs_ = false;
    if (trouble_) enqueue({}, {});
  });
}

}  // namespace tsmtp::net
