// Whether a process lives that is nobody's child here.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <string>

#include "tests/support/temporary_directory.h"

namespace tsmtp::support {

[[nodiscard]] inline bool is_there(pid_t process) {
  if (kill(process, 0) != 0) return false;
  // One that has ended and that nobody waits for is still there, in a way.
  return read_file("/proc/" + std::to_string(process) + "/stat").find(") Z ") == std::string::npos;
}

}  // namespace tsmtp::support
