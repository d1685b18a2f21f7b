#include "relayd/net/ledger/earlier_commits.h"

#include <algorithm>
#include <filesystem>

#include "relayd/mail/last_words.h"

namespace tsmtp::net {
namespace {

constexpr char kPrefix[] = "commits.";

std::optional<mail::Outcome> outcome_of(ledger::CommitSlot& slot) {
  return mail::outcome_of(slot.reply(), slot.reply_room().empty(), slot.refused());
}

std::string mails(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " mail" : " mails");
}

}  // namespace

base::Result<void> EarlierCommits::open(const std::string& dir, const std::string& own, bool other_lives) {
  std::error_code error;
  std::vector<std::string> paths;
  for (std::filesystem::directory_iterator at(dir, error), end; !error && at != end; at.increment(error))
    if (at->path().filename().string().starts_with(kPrefix) && at->path() != own)
      paths.push_back(at->path().string());
  // Without it, mails that were delivered would be answered for as unknown, and come again.
  if (error) return base::Error{dir + ": cannot be listed: " + error.message()};
  const auto is_open = [this](const std::string& path) {
    return std::any_of(books_.begin(), books_.end(), [&](const auto& book) { return book->path() == path; });
  };
  const std::size_t known = books_.size();
  for (const std::string& path : paths) {
    if (is_open(path)) continue;
    auto book = ledger::CommitBook::open(path);
    if (book) {
      books_.push_back(std::move(*book));
    } else {
      is_incomplete_ = true;
      log_.log(base::LogLevel::kWarning,
               "a book of an earlier witness cannot be read: " + book.error().message + "; remove it");
    }
  }
  for (std::size_t i = known; i < books_.size(); ++i) {
    const auto& book = books_[i];
    const auto slots = book->slots();
    const auto open =
        std::count_if(slots.begin(), slots.end(), [](const auto& slot) { return slot.is_open(); });
    if (open > 0 && !other_lives && book->is_alive())
      log_.log(base::LogLevel::kInfo, "the last relayd was killed while our MTA had " +
                                          mails(static_cast<std::size_t>(open)) +
                                          " to answer for; its witness waits for the replies");
  }
  return {};
}

std::optional<mail::Outcome> EarlierCommits::find(const std::string& site,
                                                  const std::string& transaction) const {
  for (const auto& book : books_) {
    const bool is_alive = book->is_alive();
    for (ledger::CommitSlot& slot : book->slots()) {
      const std::string recorded_as = slot.site();
      if (!slot.is_about(recorded_as, transaction)) continue;
      const std::string owner = ledger_.owner(recorded_as, slot.pin());
      if (owner != site && !owner.empty()) continue;
      const bool may_be_answered = slot.is_open() && is_alive;  // asked before the reply is looked at
      if (auto outcome = outcome_of(slot)) return outcome;
      if (may_be_answered) return mail::Outcome{.kind = mail::Outcome::Kind::kPending, .reply = {}};
    }
  }
  return std::nullopt;
}

bool EarlierCommits::is_unanswered(const std::string& transaction) const {
  if (never_answered_.contains(transaction)) return true;
  return std::any_of(books_.begin(), books_.end(), [&](const auto& book) {
    const auto slots = book->slots();
    return std::any_of(slots.begin(), slots.end(), [&](ledger::CommitSlot& slot) {
      return slot.is_about(slot.site(), transaction) && !outcome_of(slot);
    });
  });
}

bool EarlierCommits::take_in() {
  std::erase_if(books_, [this](const auto& book) {
    if (book->is_alive()) return false;
    take_in(book);
    return true;
  });
  return !books_.empty();
}

// The file stays until the ledger has all of it on disk.
void EarlierCommits::take_in(const std::shared_ptr<ledger::CommitBook>& book) {
  std::size_t known = 0, unanswered = 0;
  const auto left = std::make_shared<std::size_t>(1);
  const auto one_done = [book, left] {
    if (--*left == 0) book->remove();
  };
  for (ledger::CommitSlot& slot : book->slots()) {
    if (!slot.is_used()) continue;
    const auto outcome = outcome_of(slot);
    if (!outcome) {
      ++unanswered;
      if (unanswered_) {
        never_answered_.insert(slot.transaction());
        ++*left;
        unanswered_(slot.site(), slot.transaction(), one_done);
      }
    }
    if (!outcome || outcome->kind != mail::Outcome::Kind::kKnown) continue;
    ++known;
    ++*left;
    ledger_.record_outcome(
        slot.site(), slot.transaction(), mail::encode_known(*outcome),
        [one_done](const base::Result<void>& result) {
          if (result) one_done();
        },
        slot.pin());
  }
  one_done();
  if (known > 0)
    log_.log(base::LogLevel::kInfo,
             mails(known) +
                 ", under way when the last relayd was killed, had been taken by our MTA; the hubs they "
                 "came from will be told");
  if (unanswered > 0)
    log_.log(base::LogLevel::kWarning,
             mails(unanswered) +
                 ", under way when the last relayd was killed, our MTA did not answer for; whether "
                 "it took them is not known, and when they are tried again they may be delivered twice");
}

}  // namespace tsmtp::net
