#include "relayd/daemon/background.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "relayd/base/system_cause.h"

namespace tsmtp::daemon {
namespace {

constexpr char kReady = '+';

// The child says kReady, or it dies and the pipe ends.
[[noreturn]] void wait_for_child(int pipe, pid_t child) {
  char word = 0;
  ssize_t bytes = 0;
  do {
    bytes = read(pipe, &word, 1);
  } while (bytes < 0 && errno == EINTR);
  if (bytes == 1 && word == kReady) _exit(0);
  int status = 0;
  waitpid(child, &status, 0);
  _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

}  // namespace

base::Result<Background> Background::enter() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return base::Error{"pipe: " + base::system_cause(errno)};
  const pid_t child = fork();
  if (child < 0) return base::Error{"fork: " + base::system_cause(errno)};
  if (child > 0) {
    close(ends[1]);
    wait_for_child(ends[0], child);
  }
  close(ends[0]);
  setsid();
  return Background(ends[1]);
}

void Background::ready(bool keep_stderr) {
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO})
    dup2(null, fd);
  if (!keep_stderr) dup2(null, STDERR_FILENO);
  close(null);
  if (chdir("/") != 0) return;  // cannot fail for long-lived reasons, and nothing depends on it
  (void)!write(pipe_, &kReady, 1);
  close(pipe_);
}

}  // namespace tsmtp::daemon
