#include "tests/support/emulated_link.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <sstream>
#include <stdexcept>

namespace tsmtp::support {
namespace {

int enter(const std::string& name_space) {
  const int before = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  const int inside = open(name_space.c_str(), O_RDONLY | O_CLOEXEC);
  const bool ok = inside >= 0 && setns(inside, CLONE_NEWNET) == 0;
  if (inside >= 0) close(inside);
  if (!ok) throw std::runtime_error("cannot enter " + name_space);
  return before;
}

// Allocates nothing, as Process does not.
[[noreturn]] void become_emulator(std::vector<char*>& argv, int in, int out) {
  dup2(in, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  close_range(3, ~0U, 0);
  execv(argv[0], argv.data());
  _exit(127);
}

}  // namespace

Inside::Inside(const std::string& name_space) : before_(enter(name_space)) {}

Inside::~Inside() {
  (void)setns(before_, CLONE_NEWNET);
  close(before_);
}

EmulatedLink::EmulatedLink(const std::vector<std::string>& arguments) {
  int commands[2];
  int answers[2];
  if (pipe2(commands, O_CLOEXEC) != 0 || pipe2(answers, O_CLOEXEC) != 0)
    throw std::runtime_error("cannot make pipes");
  std::vector<char*> argv{const_cast<char*>(TSMTP_LINK_EMULATOR)};
  for (const std::string& argument : arguments)
    argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  pid_ = fork();
  if (pid_ == 0) become_emulator(argv, commands[0], answers[1]);
  close(commands[0]);
  close(answers[1]);
  commands_ = commands[1];
  answers_ = answers[0];
  std::istringstream ready(answer());
  std::string word;
  if (!(ready >> word >> near_ >> far_))
    throw std::runtime_error("link_emulator does not start; are we root?");
}

EmulatedLink::~EmulatedLink() {
  close(commands_);
  close(answers_);
  kill(pid_, SIGTERM);
  waitpid(pid_, nullptr, 0);
}

std::string EmulatedLink::command(const std::string& line) {
  const std::string text = line + '\n';
  if (write(commands_, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    throw std::runtime_error("link_emulator is gone");
  return answer();
}

std::uint64_t EmulatedLink::round_trips() {
  const std::string counts = command("count");
  return std::stoull(counts.substr(counts.rfind(' ') + 1));
}

std::string EmulatedLink::answer() {
  std::string out;
  for (char c = 0; read(answers_, &c, 1) == 1 && c != '\n';)
    out += c;
  return out;
}

}  // namespace tsmtp::support
