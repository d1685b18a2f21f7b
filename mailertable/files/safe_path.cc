#include "mailertable/files/safe_path.h"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <string_view>

namespace tsmtp::mailertable {
namespace {

constexpr int kMostLinks = 20;

std::string text_of(int error) {
  return std::strerror(error);
}

/// Whether the calling user is listed in group `gid`.
bool is_member(gid_t gid) {
  const passwd* user = ::getpwuid(::getuid());
  if (user == nullptr) return false;
  const std::string name = user->pw_name;
  const group* members = ::getgrgid(gid);
  if (members == nullptr) return false;
  for (char** one = members->gr_mem; *one != nullptr; ++one)
    if (name == *one) return true;
  return false;
}

/// `mode` is given for the owner; moved to where the caller's class has its bits in `status`.
mode_t for_our_class(mode_t mode, const struct stat& status, uid_t trusted_user) {
  if (status.st_uid == ::getuid() || (::getuid() == 0 && status.st_uid == trusted_user)) return mode;
  if (status.st_gid == ::getgid() || is_member(status.st_gid)) return mode >> 3;
  return mode >> 6;
}

bool may_enter(const struct stat& status) {
  if (status.st_uid == ::getuid() && (status.st_mode & S_IXUSR) != 0) return true;
  if ((status.st_mode & S_IXOTH) != 0) return true;
  return (status.st_mode & S_IXGRP) != 0 && (status.st_gid == ::getgid() || is_member(status.st_gid));
}

/// Looks at each directory of a path, from the first on.
class DirectoryWalk {
 public:
  explicit DirectoryWalk(std::vector<std::string>& warnings) : warnings_(warnings) {}

  std::optional<std::string> check(const std::string& path, std::size_t from, int links) {
    if (links > kMostLinks) return text_of(ELOOP);
    std::size_t end = from;
    while (true) {
      end = path.find('/', end);
      // The root directory keeps its slash.
      const std::string part = end == std::string::npos ? path : path.substr(0, end == 0 ? 1 : end);
      if (auto wrong = check_one(part, links)) return wrong;
      if (end == std::string::npos || end + 1 >= path.size()) return std::nullopt;
      ++end;
    }
  }

 private:
  std::optional<std::string> check_one(const std::string& directory, int links) {
    if (directory.ends_with("/..") || directory.ends_with("/.")) return std::nullopt;
    struct stat status {};
    if (::lstat(directory.c_str(), &status) != 0) return text_of(errno);
    if (S_ISLNK(status.st_mode)) return follow(directory, links);
    if (::geteuid() != 0) return std::nullopt;  // the system itself decides
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
      warnings_.push_back(std::string((status.st_mode & S_IWOTH) != 0 ? "World" : "Group") +
                          " writable directory " + directory);
    return may_enter(status) ? std::nullopt : std::optional(text_of(EACCES));
  }

  std::optional<std::string> follow(const std::string& link, int links) {
    std::string target(PATH_MAX, '\0');
    const ssize_t size = ::readlink(link.c_str(), target.data(), target.size());
    if (size < 0) return text_of(errno);
    target.resize(static_cast<std::size_t>(size));
    if (target.starts_with('/')) {
      // What both have in common has been looked at.
      std::size_t same = 0;
      while (same < target.size() && same < link.size() && target[same] == link[same])
        ++same;
      const std::size_t slash = target.rfind('/', same == 0 ? 0 : same - 1);
      return check(target, slash == std::string::npos || slash == 0 ? 0 : slash + 1, links + 1);
    }
    const std::size_t slash = link.rfind('/');
    if (slash == std::string::npos) return check(target, 0, links + 1);
    return check(link.substr(0, slash + 1) + target, slash + 1, links + 1);
  }

  std::vector<std::string>& warnings_;
};

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::optional<std::string> objection_to_new(const std::string& path, const SafePathRules& rules) {
  struct stat status {};
  if (::stat(directory_of(path).c_str(), &status) != 0) return text_of(errno);
  const mode_t wanted = for_our_class(S_IWUSR | S_IXUSR, status, rules.trusted_user);
  return (status.st_mode & wanted) == wanted ? std::nullopt : std::optional(text_of(EACCES));
}

std::optional<std::string> objection_to_old(const struct stat& status, mode_t mode,
                                            const SafePathRules& rules) {
  if (!rules.allow_links && S_ISLNK(status.st_mode)) return "Symbolic links not allowed";
  if (!S_ISREG(status.st_mode)) return "Regular files only";
  if ((mode & S_IWUSR) != 0 && (status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0)
    return "Executable files not allowed";
  if (!rules.allow_links && status.st_nlink != 1) return "Hard links not allowed";
  const mode_t wanted = for_our_class(mode, status, rules.trusted_user);
  return (status.st_mode & wanted) == wanted ? std::nullopt : std::optional(text_of(EACCES));
}

/// Whether no directory on the way can be written by others; then makemap does not look at it again.
bool is_guarded(const std::string& directory) {
  std::vector<std::string> warnings;
  const bool reachable = !DirectoryWalk(warnings).check(directory, 0, 0);
  return reachable && warnings.empty();
}

}  // namespace

std::optional<std::string> unsafe(const std::string& path, mode_t mode, const SafePathRules& rules,
                                  std::vector<std::string>& warnings) {
  struct stat status {};
  const int error =
      (rules.allow_links ? ::stat(path.c_str(), &status) : ::lstat(path.c_str(), &status)) == 0 ? 0 : errno;
  const std::string directory = directory_of(path);
  if (!is_guarded(directory)) {
    if (auto wrong = DirectoryWalk(warnings).check(directory, 0, 0)) return wrong;
  }
  if (error == 0) return objection_to_old(status, mode, rules);
  if (!rules.may_create || error != ENOENT) return text_of(error);
  return objection_to_new(path, rules);
}

}  // namespace tsmtp::mailertable
