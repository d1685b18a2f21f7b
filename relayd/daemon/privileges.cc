#include "relayd/daemon/privileges.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "relayd/base/descriptor.h"
#include "relayd/base/system_cause.h"

namespace tsmtp::daemon {
namespace {

base::Error failed(const std::string& what) {
  return base::Error{what + ": " + base::system_cause(errno)};
}

std::string own_name() {
  const passwd* const entry = getpwuid(geteuid());
  return entry != nullptr ? entry->pw_name : std::to_string(geteuid());
}

// A service manager that starts us as hub.user makes the usual directories itself, and forbids others.
base::Error not_ours_to_make(const std::string& path) {
  const int error = errno;
  base::Error said = failed(path + ": cannot be made");
  if (geteuid() != 0 && (error == EACCES || error == EROFS))
    said.message += "; make it for " + own_name() +
                    " and, under systemd, name it in ReadWritePaths= (systemctl edit relayd)";
  return said;
}

}  // namespace

base::Result<Owner> look_up(const std::string& user) {
  const passwd* entry = getpwnam(user.c_str());
  if (entry == nullptr)
    return base::Error{"hub.user: there is no user \"" + user +
                       "\" on this machine; make it with useradd --system"};
  return Owner{entry->pw_uid, entry->pw_gid};
}

base::Result<std::optional<Owner>> owner_of(const std::string& user) {
  if (user.empty()) return std::optional<Owner>();
  const auto found = look_up(user);
  if (!found) return found.error();
  return std::optional<Owner>(*found);
}

base::Result<void> make_directory(const std::string& path, unsigned mode, const std::string& user) {
  struct stat status {};
  if (stat(path.c_str(), &status) == 0) {
    if (!S_ISDIR(status.st_mode)) return base::Error{path + ": is not a directory"};
    return {};
  }
  const std::size_t slash = path.find_last_of('/');
  if (slash != std::string::npos && slash > 0) {
    if (auto ok = make_directory(path.substr(0, slash), 0755, ""); !ok) return ok.error();
  }
  if (mkdir(path.c_str(), static_cast<mode_t>(mode)) != 0) return not_ours_to_make(path);
  const base::Descriptor directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory.is_open()) return failed(path + ": cannot be opened");
  return give_to(directory.get(), path, user);
}

base::Result<void> make_file(const std::string& path, unsigned mode, const std::string& user) {
  // O_EXCL follows no link, and the descriptor is the file itself, whatever is done to its name meanwhile.
  const base::Descriptor file(
      open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, static_cast<mode_t>(mode)));
  if (!file.is_open()) {
    if (errno == EEXIST) return {};
    return not_ours_to_make(path);
  }
  return give_to(file.get(), path, user);
}

base::Result<void> give_to(int descriptor, const std::string& what, const std::string& user) {
  if (user.empty() || geteuid() != 0) return {};
  const auto owner = look_up(user);
  if (!owner) return owner.error();
  if (fchown(descriptor, owner->uid, owner->gid) != 0) return failed(what + ": cannot be given to " + user);
  return {};
}

base::Result<void> drop_to(const std::string& user) {
  if (user.empty()) return {};
  const auto target = look_up(user);
  if (!target) return target.error();
  if (geteuid() == target->uid) return {};
  if (geteuid() != 0)
    return base::Error{"relayd was started as user " + own_name() + ", and hub.user is " + user +
                       ": leave hub.user out, or let the service manager start it as " + user +
                       " (User= of its unit: systemctl edit relayd)"};
  if (setgroups(0, nullptr) != 0 || setresgid(target->gid, target->gid, target->gid) != 0 ||
      setresuid(target->uid, target->uid, target->uid) != 0)
    return failed("cannot become user " + user + " (hub.user)");
  if (target->uid != 0 && setuid(0) == 0)
    return base::Error{"became user " + user + ", but could become root again"};
  keep_memory_secret();
  return {};
}

void keep_memory_secret() {
  prctl(PR_SET_DUMPABLE, 0);
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace tsmtp::daemon
