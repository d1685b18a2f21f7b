#include "mailertable/files/temporary_file.h"

#include <fcntl.h>
#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <utility>

namespace tsmtp::mailertable {
namespace {

// What a signal handler may read: the path is complete before the flag is set.
std::array<char, PATH_MAX> g_path{};
std::atomic<bool> g_exists{false};
static_assert(std::atomic<bool>::is_always_lock_free);

void remove_and_end(int signal_number) {
  if (g_exists.load()) ::unlink(g_path.data());
  // SA_RESETHAND: the default action is in force again.
  std::raise(signal_number);
}

/// Keeps signals out while the file and the note of it would not agree.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before_);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  ~SignalsBlocked() { sigprocmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

}  // namespace

TemporaryFile::TemporaryFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}

TemporaryFile::TemporaryFile(TemporaryFile&& other) noexcept
    : path_(std::exchange(other.path_, {})), fd_(std::exchange(other.fd_, -1)) {}

TemporaryFile::~TemporaryFile() {
  if (!path_.empty()) {
    const SignalsBlocked guard;
    ::unlink(path_.c_str());
    g_exists = false;
  }
  if (fd_ >= 0) ::close(fd_);
}

Outcome<TemporaryFile> TemporaryFile::create_beside(const std::string& target, const std::string& infix) {
  const std::size_t name = target.rfind('/') + 1;  // 0 when there is no slash
  std::string path = target.substr(0, name) + '.' + target.substr(name) + '.' + infix + "XXXXXX";
  const std::string doing = "cannot create a file in " + (name == 0 ? "." : target.substr(0, name));
  if (path.size() >= g_path.size()) return system_failure(EX_CANTCREAT, doing, ENAMETOOLONG);
  const SignalsBlocked guard;
  const int fd = ::mkostemp(path.data(), O_CLOEXEC);
  if (fd < 0) return system_failure(EX_CANTCREAT, doing, errno);
  std::copy_n(path.c_str(), path.size() + 1, g_path.begin());
  g_exists = true;
  return TemporaryFile(std::move(path), fd);
}

std::string TemporaryFile::own_path() const {
  return "/proc/self/fd/" + std::to_string(fd_);
}

void TemporaryFile::keep() {
  g_exists = false;
  path_.clear();
}

void remove_temporary_file_on_signals() {
  for (const int signal_number : {SIGHUP, SIGINT, SIGQUIT, SIGTERM}) {
    struct sigaction before {};
    sigaction(signal_number, nullptr, &before);
    if (before.sa_handler == SIG_IGN) continue;
    struct sigaction action {};
    action.sa_handler = remove_and_end;
    action.sa_flags = SA_RESETHAND;
    sigaction(signal_number, &action, nullptr);
  }
}

}  // namespace tsmtp::mailertable
