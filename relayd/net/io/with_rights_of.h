// Root that writes or reads for another user. In a directory of that user's, root must never open, make or
// rename anything by its name with rights of its own: the user may have put a link there.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace tsmtp::net {

/// A user and group of this machine.
struct Owner {
  uid_t uid;
  gid_t gid;

  friend bool operator==(const Owner&, const Owner&) = default;
};

/// Root with the rights of another user and group, for as long as this lives; without effect unless we are
/// root. It is the whole process that changes: only while there is one thread.
class WithRightsOf {
 public:
  WithRightsOf(uid_t uid, gid_t gid);
  ~WithRightsOf();
  WithRightsOf(const WithRightsOf&) = delete;
  WithRightsOf& operator=(const WithRightsOf&) = delete;
  [[nodiscard]] bool has_failed() const { return has_failed_; }

 private:
  bool is_root_;
  gid_t gid_;
  bool has_failed_ = false;
};

/// Whether nobody but root can change which file `path` names: every directory on the way is root's, and only
/// root's to write in (or sticky).
[[nodiscard]] bool is_named_by_root(const std::string& path);

/// open(2), close-on-exec. If we are root and somebody else may have a say in what `path` names, with the
/// rights of `owner`. -1 with errno set if it cannot.
[[nodiscard]] int open_for(const std::optional<Owner>& owner, const std::string& path, int flags,
                           mode_t mode = 0);

/// unlink(2), with the same rights.
[[nodiscard]] int unlink_for(const std::optional<Owner>& owner, const std::string& path);

}  // namespace tsmtp::net
