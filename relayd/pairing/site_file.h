// The text of the file that a new site gets.
#pragma once

#include <string>
#include <vector>

#include "relayd/pairing/joiner.h"

namespace tsmtp::pairing {

/// The facts in the file besides the site.
struct Writing {
  std::string by;                        ///< the command
  std::string when;                      ///< "2026-11-29T15:04:05Z"
  std::string address;                   ///< the site address
  std::string pin;                       ///< "sha256:..."
  std::vector<std::string> own_domains;  ///< that [hub] says, and that need not be said again
};

/// TOML; its first line says who wrote it, and when.
[[nodiscard]] std::string site_file(const NewSite& site, const Writing& writing);

}  // namespace tsmtp::pairing
