#include "relayd/keys/rotating.h"

#include <algorithm>

namespace tsmtp::keys {

Rotating plan_rotation(const std::vector<Following>& sites, const Chain& chain, const Crypto& crypto) {
  // Of the keys that the next chain begins with or leads through.
  auto kept = pins_of(chain, crypto);
  const bool is_full = chain.steps.size() >= kMaxSteps;
  if (is_full) kept.erase(kept.begin());
  Rotating plan;
  for (const Following& each : sites) {
    const bool can_find = !is_full || std::find(kept.begin(), kept.end(), each.has_pin) != kept.end();
    if (each.can_follow == false)
      plan.left_behind.push_back(each.site);
    else if (!can_find)
      plan.cut_off.push_back(each.site);
  }
  plan.somebody_follows = sites.empty() || plan.left_behind.size() + plan.cut_off.size() < sites.size();
  return plan;
}

}  // namespace tsmtp::keys
