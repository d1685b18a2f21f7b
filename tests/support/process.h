// A program under test: started, signalled, waited for; killed with the test if it still runs.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/wait_until.h"

namespace tsmtp::support {

class Process {
 public:
  /// Starts `arguments[0]`; both outputs are appended to `log`.
  Process(const std::vector<std::string>& arguments, const std::string& log);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void signal(int number) const;
  /// The exit status (128 + signal for a killed one), or nothing if it still runs after `patience`.
  [[nodiscard]] std::optional<int> wait(std::chrono::milliseconds patience = kPatience);
  [[nodiscard]] bool running();
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] std::size_t open_descriptors() const;
  /// VmRSS of /proc/PID/status.
  [[nodiscard]] std::size_t resident_kib() const { return status_kib("VmRSS:"); }
  /// VmHWM: the most it ever had.
  [[nodiscard]] std::size_t peak_resident_kib() const { return status_kib("VmHWM:"); }

 private:
  [[nodiscard]] std::size_t status_kib(const std::string& key) const;

  pid_t pid_;
  std::optional<int> status_;
};

struct Finished {
  int status;
  std::string output;  ///< both outputs
};

/// Runs a program to its end.
[[nodiscard]] Finished run(const std::vector<std::string>& arguments);

}  // namespace tsmtp::support
