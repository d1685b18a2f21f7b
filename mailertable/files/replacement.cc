#include "mailertable/files/replacement.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <sysexits.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <thread>

#include "mailertable/files/locked_table.h"
#include "mailertable/files/temporary_file.h"

namespace tsmtp::mailertable {
namespace {

/// The attributes of the table at `path`, if there is one and it may be replaced.
Outcome<std::optional<struct stat>> old_attributes(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return std::optional<struct stat>();
    return system_failure(EX_CANTCREAT, "cannot create " + path, errno);
  }
  // makemap refuses these, too: a rename would replace the link and not the table behind it.
  if (S_ISLNK(status.st_mode))
    return Failure{EX_CANTCREAT, path + " is a symbolic link; name the table itself", false};
  if (!S_ISREG(status.st_mode)) return Failure{EX_CANTCREAT, path + " is not a regular file", false};
  return std::optional(status);
}

// What others made is not ours to replace.
Outcome<void> check_content(const Replacement& target) {
  if (!target.objection) return {};
  const int fd = ::open(target.path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return system_failure(EX_CANTCREAT, "cannot look at the old " + target.path, errno);
  std::array<char, 4096> begin{};
  const ssize_t got = ::read(fd, begin.data(), begin.size());
  const int error = errno;
  ::close(fd);
  if (got < 0) return system_failure(EX_CANTCREAT, "cannot look at the old " + target.path, error);
  const auto wrong = target.objection(std::string_view(begin.data(), static_cast<std::size_t>(got)));
  if (wrong) return Failure{EX_CANTCREAT, target.path + *wrong, false};
  return {};
}

/// Access lists and labels, as far as both file systems know them: who might read the old one is to be able
/// to read the new one.
void copy_extended_attributes(const std::string& from, int to) {
  std::array<char, 4096> names{};
  const ssize_t size = ::listxattr(from.c_str(), names.data(), names.size());
  for (ssize_t at = 0; at < size;) {
    const char* const name = names.data() + at;
    at += static_cast<ssize_t>(std::strlen(name)) + 1;
    std::array<char, 4096> value{};
    const ssize_t length = ::getxattr(from.c_str(), name, value.data(), value.size());
    if (length >= 0) ::fsetxattr(to, name, value.data(), static_cast<std::size_t>(length), 0);
  }
}

Outcome<void> give_attributes(const TemporaryFile& file, const std::optional<struct stat>& old,
                              const Replacement& target) {
  constexpr mode_t kPermissions = 07777;
  const uid_t uid = target.owner ? *target.owner : old ? old->st_uid : static_cast<uid_t>(-1);
  // The owner first: fchown(2) may clear mode bits.
  if ((target.owner || old) && ::fchown(file.fd(), uid, old ? old->st_gid : static_cast<gid_t>(-1)) != 0)
    return system_failure(EX_CANTCREAT, "cannot give the new table the old one's owner", errno);
  if (::fchmod(file.fd(), old ? old->st_mode & kPermissions : target.new_mode) != 0)
    return system_failure(EX_CANTCREAT, "cannot give the new table its mode", errno);
  if (old) copy_extended_attributes(target.path, file.fd());
  return {};
}

Outcome<void> sync_directory_of(const std::string& path) {
  const std::size_t name = path.rfind('/') + 1;
  const std::string directory = name == 0 ? "." : path.substr(0, name);
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = fd >= 0 && ::fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (synced) return {};
  Failure failure = system_failure(EX_IOERR, "cannot sync the directory " + directory, error);
  failure.table_replaced = true;
  return failure;
}

/// Renames to a name that nobody bears yet. False, and errno EEXIST: somebody does now.
bool rename_to_new(const TemporaryFile& file, const std::string& path) {
  if (::renameat2(AT_FDCWD, file.path().c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) == 0) return true;
  const bool unsupported = errno == EINVAL || errno == ENOSYS;  // by this file system
  return unsupported && std::rename(file.path().c_str(), path.c_str()) == 0;
}

/// Renames over `old`, and lets a running sendmail know. It is marked before the rename, so that being killed
/// between the two costs a needless reopening and not an unseen table, and after it for whoever opened the
/// old one in between.
Outcome<void> rename_over(const LockedTable& old, TemporaryFile& file, const Replacement& target) {
  const std::string& path = target.path;
  if (!old.mark_changed())
    return system_failure(EX_CANTCREAT, "cannot set the time of the old " + path, errno);
  const std::string written = file.path();
  const bool is_exchanged = !target.old_name.empty() && ::renameat2(AT_FDCWD, written.c_str(), AT_FDCWD,
                                                                    path.c_str(), RENAME_EXCHANGE) == 0;
  if (!is_exchanged && std::rename(written.c_str(), path.c_str()) != 0)
    return system_failure(EX_CANTCREAT, "cannot rename to " + path, errno);
  file.keep();
  if (is_exchanged && std::rename(written.c_str(), target.old_name.c_str()) != 0) ::unlink(written.c_str());
  if (old.mark_changed()) return {};
  Failure failure = system_failure(EX_IOERR, "a running sendmail may not notice; restart it", errno);
  failure.table_replaced = true;
  return failure;
}

/// Locks the old file, but not one that was itself put in place a moment ago: a sendmail that is about to
/// open it compares what it opened with what it looked at just before, and when they differ answers every
/// lookup from then on with a temporary failure (map.c, "file changed after pre-open").
Outcome<std::optional<LockedTable>> lock_settled(const Replacement& target) {
  constexpr std::chrono::milliseconds kSettled{50};
  for (int tries = 0; tries < 10; ++tries) {
    std::chrono::nanoseconds left{};
    {
      auto old = LockedTable::open(target.path, target.lock_patience);
      if (old && old->has_value()) left = kSettled - (*old)->age();
      if (left <= std::chrono::nanoseconds::zero()) return old;
    }
    // Unlocked: a program that opens it must not have to wait for us.
    std::this_thread::sleep_for(left);
  }
  return LockedTable::open(target.path, target.lock_patience);
}

Outcome<void> put_in_place(TemporaryFile& file, const Replacement& target, const LockedTable* locked) {
  if (locked != nullptr) return rename_over(*locked, file, target);
  while (true) {
    auto old = lock_settled(target);
    if (!old) return old.error();
    if (old->has_value()) return rename_over(**old, file, target);
    if (rename_to_new(file, target.path)) {
      file.keep();
      return {};
    }
    // Another build was first: its table is now the old one, which a sendmail may have opened.
    if (errno != EEXIST) return system_failure(EX_CANTCREAT, "cannot rename to " + target.path, errno);
  }
}

}  // namespace

Outcome<void> replace_file(const Replacement& target, const Fill& fill) {
  const auto old = old_attributes(target.path);
  if (!old) return old.error();
  if (old->has_value()) {
    if (auto ok = check_content(target); !ok) return ok;
  }
  auto locked = target.lock_first ? lock_settled(target) : Outcome<std::optional<LockedTable>>(std::nullopt);
  if (!locked) return locked.error();
  auto file = TemporaryFile::create_beside(target.path, target.infix);
  if (!file) return file.error();
  if (auto done = give_attributes(*file, *old, target); !done) return done;
  if (auto done = fill(*file); !done) return done;
  if (::fsync(file->fd()) != 0) return system_failure(EX_IOERR, "cannot sync " + file->path(), errno);
  if (auto done = put_in_place(*file, target, *locked ? &**locked : nullptr); !done) return done;
  return sync_directory_of(target.path);
}

}  // namespace tsmtp::mailertable
