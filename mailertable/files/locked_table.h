// The table that is about to be replaced, open and locked. sendmail holds a shared lock on it for every
// lookup and for every opening, makemap an exclusive one while it writes; so nobody reads while names change.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "mailertable/files/failure.h"

namespace tsmtp::mailertable {

/// An existing table under an exclusive flock(2), which ends with the object.
class LockedTable {
 public:
  /// Opens and locks what `path` names; nothing when there is no such file. Waits up to `patience` for
  /// others' locks, then fails with EX_TEMPFAIL. Other failures are EX_CANTCREAT.
  [[nodiscard]] static Outcome<std::optional<LockedTable>> open(const std::string& path,
                                                                std::chrono::milliseconds patience);

  LockedTable(LockedTable&& other) noexcept;
  LockedTable(const LockedTable&) = delete;
  LockedTable& operator=(const LockedTable&) = delete;
  LockedTable& operator=(LockedTable&&) = delete;
  ~LockedTable();

  /// How long ago it was put in place, or anything else of it was changed; zero when the clock went back.
  [[nodiscard]] std::chrono::nanoseconds age() const;

  /// Makes its time of modification later, by a whole second at least, so that a running sendmail sees that
  /// it must open the table anew (map.c compares st_mtime of the descriptor it holds). False: see errno.
  [[nodiscard]] bool mark_changed() const;

 private:
  explicit LockedTable(int fd) : fd_(fd) {}

  int fd_ = -1;
};

}  // namespace tsmtp::mailertable
