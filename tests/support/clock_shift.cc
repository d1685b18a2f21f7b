// Preloaded into a program under test: its time of day is TSMTP_CLOCK_SHIFT seconds ahead of the machine's,
// or behind; or as many as the file TSMTP_CLOCK_SHIFT_FILE says just now. Monotonic time is left alone.
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>

namespace {

long shift_in(const char* path) {
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  char text[32] = {};
  const ssize_t size = read(file, text, sizeof text - 1);
  close(file);
  return size > 0 ? std::atol(text) : 0;
}

long shift() {
  static const char* const path = std::getenv("TSMTP_CLOCK_SHIFT_FILE");
  if (path != nullptr) return shift_in(path);
  static const long seconds = [] {
    const char* const given = std::getenv("TSMTP_CLOCK_SHIFT");
    return given == nullptr ? 0 : std::atol(given);
  }();
  return seconds;
}

}  // namespace

extern "C" {

// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name)
int clock_gettime(clockid_t clock, timespec* out) {
  const long result = syscall(SYS_clock_gettime, clock, out);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) out->tv_sec += shift();
  return static_cast<int>(result);
}

time_t time(time_t* out) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != nullptr) *out = now.tv_sec;
  return now.tv_sec;
}

int gettimeofday(timeval* out, void*) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  out->tv_sec = now.tv_sec;
  out->tv_usec = now.tv_nsec / 1000;
  return 0;
}
// NOLINTEND(readability-inconsistent-declaration-parameter-name)
}
