#include "mailertable/programs/run_program.h"

#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <optional>

#include "relayd/base/descriptor.h"

namespace tsmtp::mailertable {
namespace {

/// A file in memory: a program that writes much to it never waits for us.
base::Descriptor memory_file(const char* name) {
  return base::Descriptor(::memfd_create(name, MFD_CLOEXEC));
}

bool fill(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::lseek(fd, 0, SEEK_SET) == 0;
}

std::string everything_in(int fd) {
  std::string text;
  std::array<char, 65536> piece{};
  for (off_t at = 0;;) {
    const ssize_t got = ::pread(fd, piece.data(), piece.size(), at);
    if (got <= 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(got));
    at += got;
  }
}

/// The exit status, or nothing if it had to be killed.
std::optional<int> end_of(pid_t child, std::chrono::seconds patience) {
  const base::Descriptor handle(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  pollfd watched{handle.get(), POLLIN, 0};
  const auto wait_ms = std::chrono::duration_cast<std::chrono::milliseconds>(patience).count();
  const bool ended = handle.get() < 0 || ::poll(&watched, 1, static_cast<int>(wait_ms)) == 1;
  if (!ended) ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!ended) return std::nullopt;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

Outcome<Ran> run_program(const std::vector<std::string>& arguments, std::string_view input,
                         const std::string& directory) {
  constexpr std::chrono::seconds kPatience(120);
  const base::Descriptor in = memory_file("input");
  const base::Descriptor out = memory_file("output");
  const base::Descriptor errors = memory_file("errors");
  if (in.get() < 0 || out.get() < 0 || errors.get() < 0 || !fill(in.get(), input))
    return system_failure(EX_OSERR, "cannot start " + arguments.front(), errno);

  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (const std::string& argument : arguments)
    argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  // The caller's environment must not decide anything in a program that root runs.
  std::string path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/libexec/sendmail";
  std::string locale = "LC_ALL=C";
  std::array<char*, 3> environment{path.data(), locale.data(), nullptr};
  ::setenv("PATH", path.c_str() + 5, 1);  // where posix_spawnp looks

  posix_spawn_file_actions_t actions{};
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.get(), 0);
  posix_spawn_file_actions_adddup2(&actions, out.get(), 1);
  posix_spawn_file_actions_adddup2(&actions, errors.get(), 2);
  if (!directory.empty()) posix_spawn_file_actions_addchdir_np(&actions, directory.c_str());
  // A daemon that it starts must get its signals, whichever wait here; those of the terminal are for us.
  posix_spawnattr_t attributes{};
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  pid_t child = 0;
  const int error = ::posix_spawnp(&child, arguments.front().c_str(), &actions, &attributes, argv.data(),
                                   environment.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return system_failure(EX_UNAVAILABLE, "cannot run " + arguments.front(), error);

  const auto status = end_of(child, kPatience);
  if (!status)
    return Failure{EX_TEMPFAIL,
                   arguments.front() + " did not end within " + std::to_string(kPatience.count()) + " s",
                   false};
  return Ran{*status, everything_in(out.get()), everything_in(errors.get())};
}

}  // namespace tsmtp::mailertable
