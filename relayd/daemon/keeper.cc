#include "relayd/daemon/keeper.h"

#include <malloc.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <string_view>
#include <utility>

#include "relayd/net/io/descriptor_message.h"

namespace tsmtp::daemon {
namespace {

sigset_t signals() {
  sigset_t all;
  sigemptyset(&all);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGCHLD})
    sigaddset(&all, signal);
  return all;
}

// A crash is a failure, which makes a supervisor start relayd anew.
int exit_status(int waited) {
  return WIFEXITED(waited) ? WEXITSTATUS(waited) : EX_SOFTWARE;
}

}  // namespace

std::string Keeper::adopt() {
  if (lent_.is_open()) return {};
  // All that keep() needs, for then it is too late to refuse.
  const sigset_t all = signals();
  signalled_ = base::Descriptor(signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK));
  int ends[2];
  if (!signalled_.is_open() || prctl(PR_SET_CHILD_SUBREAPER, 1) != 0 ||
      socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    return std::string("this process cannot stay as the one that a supervisor watches: ") +
           std::strerror(errno);
  told_ = base::Descriptor(ends[0]);
  lent_ = base::Descriptor(ends[1]);
  return {};
}

void Keeper::reap_adopted(const std::function<bool(pid_t)>& is_own) const {
  if (!lent_.is_open()) return;
  siginfo_t ended{};
  while (waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid > 0) {
    // Somebody wants to know how that ended, and waits for it in a moment; it hides others until then.
    if (ended.si_pid == serves_ || is_own(ended.si_pid)) return;
    (void)waitpid(ended.si_pid, nullptr, WNOHANG);
    ended = {};
  }
}

void Keeper::pass_on(int signal) const {
  if (serves_ > 0) kill(serves_, signal);
}

void Keeper::hold_signals() {
  const sigset_t all = signals();
  sigprocmask(SIG_BLOCK, &all, nullptr);
}

int Keeper::keep() {
  malloc_trim(0);  // it may be for years
  lent_ = {};
  reap();  // one that ended before signals were held
  while (told_.is_open() || serves_ > 0) {
    pollfd both[] = {{.fd = signalled_.get(), .events = POLLIN, .revents = 0},
                     {.fd = told_.is_open() ? told_.get() : -1, .events = POLLIN, .revents = 0}};
    if (poll(both, 2, -1) < 0 && errno != EINTR) break;
    // First what they have said: the one that ended may have been followed.
    if (both[1].revents != 0) {
      hear();
      reap();
    }
    signalfd_siginfo one{};
    while (read(signalled_.get(), &one, sizeof one) == sizeof one) {
      if (one.ssi_signo == SIGCHLD)
        reap();
      else
        pass_on(static_cast<int>(one.ssi_signo));
    }
  }
  return status_;
}

void Keeper::hear() {
  const auto message = net::receive_message(told_.get());
  if (!message || message->text.empty()) {
    told_ = {};
    return;
  }
  std::string_view word = message->text;
  if (!word.starts_with(kServes)) return;
  word.remove_prefix(std::strlen(kServes));
  pid_t process = 0;
  std::from_chars(word.data(), word.data() + word.size(), process);
  if (process > 0) serves_ = process;
}

// Witnesses come back to us, too.
void Keeper::reap() {
  for (;;) {
    int waited = 0;
    const pid_t ended = waitpid(-1, &waited, WNOHANG);
    if (ended <= 0) break;
    if (ended != serves_) continue;
    status_ = exit_status(waited);
    serves_ = 0;
  }
  // It may have been waited for before it was known as the one that serves.
  if (serves_ > 0 && kill(serves_, 0) != 0) serves_ = 0;
}

}  // namespace tsmtp::daemon
