// All of relayd.toml. Nothing here checks anything; read() has checked all that it returns.
#pragma once

#include <string>
#include <vector>

#include "relayd/settings/hub.h"
#include "relayd/settings/ledger.h"
#include "relayd/settings/site.h"

namespace tsmtp::settings {

struct Config {
  std::string file;  ///< as it was named; no part of the comparison's meaning, but compared
  Hub hub;
  Ledger ledger;
  std::vector<Site> sites;  ///< in the order of the file
  std::vector<Service> services;
  std::vector<Forward> forwards;

  friend bool operator==(const Config&, const Config&) = default;
};

/// "1 site", "3 sites".
[[nodiscard]] inline std::string count_of_sites(const Config& config) {
  const std::size_t sites = config.sites.size();
  return std::to_string(sites) + (sites == 1 ? " site" : " sites");
}

}  // namespace tsmtp::settings
