#include "relayd/ledger/owners.h"

#include <algorithm>

namespace tsmtp::ledger {

std::string Owners::owner(const std::string& name, const std::string& pin) const {
  if (!is_set_) return name;
  for (const auto& [site, pins] : sites_)
    if (std::find(pins.begin(), pins.end(), pin) != pins.end()) return site;
  return sites_.contains(name) ? name : std::string();
}

std::string Owners::pin_of(const std::string& name) const {
  const auto site = sites_.find(name);
  const bool has_one = site != sites_.end() && !site->second.empty() && site->second[0].size() == kPinBytes;
  return has_one ? site->second[0] : std::string(kPinBytes, '\0');
}

}  // namespace tsmtp::ledger
