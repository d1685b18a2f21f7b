#include "relayd/net/io/with_rights_of.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <iterator>

namespace tsmtp::net {
namespace {

template <typename Call>
int as_owner(const std::optional<Owner>& owner, const std::string& path, const Call& call) {
  if (!owner || geteuid() != 0 || is_named_by_root(path)) return call();
  int result = -1;
  int error = EPERM;
  {
    const WithRightsOf rights(owner->uid, owner->gid);
    if (!rights.has_failed()) {
      result = call();
      error = errno;
    }
  }
  errno = error;
  return result;
}

constexpr int kMaxLinks = 16;

bool is_roots_way(const std::filesystem::path& path, int links) {
  std::filesystem::path way = path.root_path();
  const std::filesystem::path names = path.relative_path();
  for (auto name = names.begin();; way /= *name++) {
    struct stat status {};
    if (lstat(way.c_str(), &status) != 0 || status.st_uid != 0) return false;
    if (S_ISLNK(status.st_mode)) {
      std::error_code error;
      std::filesystem::path target = way.parent_path() / std::filesystem::read_symlink(way, error);
      for (; name != names.end(); ++name)
        target /= *name;
      return !error && links > 0 && is_roots_way(target, links - 1);
    }
    const bool others_write = (status.st_mode & (S_IWGRP | S_IWOTH)) != 0;
    if (!S_ISDIR(status.st_mode) || (others_write && (status.st_mode & S_ISVTX) == 0)) return false;
    if (name == names.end() || std::next(name) == names.end()) return true;
  }
}

}  // namespace

WithRightsOf::WithRightsOf(uid_t uid, gid_t gid) : is_root_(geteuid() == 0), gid_(getegid()) {
  if (is_root_ && (setegid(gid) != 0 || seteuid(uid) != 0)) has_failed_ = true;
}

WithRightsOf::~WithRightsOf() {
  if (is_root_) (void)!(seteuid(0) == 0 && setegid(gid_) == 0);
}

bool is_named_by_root(const std::string& path) {
  std::error_code error;
  return is_roots_way(std::filesystem::absolute(path, error), kMaxLinks);
}

int open_for(const std::optional<Owner>& owner, const std::string& path, int flags, mode_t mode) {
  return as_owner(owner, path, [&] { return open(path.c_str(), flags | O_CLOEXEC, mode); });
}

int unlink_for(const std::optional<Owner>& owner, const std::string& path) {
  return as_owner(owner, path, [&] { return unlink(path.c_str()); });
}

}  // namespace tsmtp::net
