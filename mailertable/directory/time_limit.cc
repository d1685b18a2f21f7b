#include "mailertable/directory/time_limit.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <csignal>

namespace tsmtp::mailertable {
namespace {

volatile std::sig_atomic_t watched = -1;
volatile std::sig_atomic_t has_rung = 0;

void on_alarm(int /*signal*/) {
  const int before = errno;
  has_rung = 1;
  if (watched >= 0) ::shutdown(watched, SHUT_RDWR);
  errno = before;
}

void ring_after(std::chrono::seconds time) {
  // And again each second: it may only then have a socket.
  itimerval timer{};
  timer.it_value.tv_sec = time.count();
  timer.it_interval.tv_sec = time.count() > 0 ? 1 : 0;
  ::setitimer(ITIMER_REAL, &timer, nullptr);
}

}  // namespace

TimeLimit::TimeLimit(std::chrono::seconds time) {
  watched = -1;
  has_rung = 0;
  struct sigaction action {};
  action.sa_handler = on_alarm;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGALRM, &action, nullptr);
  ring_after(time);
}

TimeLimit::~TimeLimit() {
  ring_after(std::chrono::seconds(0));
  watched = -1;
}

void TimeLimit::watch(int socket) {
  watched = socket;
}

bool TimeLimit::is_over() {
  return has_rung != 0;
}

}  // namespace tsmtp::mailertable
