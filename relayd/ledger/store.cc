#include "relayd/ledger/store.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "relayd/ledger/directory_lock.h"
#include "relayd/ledger/environment.h"
#include "relayd/ledger/room.h"

namespace tsmtp::ledger {
namespace {

constexpr mode_t kDirectoryMode = 0700;

// All rows are written at each try. The first few may come at once, for most causes pass.
constexpr int kQuickTries = 8;

constexpr char kMayComeTwice[] = "mails that were in doubt may now be delivered twice";

bool holds(const std::string& message, int code) {
  return message.find(std::strerror(code)) != std::string::npos;
}

// The cause first, and then where: mailq shows no more than the beginning of it.
base::Error at(const base::Error& error, const std::string& dir) {
  const bool says_where = error.message.find(dir) != std::string::npos;
  return says_where ? error : base::Error{error.message + ", " + dir};
}

// What an administrator can do about a ledger that cannot be written just now, where the cause tells.
std::optional<base::Error> with_advice_to_keep(const base::Error& error) {
  const std::string& cause = error.message;
  if (is_lack_of_room(cause)) return base::Error{cause + "; make room there, and keep the ledger"};
  if (holds(cause, EACCES) || holds(cause, EPERM) || holds(cause, EROFS))
    return base::Error{cause + "; let relayd write there, and keep the ledger"};
  return std::nullopt;
}

// Only one that is damaged is to be moved away: with a whole one, what it knows would be lost.
base::Error with_advice(const base::Error& error, const std::string& dir) {
  if (auto keep = with_advice_to_keep(error)) return *keep;
  return base::Error{error.message + "; if it is damaged for good, move " + dir +
                     " away to begin a new one: mails that are in doubt now may then be delivered twice"};
}

base::Result<void> make_directory(const std::string& dir) {
  struct stat found {};
  if (mkdir(dir.c_str(), kDirectoryMode) == 0) return {};
  if (errno != EEXIST)
    return base::Error{std::strerror(errno) + (": cannot make the ledger's directory " + dir)};
  if (stat(dir.c_str(), &found) != 0 || !S_ISDIR(found.st_mode))
    return base::Error{dir + " is no directory; the ledger needs one of its own"};
  return {};
}

}  // namespace

base::Result<std::unique_ptr<Store>> Store::open(const std::string& dir) {
  std::unique_ptr<Store> store(new Store(dir));
  if (auto ok = store->take_directory(); !ok) return with_advice_to_keep(ok.error()).value_or(ok.error());
  // Recovery writes. The rows on disk cannot wait, new mails can.
  if (!check_room(dir)) give_reserve_away(dir);
  if (auto ok = finish_tables(dir); !ok) return with_advice(ok.error(), dir);
  for (const std::string& loss : losses(dir))
    store->warnings_.push_back(loss + ": " + kMayComeTwice);
  if (auto ok = store->open_tables(); !ok) return with_advice(ok.error(), dir);
  keep_reserve(dir);
  return store;
}

Store::Store(std::string dir) : dir_(std::move(dir)) {}

Store::~Store() = default;

base::Result<void> Store::take_directory() {
  lock_.reset();
  if (auto ok = make_directory(dir_); !ok) return ok;
  auto lock = DirectoryLock::take(dir_);
  if (!lock) return lock.error();
  lock_ = std::move(*lock);
  struct stat found {};
  if (stat(dir_.c_str(), &found) != 0) return base::Error{std::strerror(errno) + (", " + dir_)};
  device_ = found.st_dev;
  inode_ = found.st_ino;
  return {};
}

bool Store::is_our_directory() const {
  struct stat found {};
  return stat(dir_.c_str(), &found) == 0 && found.st_dev == device_ && found.st_ino == inode_;
}

// Where the log does not fit the tables (it was cut, or is gone), Berkeley DB opens nothing. The tables hold
// what they held at the last checkpoint, and perhaps more.
base::Result<void> Store::open_tables() {
  auto environment = Environment::open(dir_);
  if (environment) {
    environment_ = std::move(*environment);
    for (const Table table : {Table::kDoubts, Table::kOutcomes}) {
      auto entries = environment_->load(table);
      if (!entries) return entries.error();
      for (Entry& entry : *entries)
        rows(table).insert_or_assign(std::move(entry.key), std::move(entry.value));
    }
    return {};
  }
  const std::string cause = environment.error().message;
  if (is_lack_of_room(cause) || holds(cause, EACCES) || holds(cause, EROFS)) return environment.error();
  auto read = read_tables(dir_);
  if (!read) return base::Error{cause + "; and " + read.error().message};
  if (auto ok = write_tables(dir_, *read); !ok) return ok;
  auto again = Environment::open(dir_);
  if (!again) return again.error();
  environment_ = std::move(*again);
  rows_ = std::move(*read);
  warnings_.push_back(
      cause + ". The log does not fit the tables. The ledger was made anew with the " +
      std::to_string(rows(Table::kDoubts).size()) + " doubts and " +
      std::to_string(rows(Table::kOutcomes).size()) +
      " outcomes that the tables hold; rows that only the log held are lost: " + kMayComeTwice);
  return {};
}

void Store::remember(std::span<const Change> changes) {
  for (const Change& change : changes) {
    if (change.value) {
      rows(change.table).insert_or_assign(change.key, *change.value);
    } else {
      rows(change.table).erase(change.key);
    }
  }
}

base::Result<void> Store::apply(std::span<const Change> changes) {
  remember(changes);
  if (environment_ == nullptr || is_behind_ || !is_our_directory()) return heal(changes.empty());
  if (changes.empty()) return {};
  if (auto ok = check_room(dir_); !ok) {
    is_behind_ = true;
    return ok;
  }
  if (auto ok = environment_->apply(changes); !ok) {
    environment_.reset();
    return at(ok.error(), dir_);
  }
  // The changes stand, whatever becomes of the tables' copy of them: the next call makes the tables anew.
  if (!environment_->checkpoint()) environment_.reset();
  return {};
}

// The files that Berkeley DB left on a full disk are not trusted: we know what the tables should hold.
base::Result<void> Store::heal(bool is_asked_to) {
  if (!is_our_directory()) {
    environment_.reset();
    if (auto ok = take_directory(); !ok) return with_advice_to_keep(ok.error()).value_or(ok.error());
  }
  is_behind_ = true;
  if (auto ok = check_room(dir_); !ok) return ok;
  if (failed_tries_ >= kQuickTries && !is_asked_to) return last_error_;
  ++failed_tries_;
  environment_.reset();
  if (auto ok = write_tables(dir_, rows_); !ok) return last_error_ = ok.error();
  auto environment = Environment::open(dir_);
  if (!environment) return last_error_ = at(environment.error(), dir_);
  failed_tries_ = 0;
  environment_ = std::move(*environment);
  is_behind_ = false;
  keep_reserve(dir_);
  return {};
}

base::Result<std::vector<Entry>> Store::load(Table table) const {
  std::vector<Entry> entries;
  for (const auto& [key, value] : rows_[static_cast<std::size_t>(table)])
    entries.push_back({.key = key, .value = value});
  return entries;
}

}  // namespace tsmtp::ledger
