#include "relayd/ledger/store.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "relayd/ledger/directory_lock.h"
#include "relayd/ledger/environment.h"

namespace tsmtp::ledger {
namespace {

constexpr mode_t kDirectoryMode = 0700;

// What an administrator can do about a ledger that does not open, and what it costs.
base::Error with_advice(const base::Error& error, const std::string& dir) {
  return base::Error{error.message + "; if it is damaged for good, move " + dir +
                     " away to begin a new one: mails that are in doubt now may then be delivered twice"};
}

base::Result<void> make_directory(const std::string& dir) {
  struct stat found {};
  if (mkdir(dir.c_str(), kDirectoryMode) == 0) return {};
  if (errno != EEXIST)
    return base::Error{"cannot make the ledger's directory " + dir + ": " + std::strerror(errno)};
  if (stat(dir.c_str(), &found) != 0 || !S_ISDIR(found.st_mode))
    return base::Error{dir + " is no directory; the ledger needs one of its own"};
  return {};
}

}  // namespace

base::Result<std::unique_ptr<Store>> Store::open(const std::string& dir) {
  if (auto ok = make_directory(dir); !ok) return ok.error();
  auto lock = DirectoryLock::take(dir);
  if (!lock) return lock.error();
  auto environment = Environment::open(dir);
  if (!environment) return with_advice(environment.error(), dir);
  return std::unique_ptr<Store>(new Store(dir, std::move(*lock), std::move(*environment)));
}

Store::Store(std::string dir, std::unique_ptr<DirectoryLock> lock, std::unique_ptr<Environment> environment)
    : dir_(std::move(dir)), lock_(std::move(lock)), environment_(std::move(environment)) {}

Store::~Store() = default;

base::Result<void> Store::apply(std::span<const Change> changes) {
  if (changes.empty()) return {};
  if (environment_ == nullptr) {
    auto reopened = Environment::open(dir_);
    if (!reopened) return reopened.error();
    environment_ = std::move(*reopened);
  }
  if (auto ok = environment_->apply(changes); !ok) {
    environment_.reset();
    return ok.error();
  }
  // The changes stand, whatever becomes of the tables' copy of them: the next call recovers that from the
  // log.
  if (!environment_->checkpoint()) environment_.reset();
  return {};
}

base::Result<std::vector<Entry>> Store::load(Table table) {
  if (environment_ == nullptr) return base::Error{"the ledger in " + dir_ + " is closed after an error"};
  auto entries = environment_->load(table);
  if (!entries) {
    environment_.reset();
    return with_advice(entries.error(), dir_);
  }
  return entries;
}

}  // namespace tsmtp::ledger
