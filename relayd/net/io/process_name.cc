#include "relayd/net/io/process_name.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "relayd/base/descriptor.h"

namespace tsmtp::net {

void rename_process(const char* name) {
  prctl(PR_SET_NAME, name);
  // The arguments stand in memory one behind the other, and ps reads them there.
  std::array<char, 8192> arguments{};
  const base::Descriptor file(open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC));
  const ssize_t bytes = file.is_open() ? read(file.get(), arguments.data(), arguments.size()) : 0;
  const std::size_t room = bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
  const std::size_t size = std::strlen(name) + 1;
  if (room < size || std::string_view(arguments.data()) != program_invocation_name) return;
  std::memset(program_invocation_name, 0, room);
  std::memcpy(program_invocation_name, name, size);
}

}  // namespace tsmtp::net
