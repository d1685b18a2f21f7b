// What has to stand in the tables beside sendmail.mc: a block in each, made of the sites. What the
// administrator has written is never changed; where it says something else, that is a finding.
#pragma once

#include <string>
#include <vector>

#include "sendmail/plan/files.h"
#include "sendmail/plan/hub_facts.h"

namespace tsmtp::sendmail {

/// The lines for one table, and what came up.
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

/// Entries for a map whose own text, without our block, is `own`. One that is there already is left to it.
[[nodiscard]] TableBlock entries_for(const std::string& path, std::string_view own,
                                     const std::vector<WantedEntry>& wanted);

/// The same for a list of words, one a line. `own` may have anything else, too.
[[nodiscard]] TableBlock words_for(std::string_view own, const std::vector<std::string>& wanted);

/// The first words of the lines of a list, in lower case, without comments.
[[nodiscard]] std::vector<std::string> words_of(std::string_view list);

/// Names for the sites' addresses, for hosts(5).
[[nodiscard]] TableBlock host_names_for(std::string_view own, const std::vector<SiteFacts>& sites);

/// What the mailertable is to have.
[[nodiscard]] std::vector<WantedEntry> routes_of(const std::vector<SiteFacts>& sites);

/// What FEATURE(`tsmtp_inbound') is to know.
[[nodiscard]] std::vector<WantedEntry> senders_of(const std::vector<SiteFacts>& sites);

/// What the access map is to have: its `own` text without our block says which limits hold for loopback.
struct AccessWish {
  bool limits_clients = false;
  bool any_way_in = false;  ///< senders of the sites may also come by other ways
};
[[nodiscard]] std::vector<WantedEntry> access_of(const std::vector<SiteFacts>& sites, std::string_view own,
                                                 const AccessWish& wish);

}  // namespace tsmtp::sendmail
