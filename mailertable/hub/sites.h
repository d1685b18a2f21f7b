// The sites of a relayd.toml, as far as a mailertable has to agree with them: at which hosts they are
// reached, and which domains lie behind them.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "mailertable/files/failure.h"
#include "relayd/base/diagnostic.h"
#include "relayd/base/domain.h"
#include "relayd/settings/config.h"

namespace tsmtp::mailertable {

struct Site {
  std::string name;
  std::vector<std::string> hosts;    ///< addresses of its endpoints; empty if all are unix sockets
  std::vector<std::string> sockets;  ///< paths of those that are
  base::DomainSet domains;
  base::DomainSet local;  ///< what may come from there

  /// What a value should be: "tsmtp:[127.0.5.2]".
  [[nodiscard]] std::string route() const;
};

struct Sites {
  std::string file;  ///< the name of relayd.toml, for messages
  std::string hub;   ///< this hub's name
  std::vector<Site> all;
  std::map<std::string, std::string, std::less<>> addresses;  ///< of names: /etc/hosts, in lower case

  /// The site that is reached at `host`, an address, a name in /etc/hosts or a socket's path; null if none
  /// is.
  [[nodiscard]] const Site* at(std::string_view host) const;
};

[[nodiscard]] Sites sites_of(const settings::Config& config);

/// Reads relayd.toml at `path`; its errors go to `findings`, and fail with EX_CONFIG.
[[nodiscard]] Outcome<Sites> read_sites(const std::string& path, base::Diagnostics& findings);

/// Adds the names of `text`, in the form of hosts(5).
void add_hosts(Sites& sites, std::string_view text);

}  // namespace tsmtp::mailertable
