// Which display an address is, in the words of Xauthority files: a family of addresses, an address of it, and
// a number.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "relayd/base/host_port.h"

namespace tsmtp::forward::x11 {

/// Of those that the files know (X11/X.h and X11/Xauth.h), the ones that are looked for here.
enum class Family : std::uint16_t { kInternet = 0, kInternet6 = 6, kLocal = 256, kWild = 65535 };

struct Display {
  Family family = Family::kLocal;  ///< kWild: by a name, which is not resolved here
  std::string address;             ///< raw bytes; the host's name where the display is on this host
  std::string number;

  friend bool operator==(const Display&, const Display&) = default;
};

/// The display at `address`, as programs on the host `host_name` look for it. Nothing where none can be.
[[nodiscard]] std::optional<Display> display_at(const base::HostPort& address, std::string_view host_name);

}  // namespace tsmtp::forward::x11
