// Starts the program that takes over from this process, and has the channel to it. What is executed is always
// the path that this process was started by itself.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "relayd/base/descriptor.h"
#include "relayd/base/result.h"

namespace tsmtp::net {

/// The path by which this process was executed, whole. To be called before the working directory changes.
[[nodiscard]] std::string own_program();

/// Whether another file than the one that this process executes stands at `program`.
[[nodiscard]] bool is_replaced(const std::string& program);

struct Successor {
  pid_t pid = 0;
  base::Descriptor process;  ///< pidfd_open(2): a number may be another process's by now
  base::Descriptor channel;
};

/// It may have ended already.
void kill_successor(const base::Descriptor& process);

/// Executes `program` with `arguments` and `--succeed FD`, which is the other end of the channel.
/// `environment`: NAME=VALUE, beside our own. It is nobody's child whom we would have to wait for: the
/// service manager becomes its parent, as it is ours.
[[nodiscard]] base::Result<Successor> start_successor(const std::string& program,
                                                      const std::vector<std::string>& arguments,
                                                      const std::vector<std::string>& environment);

}  // namespace tsmtp::net
