// What must hold between keys and between sites, once each value is right by itself.
#pragma once

#include <map>
#include <set>
#include <string_view>
#include <vector>

#include "relayd/base/diagnostic.h"
#include "relayd/settings/config.h"

namespace tsmtp::settings {

/// Where a section and its keys were written, for complaints about them.
struct Places {
  base::Location header;
  std::map<std::string_view, base::Location> keys;  ///< those that were given, right or wrong
  std::set<std::string_view> wrong;                 ///< those that were given and complained about

  /// Whether the key was left out or is right: its member says what was meant.
  [[nodiscard]] bool trusted(std::string_view key) const { return !wrong.contains(key); }
  /// The key's place, or the section's.
  [[nodiscard]] const base::Location& of(std::string_view key) const;
};

/// Places of all of a Config: `sites[i]` belongs to `Config::sites[i]`.
struct ConfigPlaces {
  Places hub;
  Places ledger;
  std::vector<Places> sites;
  std::vector<std::vector<Places>> hubs;  ///< of each site, those of [[site.hub]]; empty where it has none
  std::vector<Places> services;           ///< likewise
  std::vector<Places> forwards;
};

/// Fills in what follows from other keys and sections (endpoints, the services of each site), and says what
/// contradicts what.
void relate(Config& config, const ConfigPlaces& places, base::Diagnostics& diagnostics);

/// The part of it that is about the hubs of sites: gives each site at least one.
void relate_hubs(Config& config, const ConfigPlaces& places, base::Diagnostics& diagnostics);

/// The part of it that is about [ledger].
void relate_ledger(const Config& config, const ConfigPlaces& places, base::Diagnostics& diagnostics);

/// The part of it that is about services and forwards: gives each site its own.
void relate_services(Config& config, const ConfigPlaces& places, base::Diagnostics& diagnostics);

}  // namespace tsmtp::settings
