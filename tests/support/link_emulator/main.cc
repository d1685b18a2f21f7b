// link_emulator: two network namespaces with a link between them, for tests and benchmarks. Linux, root.
//
//   link_emulator [--delay MS] [--rate BITS] [--queue BYTES] [--loss SHARE] [--seed N] [--log FILE]
//
// The delay holds each way. It prints "ready NEAR FAR", two paths for nsenter --net=PATH; inside, the near
// end is 10.99.0.1 and the far end 10.99.0.2. Then it obeys lines on standard input, and answers each with
// one line:
//
//   delay MS, rate BITS, queue BYTES, loss SHARE    new conditions
//   cut, uncut                                      nothing passes; it does again
//   count                                           packets and bytes each way, and round trips since `reset`
//   reset                                           counts round trips from 0
//
// It ends with its standard input, or when killed by any signal, and leaves nothing behind.
#include <poll.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <iostream>
#include <sstream>
#include <stdexcept>

#include "tests/support/link_emulator/emulator.h"
#include "tests/support/link_emulator/options.h"

namespace tsmtp::support::emulator {
namespace {

constexpr int kUsage = 64;    // sysexits(3): EX_USAGE
constexpr int kOsError = 71;  // EX_OSERR

// A busy machine must not lengthen the link. Not everybody may ask for this, and it works without.
void ask_for_priority() {
  const sched_param priority{.sched_priority = 10};
  if (sched_setscheduler(0, SCHED_RR, &priority) != 0) setpriority(PRIO_PROCESS, 0, -15);
}

void set_alarm(int timer, std::optional<Time> due) {
  itimerspec when{};  // all zero: none
  if (due) {
    const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(due->time_since_epoch()).count();
    when.it_value = {.tv_sec = ns / 1'000'000'000, .tv_nsec = ns % 1'000'000'000};
  }
  timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, nullptr);
}

std::string obey(const std::string& line, Emulator& emulator, Conditions& conditions) {
  std::istringstream words(line);
  std::string key;
  std::string value;
  words >> key >> value;
  if (key == "count") return emulator.counts();
  if (key == "reset") {
    emulator.reset_round_trips();
  } else {
    set(conditions, key, value);
    emulator.set_conditions(conditions);
  }
  return "ok";
}

/// False at the end of standard input.
bool obey_input(std::string& input, Emulator& emulator, Conditions& conditions) {
  char buffer[4096];
  const ssize_t bytes = read(STDIN_FILENO, buffer, sizeof buffer);
  if (bytes <= 0) return false;
  input.append(buffer, static_cast<std::size_t>(bytes));
  for (std::size_t end = 0; (end = input.find('\n')) != std::string::npos; input.erase(0, end + 1)) {
    std::string answer;
    try {
      answer = obey(input.substr(0, end), emulator, conditions);
    } catch (const std::invalid_argument& error) {
      answer = std::string("error ") + error.what();
    }
    std::cout << answer << std::endl;
  }
  return true;
}

std::string path_of(int fd) {
  return "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(fd);
}

void run(Options options) {
  std::FILE* log = options.log.empty() ? nullptr : std::fopen(options.log.c_str(), "w");
  if (log == nullptr && !options.log.empty())
    throw std::system_error(errno, std::generic_category(), options.log);
  Emulator emulator(options.seed, log);
  emulator.set_conditions(options.conditions);
  const int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  ask_for_priority();
  std::cout << "ready " << path_of(emulator.near().name_space()) << ' '
            << path_of(emulator.far().name_space()) << std::endl;
  std::string input;
  for (;;) {
    set_alarm(timer, emulator.next_due());
    pollfd ready[] = {{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0},
                      {.fd = emulator.near().fd(), .events = POLLIN, .revents = 0},
                      {.fd = emulator.far().fd(), .events = POLLIN, .revents = 0},
                      {.fd = timer, .events = POLLIN, .revents = 0}};
    if (poll(ready, 4, -1) < 0 && errno != EINTR) break;
    if (ready[0].revents != 0 && !obey_input(input, emulator, options.conditions)) break;
    emulator.move_packets();
  }
  if (log != nullptr) std::fclose(log);
}

}  // namespace
}  // namespace tsmtp::support::emulator

int main(int argc, char** argv) {
  namespace emulator = tsmtp::support::emulator;
  emulator::Options options;
  try {
    options = emulator::parse({argv + 1, argv + argc});
  } catch (const std::invalid_argument& error) {
    std::cerr << "link_emulator: " << error.what() << '\n';
    return emulator::kUsage;
  }
  try {
    emulator::run(std::move(options));
  } catch (const std::exception& error) {
    std::cerr << "link_emulator: " << error.what() << '\n';
    return emulator::kOsError;
  }
}
