// The arguments of the requests `invite` and `join` on the control socket: words with a blank between, lists
// with commas. relayctl makes them, relayd reads them.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "relayd/base/result.h"

namespace tsmtp::control {

struct InviteRequest {
  std::string site;  ///< or, with hub_of, the hub
  std::chrono::seconds lifetime{};
  std::string dial;  ///< HOST:PORT
  std::vector<std::string> domains;
  std::vector<std::string> own_domains;  ///< empty: those of [hub]
  std::string hub_of{};                  ///< the site that gets a hub more; its domains are those
};

struct JoinRequest {
  bool is_final = false;  ///< else what would come of it is only shown
  std::string token;
  std::string site;                      ///< empty: as the inviter calls itself
  std::vector<std::string> own_domains;  ///< empty: those of [hub], or else all that the invitation names
  std::string listen;                    ///< where we can be dialled; empty: nowhere
  /// Which offer the administrator has seen and agreed to, as the reply to the look has named it.
  std::string agreed;
  std::string hub_of{};  ///< the site here that gets a hub more
};

[[nodiscard]] std::string argument_of(const InviteRequest& request);
[[nodiscard]] std::string argument_of(const JoinRequest& request);
[[nodiscard]] base::Result<InviteRequest> parse_invite(std::string_view argument);
[[nodiscard]] base::Result<JoinRequest> parse_join(std::string_view argument);

}  // namespace tsmtp::control
