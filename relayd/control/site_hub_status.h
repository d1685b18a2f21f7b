// One of the hubs of a site, as status shows it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "relayd/base/clock.h"

namespace tsmtp::control {

enum class LinkState { kDown, kConnecting, kUp, kDraining };

/// "down", "connecting", "up", "draining".
[[nodiscard]] const char* to_string(LinkState state);

struct SiteHubStatus {
  std::string name;
  LinkState state = LinkState::kDown;
  base::WallTime since;               ///< when `state` began
  std::string cause;                  ///< why its link is not up; empty while it is
  std::string peer_address;           ///< "192.0.2.7:5443"; empty unless up
  std::string peer_version{};         ///< of the relayd there; empty unless up, or where it does not tell
  std::vector<std::string> lacks{};   ///< what that does not know and ours does; empty unless up
  std::string far_mta;                ///< as SiteStatus::far_mta
  std::string refusal;                ///< why it is handed no mail now; empty: it is
  std::string key;                    ///< by which it is known now, a pin; empty: all are revoked
  std::uint64_t mails_under_way = 0;  ///< ours to it
  std::optional<std::uint64_t> leaving_streams{};  ///< as SiteStatus::leaving_streams
};

}  // namespace tsmtp::control
