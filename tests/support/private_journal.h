// systemd's journald for this process and what it starts from now on: in a mount namespace of its own, where
// /run is empty. It takes nothing from the host's kernel or audit, and leaves nothing.
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <memory>

#include "tests/support/process.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/wait_until.h"

namespace tsmtp::support {

class PrivateJournal {
 public:
  static constexpr char kProgram[] = "/lib/systemd/systemd-journald";

  /// It needs root, and an installed journald.
  [[nodiscard]] static bool is_possible() {
    return geteuid() == 0 && access(kProgram, X_OK) == 0 && access("/etc/machine-id", R_OK) == 0;
  }

  PrivateJournal() : outside_(open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC)) {
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("tmpfs", "/run", "tmpfs", 0, nullptr) != 0)
      return;
    std::filesystem::create_directories("/run/systemd/journal");
    std::filesystem::create_directories("/run/systemd/journald.conf.d");
    write_file("/run/systemd/journald.conf.d/test.conf",
               "[Journal]\nStorage=volatile\nReadKMsg=no\nAudit=\nForwardToSyslog=no\nForwardToConsole=no\n"
               "ForwardToWall=no\n");
    process_ = std::make_unique<Process>(std::vector<std::string>{kProgram}, directory_.file("log"));
  }
  ~PrivateJournal() {
    process_.reset();
    (void)setns(outside_, CLONE_NEWNS);
    close(outside_);
  }
  PrivateJournal(const PrivateJournal&) = delete;
  PrivateJournal& operator=(const PrivateJournal&) = delete;

  [[nodiscard]] bool takes_entries() const {
    return process_ && wait_until([] { return access("/run/systemd/journal/socket", W_OK) == 0; });
  }

 private:
  int outside_;
  TemporaryDirectory directory_;
  std::unique_ptr<Process> process_;
};

}  // namespace tsmtp::support
