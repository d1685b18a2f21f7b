// One hub of a site: a [[site.hub]], or the pin and dial of a [[site]] that has one hub. Plain data: checked
// by the reader, taken as it is by whoever needs it.
#pragma once

#include <string>
#include <vector>

#include "relayd/base/host_port.h"

namespace tsmtp::settings {

struct SiteHub {
  std::string name;               ///< unique in the site; the site's where it stands in [[site]] itself
  std::vector<std::string> pins;  ///< 32 raw bytes each: SHA-256 of the peer's SubjectPublicKeyInfo
  std::vector<base::HostPort> dial;

  friend bool operator==(const SiteHub&, const SiteHub&) = default;
};

/// Which of a site's hubs that take mail a new one goes to.
enum class Prefer {
  kOrder,   ///< the first
  kSpread,  ///< each in turn
};

}  // namespace tsmtp::settings
