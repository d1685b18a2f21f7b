// The proxy through which a site is dialled, as it is written: "socks5://proxy.example:1080",
// "http://user@proxy.example:3128". Its password stands in a file of its own, and must never be shown: what
// tells of a proxy tells of where it is.
#pragma once

#include <string>
#include <string_view>

#include "relayd/base/host_port.h"
#include "relayd/base/result.h"

namespace tsmtp::settings {

struct Proxy {
  enum class Kind { kSocks5, kHttp };

  Kind kind = Kind::kSocks5;
  std::string user{};  ///< empty: it asks for none
  base::HostPort address{};
  std::string password{};  ///< of the file; not of relayd.toml

  /// Without its user.
  [[nodiscard]] std::string to_string() const {
    return (kind == Kind::kSocks5 ? "socks5://" : "http://") + address.to_string();
  }
  friend bool operator==(const Proxy&, const Proxy&) = default;
};

/// The longest user and password (RFC 1929).
inline constexpr std::size_t kMaxProxyUserBytes = 255;

/// The error quotes nothing of `text`, in which somebody may have written a password.
[[nodiscard]] base::Result<Proxy> parse_proxy(std::string_view text);

}  // namespace tsmtp::settings
