#include "mailertable/files/input.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>

#include "mailertable/files/file_lock.h"

namespace tsmtp::mailertable {
namespace {

constexpr std::chrono::seconds kLockPatience{30};
constexpr off_t kMostReserved = off_t{4} << 30;

Outcome<std::string> read_all(int fd, const std::string& name) {
  std::string text;
  struct stat status {};
  // A file may grow or shrink meanwhile; that costs time and nothing else.
  if (::fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
    text.reserve(static_cast<std::size_t>(std::min<off_t>(status.st_size, kMostReserved)));
  std::array<char, 65536> buffer;
  while (true) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got == 0) return text;
    if (got > 0) {
      text.append(buffer.data(), static_cast<std::size_t>(got));
    } else if (errno != EINTR) {
      return system_failure(EX_NOINPUT, "cannot read " + name, errno);
    }
  }
}

}  // namespace

std::string display_name(const std::string& path) {
  return path == "-" ? "<stdin>" : path;
}

Outcome<std::string> read_input(const std::string& path) {
  if (path == "-") return read_all(STDIN_FILENO, display_name(path));
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return system_failure(EX_NOINPUT, "cannot open " + path, errno);
  auto text = read_all(fd, path);
  ::close(fd);
  return text;
}

Outcome<std::string> read_locked(const std::string& path) {
  if (path == "-") return read_all(STDIN_FILENO, display_name(path));
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return system_failure(EX_NOINPUT, "cannot open " + path, errno);
  const int error = lock_until(fd, LOCK_SH, std::chrono::steady_clock::now() + kLockPatience);
  auto text = error == 0 ? read_all(fd, path)
                         : Outcome<std::string>(system_failure(EX_TEMPFAIL, "cannot lock " + path, error));
  ::close(fd);
  return text;
}

}  // namespace tsmtp::mailertable
