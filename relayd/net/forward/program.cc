#include "relayd/net/forward/program.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <set>
#include <utility>

#include "relayd/base/descriptor.h"
#include "relayd/base/system_cause.h"

namespace tsmtp::net {
namespace {

using boost::system::error_code;

constexpr std::size_t kMaxFirstError = 300;
constexpr std::chrono::seconds kToEnd{1};

// systemd gives relayd its capability to bind low ports as an ambient one, which every program inherits that
// is started meanwhile.
class WithoutAmbientCapability {
 public:
  WithoutAmbientCapability()
      : had_it_(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_NET_BIND_SERVICE, 0, 0) == 1) {
    if (had_it_) prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_LOWER, CAP_NET_BIND_SERVICE, 0, 0);
  }
  ~WithoutAmbientCapability() {
    if (had_it_) prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_BIND_SERVICE, 0, 0);
  }
  WithoutAmbientCapability(const WithoutAmbientCapability&) = delete;
  WithoutAmbientCapability& operator=(const WithoutAmbientCapability&) = delete;

 private:
  bool had_it_;
};

// As the kernel's own table of children, one for the process.
std::set<pid_t>& children() {
  static std::set<pid_t> children;
  return children;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (const std::string& text : texts)
    out.push_back(const_cast<char*>(text.c_str()));  // execve(2) does not write
  out.push_back(nullptr);
  return out;
}

// The process id, or the error number. No other descriptor of relayd's stays open in it, and signals do what
// they do by themselves.
base::Result<pid_t> spawn(const Program::Command& command, int errors) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&files, errors, STDERR_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
  posix_spawn_file_actions_addchdir_np(&files, "/");
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  sigset_t signals;
  sigfillset(&signals);
  posix_spawnattr_setsigdefault(&attributes, &signals);
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(&attributes, &signals);
  const auto words = pointers(command.words);
  const auto environment = pointers(command.environment);
  pid_t pid = -1;
  int error = 0;
  {
    const WithoutAmbientCapability while_it_starts;
    error = posix_spawn(&pid, words.front(), &files, &attributes, words.data(), environment.data());
  }
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  if (error != 0) return base::Error{command.words.front() + ": " + base::system_cause(error)};
  return pid;
}

}  // namespace

base::Result<std::shared_ptr<Program>> Program::start(const boost::asio::any_io_executor& executor,
                                                      const Command& command, WhenEnded ended) {
  using Started = base::Result<std::shared_ptr<Program>>;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return base::Error{"pipe: " + base::system_cause(errno)};
  base::Descriptor ours(ends[0]);
  const base::Descriptor its(ends[1]);
  const auto pid = spawn(command, its.get());
  if (!pid) return pid.error();
  base::Descriptor process(static_cast<int>(syscall(SYS_pidfd_open, *pid, 0)));
  if (!process.is_open()) {
    const std::string cause = base::system_cause(errno);
    kill(-*pid, SIGKILL);
    while (waitpid(*pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    return base::Error{"pidfd_open: " + cause};
  }
  std::shared_ptr<Program> program(
      new Program(executor, *pid, process.release(), ours.release(), std::move(ended)));
  children().insert(*pid);
  program->wait();
  program->read_errors();
  return Started(std::move(program));
}

Program::Program(const boost::asio::any_io_executor& executor, pid_t pid, int pidfd, int errors,
                 WhenEnded ended)
    : pid_(pid),
      process_(executor, pidfd),
      errors_(executor, errors),
      timer_(executor),
      ended_(std::move(ended)) {}

void Program::wait() {
  process_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                      [self = shared_from_this()](const error_code& error) {
                        if (!error) self->reap();
                      });
}

void Program::read_errors() {
  errors_.async_read_some(boost::asio::buffer(buffer_),
                          [self = shared_from_this()](const error_code& error, std::size_t bytes) {
                            if (error) return;
                            self->take(bytes);
                            self->read_errors();
                          });
}

// A program that says more is read on, so that it never waits for us.
void Program::take(std::size_t bytes) {
  if (has_first_error_) return;
  const std::string_view said(buffer_.data(), bytes);
  const std::size_t end = std::min(said.find('\n'), said.size());
  first_error_.append(said.substr(0, std::min(end, kMaxFirstError - first_error_.size())));
  has_first_error_ = end < said.size() || first_error_.size() == kMaxFirstError;
}

bool Program::is_one(pid_t child) {
  return children().contains(child);
}

void Program::end() {
  if (pid_ < 0 || std::exchange(is_ending_, true)) return;
  kill(-pid_, SIGTERM);
  timer_.expires_after(kToEnd);
  timer_.async_wait([self = shared_from_this()](const error_code& error) {
    if (!error && self->pid_ > 0) kill(-self->pid_, SIGKILL);
  });
}

// What it has left in the background lives on, unless we have lost our patience.
void Program::reap() {
  if (is_ending_) kill(-pid_, SIGKILL);
  siginfo_t how{};
  while (waitid(P_PID, static_cast<id_t>(pid_), &how, WEXITED) < 0 && errno == EINTR) {
  }
  children().erase(pid_);
  pid_ = -1;
  timer_.cancel();
  process_.close();
  error_code error;
  errors_.non_blocking(true, error);
  while (!error && !has_first_error_) {
    const std::size_t bytes = errors_.read_some(boost::asio::buffer(buffer_), error);
    take(bytes);
  }
  errors_.close();
  const bool has_exited = how.si_code == CLD_EXITED;
  if (const auto ended = std::exchange(ended_, nullptr))
    ended({.exit_status = has_exited ? how.si_status : -1,
           .signal = has_exited ? 0 : how.si_status,
           .first_error = std::move(first_error_)});
}

}  // namespace tsmtp::net
