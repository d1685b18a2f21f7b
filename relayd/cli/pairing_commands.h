// relayctl invite, join, invitations and uninvite: the dialogue with the administrator. The relayd that runs
// does the work, as its own user.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "relayd/settings/config.h"

namespace tsmtp::cli {

struct PairingOptions {
  std::string site;                  ///< of invite and uninvite
  std::vector<std::string> domains;  ///< that it may have
  std::string expires = "24h";
  std::string at;                ///< where we are dialled
  std::vector<std::string> own;  ///< our own domains
  bool wait = false;
  bool sendmail = false;          ///< run `tsmtp-sendmail on` as well
  std::vector<std::string> line;  ///< of join: the invitation, perhaps in pieces
  std::string name;               ///< of the site that join makes
  std::string hub_of;             ///< the site that gets a hub more; empty: a new site
  bool yes = false;
};

void add_invite_options(CLI::App& command, PairingOptions& options);
void add_join_options(CLI::App& command, PairingOptions& options);
void add_uninvite_options(CLI::App& command, PairingOptions& options);

// Each returns the exit status.
[[nodiscard]] int run_invite(const settings::Config& config, const PairingOptions& options);
[[nodiscard]] int run_join(const settings::Config& config, const PairingOptions& options);
[[nodiscard]] int run_uninvite(const settings::Config& config, const PairingOptions& options);
[[nodiscard]] int run_invitations(const settings::Config& config, bool as_json);

}  // namespace tsmtp::cli
