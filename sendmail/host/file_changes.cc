#include "sendmail/host/file_changes.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <system_error>
#include <utility>

#include "mailertable/files/input.h"
#include "mailertable/files/replacement.h"
#include "relayd/base/descriptor.h"

namespace tsmtp::sendmail {
namespace {

using mailertable::Failure;
using mailertable::Outcome;
using mailertable::system_failure;

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

/// The file itself behind links, as far as there is one.
std::string real_path(const std::string& path) {
  char* const resolved = ::realpath(path.c_str(), nullptr);
  if (resolved == nullptr) return path;
  std::string real = resolved;
  std::free(resolved);
  return real;
}

/// A link that another user than root has made would have root write where that user may not: /etc/mail is
/// sendmail's own.
bool is_strange_link(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode) && status.st_uid != 0 &&
         status.st_uid != ::geteuid();
}

/// A file that is mounted by itself, as /etc/hosts of a container, cannot be renamed over.
bool is_mounted(const std::string& path) {
  struct statx file {};
  return ::statx(AT_FDCWD, path.c_str(), 0, STATX_BASIC_STATS, &file) == 0 &&
         (file.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) != 0 &&
         (file.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

/// Leaves the beginning that both share untouched, and takes room for the rest before it writes any of it.
Outcome<void> write_in_place(const std::string& path, std::string_view old, std::string_view content) {
  const auto shorter = static_cast<std::ptrdiff_t>(std::min(old.size(), content.size()));
  const auto same = std::mismatch(old.begin(), old.begin() + shorter, content.begin()).first - old.begin();
  const auto size = static_cast<off_t>(content.size());
  const base::Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  const bool has_room = content.size() <= old.size() ||
                        ::fallocate(file.get(), FALLOC_FL_KEEP_SIZE, 0, size) == 0 || errno == EOPNOTSUPP ||
                        errno == ENOSYS;
  if (!file.is_open() || !has_room || ::lseek(file.get(), same, SEEK_SET) < 0 ||
      !write_all(file.get(), content.substr(static_cast<std::size_t>(same))) ||
      ::ftruncate(file.get(), size) != 0 || ::fsync(file.get()) != 0)
    return system_failure(EX_CANTCREAT, "cannot write " + path, errno);
  return {};
}

constexpr const char* kInfix = "tsmtp-";
constexpr const char* kSecond = "tsmtp-before";

/// "/etc/mail/.access." of "/etc/mail/access".
std::string hidden_beside(const std::string& path) {
  const std::size_t name = path.rfind('/') + 1;
  return path.substr(0, name) + '.' + path.substr(name) + '.';
}

/// The second name that the file at `path` keeps while it may have to come back without room for a copy.
std::string second_name_for(const std::string& path) {
  return hidden_beside(path) + kSecond;
}

Outcome<void> replace(const std::string& path, const std::optional<std::string>& old,
                      std::string_view content, bool for_sendmail, const std::string& old_name = "") {
  if (is_mounted(path)) return write_in_place(path, old.value_or(""), content);
  const bool is_new = ::access(path.c_str(), F_OK) != 0;
  mailertable::Replacement target{path};
  target.new_mode = for_sendmail ? 0640 : 0644;
  target.infix = kInfix;
  target.old_name = old_name;
  return mailertable::replace_file(target, [&](const mailertable::TemporaryFile& file) -> Outcome<void> {
    if (!write_all(file.fd(), content)) return system_failure(EX_IOERR, "cannot write " + file.path(), errno);
    const group* const smmsp = is_new && for_sendmail ? ::getgrnam("smmsp") : nullptr;
    if (smmsp != nullptr && ::fchown(file.fd(), static_cast<uid_t>(-1), smmsp->gr_gid) != 0)
      return system_failure(EX_CANTCREAT, "cannot give " + path + " to sendmail's group", errno);
    return {};
  });
}

}  // namespace

Outcome<std::optional<std::string>> content_of(const std::string& path) {
  if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT) return std::optional<std::string>();
  auto text = mailertable::read_input(path);
  if (!text) return text.error();
  return std::optional(*std::move(text));
}

void remove_leftovers(const std::string& path) {
  const std::string real = real_path(path);
  const std::string directory = real.substr(0, real.rfind('/') + 1);
  const std::string begin = hidden_beside(real).substr(directory.size()) + kInfix;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(directory, ignored)) {
    if (entry.path().filename().string().starts_with(begin)) ::unlink(entry.path().c_str());
  }
}

Outcome<void> FileChanges::make(const std::string& path, const std::optional<std::string>& content,
                                bool for_sendmail) {
  if (is_strange_link(path))
    return Failure{EX_CANTCREAT,
                   path + " is a link that another user than root has made: put the file itself there",
                   false};
  const std::string real = real_path(path);
  auto now = content_of(real);
  if (!now) return now.error();
  if (*now == content) return {};
  const bool is_noted =
      std::any_of(before_.begin(), before_.end(), [&](const Before& one) { return one.path == real; });
  const std::string second = is_noted || !*now ? "" : second_name_for(real);
  if (!is_noted) before_.push_back({real, *now, for_sendmail, second});
  if (content) return replace(real, *now, *content, for_sendmail, second);
  if (!second.empty() && ::rename(real.c_str(), second.c_str()) == 0) return {};
  if (::unlink(real.c_str()) != 0) return system_failure(EX_CANTCREAT, "cannot remove " + real, errno);
  return {};
}

Outcome<void> FileChanges::put_back(const Before& change) const {
  const auto now = content_of(change.path);
  if (now && *now == change.content) return {};
  if (!change.content) {
    if (::unlink(change.path.c_str()) != 0 && errno != ENOENT)
      return system_failure(EX_CANTCREAT, "cannot remove " + change.path, errno);
    return {};
  }
  // A file that was removed comes back with its owner and mode.
  const bool is_gone = now && !*now;
  if (is_gone && !change.second_name.empty() &&
      ::rename(change.second_name.c_str(), change.path.c_str()) == 0)
    return {};
  auto done = replace(change.path, now ? *now : std::nullopt, *change.content, change.for_sendmail);
  if (done || change.second_name.empty()) return done;
  // A sendmail that has this file open as a map compares its time.
  const std::array<timespec, 2> later{timespec{0, UTIME_OMIT}, timespec{::time(nullptr) + 1, 0}};
  ::utimensat(AT_FDCWD, change.path.c_str(), later.data(), 0);
  if (::rename(change.second_name.c_str(), change.path.c_str()) != 0) return done;
  return {};
}

std::vector<Failure> FileChanges::put_back() {
  std::vector<Failure> failures;
  for (auto change = before_.rbegin(); change != before_.rend(); ++change) {
    if (auto done = put_back(*change); !done) failures.push_back(done.error());
  }
  settle();
  return failures;
}

void FileChanges::settle() {
  for (const Before& change : before_) {
    if (!change.second_name.empty()) ::unlink(change.second_name.c_str());
  }
  before_.clear();
}

}  // namespace tsmtp::sendmail
