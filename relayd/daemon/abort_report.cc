#include "relayd/daemon/abort_report.h"

#include <execinfo.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <string_view>

#include "relayd/daemon/log_outputs.h"

namespace tsmtp::daemon {
namespace {

constexpr int kMostFrames = 32;

std::atomic<std::int64_t> last_turn{0};  // seconds of CLOCK_MONOTONIC; 0: it has not turned yet
std::atomic<bool> has_priority{false};

std::int64_t monotonic_seconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec;
}

// Without allocation, for a signal handler.
class Words {
 public:
  Words& operator<<(std::string_view text) {
    for (const char c : text)
      if (size_ < bytes_.size()) bytes_[size_++] = c;
    return *this;
  }
  Words& operator<<(std::int64_t number) {
    std::array<char, 20> digits{};
    std::size_t count = 0;
    do {
      digits[count++] = static_cast<char>('0' + number % 10);
      number /= 10;
    } while (number > 0);
    while (count > 0)
      *this << std::string_view(&digits[--count], 1);
    return *this;
  }
  [[nodiscard]] std::string_view text() const { return {bytes_.data(), size_}; }

 private:
  std::array<char, 512> bytes_{};
  std::size_t size_ = 0;
};

// A reader that has stopped is not waited for.
bool can_write() {
  pollfd ready{STDERR_FILENO, POLLOUT, 0};
  return poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT) != 0;
}

void on_abort(int /*signal*/, siginfo_t* info, void* /*context*/) {
  Words words;
  if (has_priority) words << "<2>";
  words << "relayd[" << getpid() << "]: ended by SIGABRT, ";
  if (info->si_pid == getpid())
    words << "which it sent itself: a fault of relayd";
  else
    words << "which process " << info->si_pid << " sent: systemd's watchdog, or a person";
  if (const std::int64_t turn = last_turn; turn != 0)
    words << "; its event loop had stood still for " << monotonic_seconds() - turn << " s";
  words << "; it was at\n";
  if (can_write() && write(STDERR_FILENO, words.text().data(), words.text().size()) > 0) {
    std::array<void*, kMostFrames> frames{};
    backtrace_symbols_fd(frames.data(), backtrace(frames.data(), kMostFrames), STDERR_FILENO);
  }
  std::signal(SIGABRT, SIG_DFL);
  raise(SIGABRT);
}

}  // namespace

void report_aborts() {
  has_priority = stderr_is_journal();
  // The first call loads a library, which a signal handler may not.
  std::array<void*, 1> frame{};
  (void)backtrace(frame.data(), 1);
  struct sigaction action {};
  action.sa_sigaction = on_abort;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGABRT, &action, nullptr);
}

void note_turn() {
  last_turn = monotonic_seconds();
}

}  // namespace tsmtp::daemon
