#include "relayd/mail/refused_recipients.h"

#include <algorithm>

namespace tsmtp::mail {

void RefusedRecipients::refused(const std::string& address) {
  if (!known_.insert(address).second) return;
  oldest_first_.push_back(address);
  if (oldest_first_.size() <= capacity_) return;
  known_.erase(oldest_first_.front());
  oldest_first_.pop_front();
}

void RefusedRecipients::accepted(const std::string& address) {
  if (known_.erase(address) == 0) return;
  oldest_first_.erase(std::find(oldest_first_.begin(), oldest_first_.end(), address));
}

}  // namespace tsmtp::mail
