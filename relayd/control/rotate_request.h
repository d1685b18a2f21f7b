// The argument of the request `rotate` on the control socket. relayctl makes it, relayd reads it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "relayd/base/result.h"

namespace tsmtp::control {

struct RotateRequest {
  std::optional<std::chrono::seconds> grace{};  ///< nothing: as relayd thinks fit
  bool is_compromised = false;                  ///< no step leads to the new key
  bool says_yes = false;                        ///< to what it would be refused for

  friend bool operator==(const RotateRequest&, const RotateRequest&) = default;
};

[[nodiscard]] std::string argument_of(const RotateRequest& request);
[[nodiscard]] base::Result<RotateRequest> parse_rotate(std::string_view argument);

}  // namespace tsmtp::control
