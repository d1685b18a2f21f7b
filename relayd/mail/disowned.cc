#include "relayd/mail/disowned.h"

namespace tsmtp::mail {

bool Disowned::add(const std::string& transaction, base::TimePoint now) {
  while (!oldest_first_.empty() && now - oldest_first_.front().first >= kAge) {
    all_.erase(oldest_first_.front().second);
    oldest_first_.pop_front();
  }
  if (all_.contains(transaction)) return true;
  if (all_.size() >= kMost) return false;
  all_.insert(transaction);
  oldest_first_.emplace_back(now, transaction);
  return true;
}

}  // namespace tsmtp::mail
