// The argument of the requests `approve` and `deny` on the control socket. relayctl makes it, relayd reads
// it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "relayd/base/result.h"

namespace tsmtp::control {

struct ApproveRequest {
  std::uint32_t id = 0;                           ///< as `relayctl approvals` shows it
  std::optional<std::chrono::seconds> lasting{};  ///< of a yes: for all connections until then

  friend bool operator==(const ApproveRequest&, const ApproveRequest&) = default;
};

/// A yes holds no longer than a day: it is a person's, not a configuration.
inline constexpr std::chrono::hours kLongestYes{24};

[[nodiscard]] base::Result<std::uint32_t> parse_approval_id(std::string_view text);

[[nodiscard]] std::string argument_of(const ApproveRequest& request);
[[nodiscard]] base::Result<ApproveRequest> parse_approve(std::string_view argument);

}  // namespace tsmtp::control
