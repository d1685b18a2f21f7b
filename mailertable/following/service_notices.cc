#include "mailertable/following/service_notices.h"

#include <utility>

#include "relayd/base/bytes.h"

namespace tsmtp::mailertable {
namespace {

constexpr std::size_t kShownBytes = 400;
using Patience = base::NotifySocket::Patience;

}  // namespace

void ServiceNotices::stands(const std::string& how) {
  tell_status(how, std::exchange(is_ready_, true) ? "" : "READY=1\n");
}

void ServiceNotices::reloading() {
  is_ready_ = false;
  tell_status("reading relayd.toml and the local texts again", "RELOADING=1\n");
}

void ServiceNotices::stopping() {
  tell_status("stopping", "STOPPING=1\n");
}

void ServiceNotices::alive(Time now) {
  const auto interval = manager_.watchdog_interval();
  if (!interval || (alive_ && now - *alive_ < *interval)) return;
  alive_ = now;
  manager_.tell("WATCHDOG=1", Patience::kNone);
}

// What the directory has said may hold anything.
void ServiceNotices::tell_status(const std::string& status, const std::string& before) {
  const std::string line = base::escaped(status, kShownBytes);
  if (line == status_ && before.empty()) return;
  status_ = line;
  manager_.tell(before + "STATUS=" + line, before.empty() ? Patience::kNone : Patience::kSome);
}

}  // namespace tsmtp::mailertable
