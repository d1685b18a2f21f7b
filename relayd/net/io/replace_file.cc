#include "relayd/net/io/replace_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "relayd/base/descriptor.h"
#include "relayd/base/system_cause.h"

namespace tsmtp::net {
namespace {

base::Error not_replaced(const std::string& path, const char* what) {
  return base::Error{path + ": " + what + ": " + base::system_cause(errno)};
}

bool write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t bytes = ::write(fd, content.data(), content.size());
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes <= 0) return false;
    content.remove_prefix(static_cast<std::size_t>(bytes));
  }
  return true;
}

bool give(int fd, const FileReaders& readers) {
  constexpr auto kSameUser = static_cast<uid_t>(-1);
  constexpr auto kSameGroup = static_cast<gid_t>(-1);
  if (readers.user && fchown(fd, *readers.user, kSameGroup) == 0) return true;
  return fchown(fd, kSameUser, readers.group.value_or(kSameGroup)) == 0 && fchmod(fd, 0640) == 0;
}

}  // namespace

base::Result<void> replace_file(const std::string& path, std::string_view content,
                                const std::optional<FileReaders>& readers) {
  const std::string aside = path + ".new";
  const std::size_t slash = path.find_last_of('/');
  const std::string directory = slash == path.npos ? "." : path.substr(0, slash + 1);
  (void)unlink(aside.c_str());  // of an earlier try that was cut short
  const base::Descriptor file(
      open(aside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.is_open()) return not_replaced(aside, "cannot be made");
  if (!write_all(file.get(), content) || fsync(file.get()) != 0) {
    const base::Error error = not_replaced(aside, "cannot be written");
    (void)unlink(aside.c_str());
    return error;
  }
  if (readers && !give(file.get(), *readers)) {
    const base::Error error = not_replaced(aside, "cannot be given to its readers");
    (void)unlink(aside.c_str());
    return error;
  }
  if (std::rename(aside.c_str(), path.c_str()) != 0) return not_replaced(path, "cannot be replaced");
  const base::Descriptor opened(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened.is_open() || fsync(opened.get()) != 0) return not_replaced(directory, "cannot be synced");
  return {};
}

}  // namespace tsmtp::net
