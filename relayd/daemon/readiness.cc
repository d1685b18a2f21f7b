#include "relayd/daemon/readiness.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "relayd/base/descriptor.h"

namespace tsmtp::daemon {
namespace {

constexpr char kVariable[] = "NOTIFY_SOCKET";
// A manager that does not read is not waited for longer.
constexpr timeval kPatience{.tv_sec = 1, .tv_usec = 0};

}  // namespace

Readiness::Readiness() {
  if (const char* path = std::getenv(kVariable)) path_ = path;
  unsetenv(kVariable);
}

void Readiness::ready(const std::string& status) const {
  tell("READY=1\nSTATUS=" + status);
}

void Readiness::reloading() const {
  // Type=notify-reload wants to know since when.
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  tell("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now.tv_sec * 1'000'000 + now.tv_nsec / 1'000));
}

void Readiness::stopping() const {
  tell("STOPPING=1");
}

void Readiness::tell(const std::string& message) const {
  sockaddr_un address{};
  if (path_.empty() || path_.size() >= sizeof address.sun_path) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path_.data(), path_.size());
  if (path_.front() == '@') address.sun_path[0] = '\0';
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path_.size());
  const base::Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return;
  setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  (void)!sendto(socket.get(), message.data(), message.size(), MSG_NOSIGNAL,
                reinterpret_cast<const sockaddr*>(&address), length);
}

}  // namespace tsmtp::daemon
