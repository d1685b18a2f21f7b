// What /proc says of the daemons that matter here, and of who listens where.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "relayd/base/host_port.h"
#include "relayd/diagnosis/host/root.h"
#include "relayd/diagnosis/hub/facts.h"

namespace tsmtp::diagnosis {

/// Nothing if there is no such process.
[[nodiscard]] std::optional<ProcessFact> process_at(const Root& root, int pid, base::WallTime now);

/// The relayd that was started with this file, if it can be told by its arguments.
[[nodiscard]] std::optional<int> relayd_with(const Root& root, const std::string& config_file);

/// The sockets that are listened on.
class Listeners {
 public:
  explicit Listeners(const Root& root);

  /// Who listens at an address, "sendmail (process 512)"; those that may be looked at.
  [[nodiscard]] std::vector<std::string> at(const base::HostPort& address) const;
  /// Whether anybody does.
  [[nodiscard]] bool are_at(const base::HostPort& address) const { return !sockets_at(address).empty(); }

 private:
  /// Their inodes.
  [[nodiscard]] std::vector<std::string> sockets_at(const base::HostPort& address) const;
  void read_table(const Root& root, const std::string& path);
  void find_processes(const Root& root);

  std::multimap<std::string, std::string> sockets_;    ///< by address and port as the kernel writes them
  std::multimap<std::string, std::string> processes_;  ///< by inode
};

}  // namespace tsmtp::diagnosis
