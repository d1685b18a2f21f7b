// Who on this machine may use a port or unix socket of ours. Plain data, as in hub.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tsmtp::settings {

/// A user of this machine, by the name or number that was written.
struct User {
  std::string name;
  std::uint32_t uid = 0;

  friend bool operator==(const User&, const User&) = default;
};

struct Access {
  std::vector<User> allow_users{};  ///< empty: everybody
  unsigned socket_mode = 0660;      ///< of unix sockets
  std::optional<std::uint32_t> socket_group{};

  friend bool operator==(const Access&, const Access&) = default;
};

}  // namespace tsmtp::settings
