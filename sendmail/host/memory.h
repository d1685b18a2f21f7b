// What tsmtp-sendmail remembers between its runs, in a directory of root's: whether it is on, for which
// addresses, and how the files were before.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "mailertable/files/failure.h"
#include "relayd/base/descriptor.h"

namespace tsmtp::sendmail {

inline constexpr const char* kMemoryDirectory = "/var/lib/tsmtp-sendmail";
/// In that directory: the service switch, without DNS, that sendmail uses while it is asked.
inline constexpr const char* kServices = "/services-without-dns";

class Memory {
 public:
  /// Reads what is remembered in `directory`. Nothing there: off.
  [[nodiscard]] static mailertable::Outcome<Memory> read(std::string directory);

  /// Waits until no other tsmtp-sendmail works, and keeps others waiting until the descriptor is closed.
  /// Makes the directory. Calls `waits` if it has to wait.
  [[nodiscard]] mailertable::Outcome<base::Descriptor> lock(const std::function<void()>& waits);

  /// Sets the members below to "off".
  void be_off();

  /// Removes the files that a killed run has left behind. Call it only under the lock.
  void remove_leftovers() const;

  /// Keeps a copy of `path` before the first change of it, unless there is one already.
  [[nodiscard]] mailertable::Outcome<void> keep(const std::string& path);

  /// The copy that keep() has made. `is_known` false: there is none.
  struct Kept {
    bool is_known = false;
    std::optional<std::string> content;  ///< nothing: there was no such file
  };
  [[nodiscard]] Kept kept(const std::string& path) const;

  /// Forgets the copies, and saves the members below. Fails if they cannot be saved; if they say "off", that
  /// holds even then.
  [[nodiscard]] mailertable::Outcome<void> forget();
  /// Writes the members below.
  [[nodiscard]] mailertable::Outcome<void> save();

  bool is_on = false;
  bool is_finished = false;       ///< the last run came to its end
  bool is_leaving = false;        ///< it is being turned off
  bool may_start = false;         ///< the first site may start a sendmail that is not running
  std::vector<std::string> only;  ///< addresses of a trial
  std::set<std::string> paths;    ///< of files that keep() has noted; none: nothing has been changed yet

 private:
  explicit Memory(std::string directory) : directory_(std::move(directory)) {}
  [[nodiscard]] std::string place_of(const std::string& path) const;

  std::string directory_;
  std::set<std::string> absent_;  ///< paths that were no files before
};

}  // namespace tsmtp::sendmail
