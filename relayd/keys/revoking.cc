#include "relayd/keys/revoking.h"

#include <algorithm>

namespace tsmtp::keys {
namespace {

bool has_good_key(const SiteKeys& site, const Book& book) {
  return std::any_of(site.pins.begin(), site.pins.end(),
                     [&](const std::string& pin) { return book.revocation(pin) == nullptr; });
}

}  // namespace

Revoking plan_revoking(const std::vector<std::string>& pins, const std::vector<SiteKeys>& sites,
                       const std::vector<std::string>& own, const Book& book) {
  Revoking plan;
  for (const std::string& pin : pins)
    for (const std::string& related : book.family(pin))
      if (std::find(plan.pins.begin(), plan.pins.end(), related) == plan.pins.end())
        plan.pins.push_back(related);
  plan.is_done = std::all_of(plan.pins.begin(), plan.pins.end(),
                             [&](const std::string& pin) { return book.revocation(pin) != nullptr; });
  plan.is_ours = std::any_of(own.begin(), own.end(), [&](const std::string& pin) {
    return std::find(plan.pins.begin(), plan.pins.end(), pin) != plan.pins.end();
  });
  Book after = book;
  after.revoke(plan.pins, {}, 0);
  for (const SiteKeys& site : sites) {
    if (!has_good_key(site, book)) continue;
    (has_good_key(site, after) ? plan.left : plan.sites).push_back(site.name);
  }
  return plan;
}

}  // namespace tsmtp::keys
