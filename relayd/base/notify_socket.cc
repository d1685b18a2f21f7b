#include "relayd/base/notify_socket.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "relayd/base/descriptor.h"

namespace tsmtp::base {
namespace {

constexpr char kSocket[] = "NOTIFY_SOCKET";
constexpr char kWatchdogTime[] = "WATCHDOG_USEC";
constexpr std::uint64_t kUsecOfHalf = 2'000;  // what it waits, in a millisecond of watchdog_interval()
constexpr std::uint64_t kLongestWatch = 365ULL * 24 * 3600 * 1'000'000;
// A manager that does not read is not waited for longer.
constexpr timeval kPatience{.tv_sec = 1, .tv_usec = 0};

// Takes a variable out of the environment.
std::string taken(const char* name) {
  const char* const value = std::getenv(name);
  std::string out = value == nullptr ? "" : value;
  unsetenv(name);
  return out;
}

// 0: it is none.
std::uint64_t number_in(const std::string& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size() ? number : 0;
}

// sd_watchdog_enabled(3).
std::optional<std::chrono::milliseconds> taken_watchdog() {
  const std::uint64_t microseconds = number_in(taken(kWatchdogTime));
  const std::string process = taken("WATCHDOG_PID");
  const bool is_for_us = process.empty() || number_in(process) == static_cast<std::uint64_t>(getpid());
  if (microseconds == 0 || microseconds > kLongestWatch || !is_for_us) return {};
  return std::max(std::chrono::milliseconds(microseconds / kUsecOfHalf), std::chrono::milliseconds(1));
}

}  // namespace

NotifySocket::NotifySocket() : path_(taken(kSocket)), watchdog_(taken_watchdog()) {}

// WATCHDOG_PID would name this process, or be wrong: the manager watches its main process.
std::vector<std::string> NotifySocket::for_successor() const {
  std::vector<std::string> variables;
  if (is_there()) variables.push_back(std::string(kSocket) + '=' + path_);
  if (watchdog_)
    variables.push_back(std::string(kWatchdogTime) + '=' + std::to_string(watchdog_->count() * kUsecOfHalf));
  return variables;
}

bool NotifySocket::tell(const std::string& message, Patience patience) const {
  sockaddr_un address{};
  if (path_.empty() || path_.size() >= sizeof address.sun_path) return true;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path_.data(), path_.size());
  if (path_.front() == '@') address.sun_path[0] = '\0';
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path_.size());
  const Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return false;
  setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  const ssize_t sent = sendto(socket.get(), message.data(), message.size(),
                              patience == Patience::kNone ? MSG_NOSIGNAL | MSG_DONTWAIT : MSG_NOSIGNAL,
                              reinterpret_cast<const sockaddr*>(&address), length);
  return sent >= 0 || (errno != EAGAIN && errno != ENOBUFS && errno != ENOMEM && errno != EINTR);
}

}  // namespace tsmtp::base
