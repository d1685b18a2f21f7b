// The blocks in the tables beside sendmail.mc, one in each, made of the sites. The administrator's own lines
// are never changed; a line that contradicts a block is a finding.
#pragma once

#include <string>
#include <vector>

#include "sendmail/plan/files.h"
#include "sendmail/plan/hub_facts.h"

namespace tsmtp::sendmail {

/// The lines for one table, and the findings.
struct TableBlock {
  std::string body;                   ///< of the block; empty: none is needed
  std::vector<std::string> why;       ///< of the lines in it
  std::vector<std::string> findings;  ///< what contradicts it
};

/// An entry that a table is to have.
struct WantedEntry {
  std::string key;
  std::string value;
};

/// Entries for a map whose own text, without our block, is `own`. Those in `own` are left to it.
[[nodiscard]] TableBlock entries_for(const std::string& path, std::string_view own,
                                     const std::vector<WantedEntry>& wanted);

/// The same for a list of words, one a line. `own` may have anything else, too.
[[nodiscard]] TableBlock words_for(std::string_view own, const std::vector<std::string>& wanted);

/// The first words of the lines of a list, in lower case, without comments.
[[nodiscard]] std::vector<std::string> words_of(std::string_view list);

/// Names for the sites' addresses, for hosts(5).
[[nodiscard]] TableBlock host_names_for(std::string_view own, const std::vector<SiteFacts>& sites);

/// The entries of the mailertable.
[[nodiscard]] std::vector<WantedEntry> routes_of(const std::vector<SiteFacts>& sites);

/// Lines of the mailertable `own`, of the file `path`, by which mail for a domain below a site's goes
/// elsewhere and which would not be followed any more: FEATURE(`tsmtp') has it wait. A sentence each.
[[nodiscard]] std::vector<std::string> routes_cut_off(const std::string& path, std::string_view own,
                                                      const std::vector<SiteFacts>& sites);

/// The entries of FEATURE(`tsmtp_inbound').
[[nodiscard]] std::vector<WantedEntry> senders_of(const std::vector<SiteFacts>& sites);

/// The entries of the access map. Its `own` text without our block says which limits hold for loopback.
struct AccessWish {
  bool limits_clients = false;
  bool any_way_in = false;  ///< senders of the sites may also come by other ways
};
[[nodiscard]] std::vector<WantedEntry> access_of(const std::vector<SiteFacts>& sites, std::string_view own,
                                                 const AccessWish& wish);

}  // namespace tsmtp::sendmail
