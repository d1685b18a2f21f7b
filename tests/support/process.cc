#include "tests/support/process.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "tests/support/temporary_directory.h"

namespace tsmtp::support {

// Between fork and exec nothing is allocated: another thread of the test may hold the allocator's lock at
// that moment, and ASan's is never released in the child.
Process::Process(const std::vector<std::string>& arguments, const std::string& log) : pid_(-1) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments)
    argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  pid_ = fork();
  if (pid_ != 0) return;
  const int null = open("/dev/null", O_RDONLY);
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  dup2(null, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(out, STDERR_FILENO);
  close_range(3, ~0U, 0);
  execv(argv[0], argv.data());
  _exit(127);
}

Process::~Process() {
  if (!running()) return;
  signal(SIGKILL);
  (void)wait();
}

void Process::signal(int number) const {
  kill(pid_, number);
}

bool Process::running() {
  int status = 0;
  if (!status_ && waitpid(pid_, &status, WNOHANG) == pid_)
    status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return !status_;
}

std::optional<int> Process::wait(std::chrono::milliseconds patience) {
  (void)wait_until([&] { return !running(); }, patience);
  return status_;
}

std::size_t Process::open_descriptors() const {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid_) + "/fd"))
    ++count;
  return count;
}

std::size_t Process::status_kib(const std::string& key) const {
  std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
  for (std::string word; status >> word;) {
    std::size_t kib = 0;
    if (word == key && status >> kib) return kib;
  }
  return 0;
}

Finished run(const std::vector<std::string>& arguments) {
  const TemporaryDirectory directory;
  Process process(arguments, directory.file("output"));
  const int status = process.wait().value_or(-1);
  return {status, read_file(directory.file("output"))};
}

}  // namespace tsmtp::support
