#include "relayd/ledger/mail_in_doubt.h"

#include <algorithm>

namespace tsmtp::ledger {

std::vector<MailInDoubt> mails_in_doubt(const DoubtTable& table) {
  std::vector<MailInDoubt> mails;
  for (const auto& [key, doubt] : table) {
    if (doubt.state == Doubt::State::kUnderWay) continue;
    if (mails.empty() || mails.back().transaction != key.transaction)
      mails.push_back({.transaction = key.transaction,
                       .site = doubt.site.empty() ? doubt.row.site : doubt.site,
                       .hub = doubt.hub,
                       .far_hub = doubt.row.place.hub,
                       .recorded = doubt.row.recorded,
                       .client = doubt.row.client,
                       .is_known = true});
    ++mails.back().recipients;
    mails.back().is_claimed |= doubt.state == Doubt::State::kClaimed;
    mails.back().is_known &= doubt.is_known;
  }
  std::stable_sort(mails.begin(), mails.end(),
                   [](const MailInDoubt& a, const MailInDoubt& b) { return a.recorded < b.recorded; });
  return mails;
}

std::map<std::string_view, SiteInDoubt> sites_in_doubt(const DoubtTable& table) {
  std::map<std::string_view, SiteInDoubt> sites;
  const std::string* last = nullptr;  // recipients of one transaction follow each other, and have one site
  for (const auto& [key, doubt] : table) {
    if (doubt.state == Doubt::State::kUnderWay || doubt.is_known) continue;
    SiteInDoubt& site =
        sites.try_emplace(doubt.site, SiteInDoubt{.oldest = doubt.row.recorded}).first->second;
    site.oldest = std::min(site.oldest, doubt.row.recorded);
    if (last == nullptr || *last != key.transaction) ++site.mails;
    last = &key.transaction;
  }
  return sites;
}

std::size_t foreign_recipients(const DoubtTable& table) {
  return static_cast<std::size_t>(
      std::count_if(table.begin(), table.end(), [](const auto& entry) { return !entry.second.hub.empty(); }));
}

}  // namespace tsmtp::ledger
