#include "mailertable/input.h"

#include <fcntl.h>
#include <sysexits.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace tsmtp::mailertable {
namespace {

Outcome<std::string> read_all(int fd, const std::string& name) {
  std::string text;
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

}  // namespace tsmtp::mailertable
