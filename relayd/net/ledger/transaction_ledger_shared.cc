// The ledger while two relayds of this hub have it, because one takes over from the other. The one that was
// there first writes; both remember all of it.
#include "relayd/net/ledger/transaction_ledger.h"

#include <sys/socket.h>

#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

#include "relayd/net/ledger/borrowed_ledger.h"

namespace tsmtp::net {
namespace {

using NewsKind = ledger::News::Kind;

// Of a hub with hundreds of thousands of mails in doubt, on a slow machine.
constexpr std::chrono::seconds kToTellAll{60};
// Mail waits meanwhile. Where there is no answer, the hub that asks is told to ask again.
constexpr std::chrono::milliseconds kToBeAnswered{250};

struct SocketPair {
  base::Descriptor ours;
  base::Descriptor theirs;
};

base::Result<SocketPair> make_pair_of_sockets() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return base::Error{std::string("no socket to share the ledger by: ") + std::strerror(errno)};
  return base::Result<SocketPair>(
      SocketPair{.ours = base::Descriptor(ends[0]), .theirs = base::Descriptor(ends[1])});
}

}  // namespace

base::Result<std::unique_ptr<TransactionLedger>> TransactionLedger::borrow(
    boost::asio::any_io_executor executor, const std::string& hub, const std::string& dir, Borrowed borrowed,
    base::Logger& log) {
  // What the writing thread has to say is said by the loop.
  auto warn = [executor, &log](const std::string& warning) {
    boost::asio::post(executor, [&log, warning] { log.log(base::LogLevel::kWarning, "ledger: " + warning); });
  };
  auto writer = std::make_unique<BorrowedLedger>(std::move(borrowed.writing), dir, std::move(warn));
  std::unique_ptr<TransactionLedger> ledger(
      new TransactionLedger(std::move(executor), hub, std::move(writer), log));
  if (auto ok = ledger->open_mirror(std::move(borrowed.news)); !ok) return ok.error();
  const auto all = ledger->mirror_->wait_for(
      [](const ledger::News& news) { return news.kind == NewsKind::kComplete; }, kToTellAll);
  if (!all) return base::Error{"the relayd that runs has not told what is in its ledger"};
  (void)ledger->start_writer();
  return ledger;
}

base::Result<void> TransactionLedger::open_mirror(base::Descriptor socket) {
  mirror_ = std::make_unique<LedgerMirror>(
      executor_, std::move(socket),
      LedgerMirror::Host{.told = [this](const ledger::News& news) { told(news); },
                         .gone = [this] { other_ended(); }});
  mirror_->start();
  return {};
}

base::Result<TransactionLedger::Borrowed> TransactionLedger::lend(MayCommit may_commit) {
  auto writing = make_pair_of_sockets();
  if (!writing) return writing.error();
  auto news = make_pair_of_sockets();
  if (!news) return news.error();
  may_commit_ = std::move(may_commit);
  if (auto ok = open_mirror(std::move(news->ours)); !ok) return ok.error();
  tell_all();
  lender_ = std::make_shared<LedgerLender>(
      executor_, std::move(writing->ours),
      [this, alive = alive_](std::vector<ledger::Change> changes, Recorded recorded) {
        if (*alive) write_for_other(std::move(changes), std::move(recorded));
      });
  lender_->start();
  return base::Result<Borrowed>(
      Borrowed{.writing = std::move(writing->theirs), .news = std::move(news->theirs)});
}

void TransactionLedger::tell_all() {
  doubts_.each_row([this](const ledger::Change& row, const ledger::DoubtKey& key, bool is_busy) {
    mirror_->tell({.kind = NewsKind::kChange, .change = row, .key = {}});
    if (!is_busy) mirror_->tell({.kind = NewsKind::kMarked, .change = {}, .key = key});
  });
  outcomes_.each_row([this](const ledger::Change& row) {
    mirror_->tell({.kind = NewsKind::kChange, .change = row, .key = {}});
  });
  mirror_->tell({.kind = NewsKind::kComplete, .change = {}, .key = {}});
}

void TransactionLedger::told(const ledger::News& news) {
  switch (news.kind) {
    case NewsKind::kChange:
      return take_in(news.change);
    case NewsKind::kMarked:
      return doubts_.mark_in_doubt(news.key);
    case NewsKind::kClaimed:
      return doubts_.other_claimed(news.key);
    case NewsKind::kAsk: {
      const bool may_commit = may_commit_ && may_commit_(news.key.transaction);
      return tell(may_commit ? NewsKind::kPending : NewsKind::kNotHere, news.key);
    }
    case NewsKind::kComplete:
    case NewsKind::kPending:
    case NewsKind::kNotHere:
      return;  // waited for, or too late
  }
}

void TransactionLedger::take_in(const ledger::Change& change) {
  const bool is_doubt = change.table == ledger::Table::kDoubts;
  if (change.value) {
    const ledger::Entry row{.key = change.key, .value = *change.value};
    is_doubt ? doubts_.other_recorded(row) : outcomes_.other_recorded(row);
  } else {
    is_doubt ? doubts_.other_erased(change.key) : outcomes_.other_erased(change.key);
  }
}

void TransactionLedger::write_for_other(std::vector<ledger::Change> changes, Recorded recorded) {
  for (const ledger::Change& change : changes)
    take_in(change);
  gathered_.push_back({std::move(changes), std::move(recorded)});
  hand_over();
}

// Those of the one that borrows come to the other one by what it writes.
void TransactionLedger::tell(const std::vector<ledger::Change>& changes) {
  if (!lender_ || !mirror_) return;
  for (const ledger::Change& change : changes)
    mirror_->tell({.kind = NewsKind::kChange, .change = change, .key = {}});
}

void TransactionLedger::tell(NewsKind kind, const ledger::DoubtKey& key) {
  if (mirror_) mirror_->tell({.kind = kind, .change = {}, .key = key});
}

void TransactionLedger::tell_marked(const std::string& transaction) {
  if (!mirror_) return;
  for (const std::uint16_t index : doubts_.indices_of(transaction))
    tell(NewsKind::kMarked, {.transaction = transaction, .index = index});
}

// Memory only, and what it is to be told of is as good as here.
void TransactionLedger::catch_up() const {
  if (mirror_) mirror_->catch_up();
}

bool TransactionLedger::may_other_commit(const std::string& transaction) const {
  if (!mirror_ || mirror_->is_gone()) return false;
  if (lender_) return true;  // it asks us, and not we it: two that wait for each other would both stand still
  mirror_->tell({.kind = NewsKind::kAsk, .change = {}, .key = {.transaction = transaction, .index = 0}});
  const auto answer = mirror_->wait_for(
      [&](const ledger::News& news) {
        return (news.kind == NewsKind::kPending || news.kind == NewsKind::kNotHere) &&
               news.key.transaction == transaction;
      },
      kToBeAnswered);
  if (answer) return answer->kind == NewsKind::kPending;
  return !mirror_->is_gone();
}

void TransactionLedger::other_ended() {
  doubts_.other_ended();
  if (lender_) lender_->stop();
  lender_.reset();
  mirror_.reset();
  // The directory is ours now: not only with the next mail.
  enqueue({}, {});
  if (other_gone_) other_gone_();
}

}  // namespace tsmtp::net
