// Makes routes of a directory's entries: of ours (tsmtpSite, tsmtpRoute, tsmtpRelease) and of sendmail's own
// (sendmailMTAMapObject, as FEATURE(`mailertable', `LDAP') looks them up). Says of each entry that it cannot
// use what is wrong with it, and above all finds what sendmail's LDAP lookup would take for no answer.
#pragma once

#include <string>
#include <vector>

#include "mailertable/hub/sites.h"
#include "mailertable/routes/directory_entry.h"
#include "mailertable/routes/routes.h"

namespace tsmtp::mailertable {

/// Which entries concern this hub.
struct RouteRules {
  bool reads_tsmtp = true;
  bool reads_sendmail = true;
  std::string own_site;  ///< the site that this hub is of, if not the hub's name; its domains get no lines
  std::string cluster;   ///< ${sendmailMTACluster}, if it has one
  std::string host;      ///< $j, the name by which sendmail knows this host
};

/// `entries` in their order. Nothing is looked up elsewhere; the same entries give the same routes.
[[nodiscard]] Routes compile_entries(const std::vector<const DirectoryEntry*>& entries, const Sites& sites,
                                     const RouteRules& rules);

/// The filter that finds the entries which compile_entries() reads (RFC 4515), and further ones that match
/// `further`, if that is not empty.
[[nodiscard]] std::string filter_of(const RouteRules& rules, const std::string& further);

}  // namespace tsmtp::mailertable
