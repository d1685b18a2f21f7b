// The files in which relayd finds the domains behind each site (domains_file of a [[site]]), one for each
// site that the directory names: a domain a line. A domain that is held stays in its site's file: mail from
// there is not refused because a directory has lost an entry.
#pragma once

#include <map>
#include <string>

#include "mailertable/files/failure.h"
#include "mailertable/hub/sites.h"
#include "mailertable/routes/routes.h"
#include "relayd/base/domain.h"

namespace tsmtp::mailertable {

class SiteDomains {
 public:
  using Domains = std::map<std::string, base::DomainSet>;

  /// Files `directory`/SITE.domains; nothing is done where `directory` is empty. `relayctl` is run to have
  /// relayd read them; empty: nothing is.
  SiteDomains(std::string directory, std::string relayctl)
      : directory_(std::move(directory)), relayctl_(std::move(relayctl)) {}

  /// What the files should hold of `routes`, whose held lines are there: for each of `sites` that the
  /// directory names, or that has a file.
  [[nodiscard]] Outcome<Domains> wanted(const Routes& routes, const Sites& sites) const;

  /// Adds `domains` to those in the files, and has relayd read them. `is_changed` becomes true if there was
  /// anything to add.
  [[nodiscard]] Outcome<void> widen(const Domains& domains, bool& is_changed);

  /// Leaves none but `domains` in the files, and has relayd read them.
  [[nodiscard]] Outcome<void> settle(const Domains& domains, bool& is_changed);

 private:
  [[nodiscard]] std::string path_of(const std::string& site) const;
  /// Unless relayd is known to have read the files as they are.
  [[nodiscard]] Outcome<void> reload();

  std::string directory_;
  std::string relayctl_;
  bool is_read_ = false;  ///< by relayd; what an earlier process wrote, it may not have read
};

}  // namespace tsmtp::mailertable
