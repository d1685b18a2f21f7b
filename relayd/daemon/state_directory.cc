#include "relayd/daemon/state_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "relayd/base/descriptor.h"
#include "relayd/base/system_cause.h"
#include "relayd/daemon/privileges.h"

namespace tsmtp::daemon {
namespace {

// The names that relayd makes in its state directory; one that ends with a dot is the beginning of a name.
constexpr char kLedger[] = "ledger";
constexpr std::array<std::string_view, 8> kOurs{"digest.", kLedger,       "commits.",     "identity.",
                                                "keys.",   "invitations", "invitations.", ".invitations."};
// A state directory that is a file system of its own has this at its top.
constexpr std::string_view kLostAndFound = "lost+found";

base::Error cannot(const std::string& what) {
  return base::Error{what + ": " + base::system_cause(errno)};
}

bool is_ours(std::string_view name) {
  return std::any_of(kOurs.begin(), kOurs.end(), [&](std::string_view known) {
    return known.ends_with('.') ? name.starts_with(known) : name == known;
  });
}

struct DirectoryCloser {
  void operator()(DIR* dir) const { closedir(dir); }
};

base::Result<std::vector<std::string>> names_in(int dir, const std::string& path) {
  const int own = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, DirectoryCloser> stream(own < 0 ? nullptr : fdopendir(own));
  if (!stream) return cannot(path + ": cannot be listed");
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* entry = readdir(stream.get());
    if (entry == nullptr && errno != 0) return cannot(path + ": cannot be listed");
    if (entry == nullptr) return names;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
}

base::Result<void> give(int fd, const std::string& path, const Owner& owner) {
  if (fchownat(fd, "", owner.uid, owner.gid, AT_EMPTY_PATH) == 0) return {};
  return cannot(path + ": cannot be given to hub.user");
}

base::Result<void> give_file(int dir, const std::string& name, const std::string& path, const Owner& owner) {
  const base::Descriptor file(openat(dir, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!file.is_open() && errno == ENOENT) return {};  // a witness has just ended
  struct stat status {};
  if (!file.is_open() || fstat(file.get(), &status) != 0) return cannot(path + ": cannot be opened");
  if (!S_ISREG(status.st_mode)) return base::Error{path + ": is no file of relayd's; remove it"};
  if (status.st_uid == owner.uid && status.st_gid == owner.gid) return {};
  // With a second name it may be any file of the machine's, linked here by who owns the directory.
  if (status.st_nlink > 1) return base::Error{path + ": has another name elsewhere; remove it"};
  return give(file.get(), path, owner);
}

base::Result<void> give_ledger(int dir, const std::string& path, const Owner& owner) {
  const base::Descriptor ledger(openat(dir, kLedger, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!ledger.is_open()) return cannot(path + ": cannot be opened as a directory");
  const auto names = names_in(ledger.get(), path);
  if (!names) return names.error();
  for (const std::string& name : *names)
    if (auto ok = give_file(ledger.get(), name, path + '/' + name, owner); !ok) return ok;
  return give(ledger.get(), path, owner);
}

base::Result<void> give_directory(int dir, const std::string& path, const std::vector<std::string>& names,
                                  const Owner& owner) {
  struct stat status {};
  if (fstat(dir, &status) != 0) return cannot(path + ": cannot be examined");
  if (status.st_uid == owner.uid) return {};
  for (const std::string& name : names)
    if (!is_ours(name) && name != kLostAndFound)
      return base::Error{
          path + ": does not belong to hub.user, and holds \"" + name +
          "\", which is none of relayd's files; name a directory that is relayd's alone, or give "
          "this one to hub.user by hand"};
  return give(dir, path, owner);
}

}  // namespace

base::Result<void> make_state_directory(const std::string& path, const std::string& user) {
  if (auto ok = make_directory(path, 0700, user); !ok) return ok;
  if (user.empty() || geteuid() != 0) return {};
  const auto owner = look_up(user);
  if (!owner) return owner.error();
  const base::Descriptor dir(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!dir.is_open()) return cannot(path + ": cannot be opened");
  const auto names = names_in(dir.get(), path);
  if (!names) return names.error();
  if (auto ok = give_directory(dir.get(), path, *names, *owner); !ok) return ok;
  for (const std::string& name : *names) {
    if (!is_ours(name)) continue;
    const std::string entry = path + '/' + name;
    auto ok =
        name == kLedger ? give_ledger(dir.get(), entry, *owner) : give_file(dir.get(), name, entry, *owner);
    if (!ok) return ok;
  }
  return {};
}

}  // namespace tsmtp::daemon
