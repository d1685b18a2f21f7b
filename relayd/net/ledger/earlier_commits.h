// The outcomes of mails that were being delivered when an earlier relayd of this hub was killed, read from
// the books that it and its witness left (ledger/commit_book.h), until the ledger has them.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "relayd/base/log.h"
#include "relayd/ledger/commit_book.h"
#include "relayd/mail/record.h"
#include "relayd/net/ledger/transaction_ledger.h"

namespace tsmtp::net {

class EarlierCommits {
 public:
  /// `ledger` and `log` are borrowed and outlive it.
  EarlierCommits(TransactionLedger& ledger, base::Logger& log) : ledger_(ledger), log_(log) {}

  /// Finds the books in `dir`, but for our `own` and those that it has found before.
  /// `other_lives`: one of them is of a relayd that runs, and from which we take over.
  [[nodiscard]] base::Result<void> open(const std::string& dir, const std::string& own,
                                        bool other_lives = false);
  /// Takes into the ledger what can be said, and lets go of books that nobody writes any more. Whether one is
  /// left: call again in a moment.
  [[nodiscard]] bool take_in();
  /// A mail whose end of content went out, and whose MTA's answer is lost for good: `done` is called when
  /// that is remembered elsewhere, and until then the book stays. To be set before take_in(); without it,
  /// nobody wants to know.
  using Unanswered = std::function<void(const std::string& site, const std::string& transaction,
                                        std::function<void()> done)>;
  void on_unanswered(Unanswered unanswered) { unanswered_ = std::move(unanswered); }
  /// Whether that transaction is such a mail.
  [[nodiscard]] bool is_unanswered(const std::string& transaction) const;
  /// A book could not be read: there may be mails that nobody knows of.
  [[nodiscard]] bool is_incomplete() const { return is_incomplete_; }

  /// How that transaction of the site's ended, or that its reply is still waited for; nothing when there is
  /// nothing to say. A site is its key: it may have been called otherwise then. One that nobody has any more
  /// may have been this one's too, for nobody else can name its transaction.
  [[nodiscard]] std::optional<mail::Outcome> find(const std::string& site,
                                                  const std::string& transaction) const;

 private:
  void take_in(const std::shared_ptr<ledger::CommitBook>& book);

  TransactionLedger& ledger_;
  base::Logger& log_;
  std::vector<std::shared_ptr<ledger::CommitBook>> books_;
  Unanswered unanswered_;
  std::set<std::string> never_answered_;  // of books that were taken in
  bool is_incomplete_ = false;
};

}  // namespace tsmtp::net
