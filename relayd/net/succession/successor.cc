#include "relayd/net/succession/successor.h"

#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <string_view>

#include "relayd/net/io/descriptor_message.h"
#include "relayd/net/succession/channel.h"

namespace tsmtp::net {
namespace {

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts)
    pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

struct Execution {
  const char* program;
  char* const* arguments;
  char* const* environment;
  int channel;
};

// Between fork() and execve() only what a signal handler may do, for we have threads.
// Nothing of ours stays open in it: a client whose session ends with us would not see its end, nor would a
// far hub that of a link. (Asio opens and accepts sockets without FD_CLOEXEC.)
[[noreturn]] void execute(const Execution& what) {
  const auto channel = static_cast<unsigned>(what.channel);
  if (channel > 3) close_range(3, channel - 1, 0);
  close_range(channel + 1, ~0U, 0);
  fcntl(what.channel, F_SETFD, 0);
  // What is for the group of the old one comes through that (a terminal's ^C).
  setpgid(0, 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execve(what.program, what.arguments, what.environment);
  const int error = errno;
  constexpr std::string_view kWord = SuccessionWords::kNotExecuted;
  char why[kWord.size() + 3];
  std::memcpy(why, kWord.data(), kWord.size());
  std::size_t length = kWord.size();
  for (int divisor = 100; divisor > 0; divisor /= 10)
    why[length++] = static_cast<char>('0' + error / divisor % 10);
  (void)!send(what.channel, why, length, MSG_NOSIGNAL);
  _exit(127);
}

}  // namespace

std::string own_program() {
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel gives it so
  const auto* const path = reinterpret_cast<const char*>(getauxval(AT_EXECFN));
  std::error_code ignored;
  return path == nullptr ? std::string() : std::filesystem::absolute(path, ignored).string();
}

bool is_replaced(const std::string& program) {
  struct stat installed {};
  struct stat running {};
  // A file that is missing for a moment, while it is installed, is no other one.
  if (stat(program.c_str(), &installed) != 0 || stat("/proc/self/exe", &running) != 0) return false;
  return installed.st_dev != running.st_dev || installed.st_ino != running.st_ino;
}

// glibc 2.36 declares neither of these for C++.
void kill_successor(const base::Descriptor& process) {
  if (process.is_open()) syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0);
}

base::Result<Successor> start_successor(const std::string& program, const std::vector<std::string>& arguments,
                                        const std::vector<std::string>& environment) {
  if (access(program.c_str(), X_OK) != 0)
    return base::Error{program + ": cannot be executed: " + std::strerror(errno)};
  int channel[2];
  int pipe[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) != 0)
    return base::Error{std::string("no socket for the new relayd: ") + std::strerror(errno)};
  Successor successor{.pid = 0, .process = {}, .channel = base::Descriptor(channel[0])};
  const base::Descriptor theirs(channel[1]);
  if (pipe2(pipe, O_CLOEXEC) != 0) return base::Error{std::string("no pipe: ") + std::strerror(errno)};
  const base::Descriptor read_end(pipe[0]);
  base::Descriptor write_end(pipe[1]);
  std::vector<std::string> words{program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  words.emplace_back("--succeed");
  words.push_back(std::to_string(theirs.get()));
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable)
    variables.emplace_back(*variable);
  variables.insert(variables.end(), environment.begin(), environment.end());
  const std::vector<char*> argument_pointers = pointers_to(words);
  const std::vector<char*> variable_pointers = pointers_to(variables);
  const Execution execution{.program = program.c_str(),
                            .arguments = argument_pointers.data(),
                            .environment = variable_pointers.data(),
                            .channel = theirs.get()};
  const pid_t between = fork();
  if (between < 0)
    return base::Error{std::string("no more processes can be started: ") + std::strerror(errno)};
  if (between == 0) {
    const pid_t child = fork();
    if (child == 0) execute(execution);
    (void)!write(write_end.get(), &child, sizeof child);
    _exit(0);
  }
  write_end = {};
  while (waitpid(between, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (read(read_end.get(), &successor.pid, sizeof successor.pid) != sizeof successor.pid ||
      successor.pid <= 0)
    return base::Error{"no more processes can be started"};
  successor.process = base::Descriptor(static_cast<int>(syscall(SYS_pidfd_open, successor.pid, 0)));
  if (!successor.process.is_open() && errno != ESRCH) {  // one that cannot be ended must not begin
    const std::string cause = std::strerror(errno);
    kill(successor.pid, SIGKILL);
    return base::Error{"the new relayd cannot be watched: " + cause};
  }
  return base::Result<Successor>(std::move(successor));
}

}  // namespace tsmtp::net
