// Where something listens or is dialled, as text: "127.0.0.1:25", "[::]:5443", "hub.birl.example:5443",
// "unix:/run/tsmtp/birl.sock". Only the form is checked here; names are resolved when they are used.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "relayd/base/result.h"

namespace tsmtp::base {

/// A TCP host and port, or the path of a unix socket (then `host` is empty).
struct HostPort {
  std::string host;  ///< name or address, an IPv6 one without its brackets
  std::uint16_t port = 0;
  std::string unix_path;

  [[nodiscard]] bool is_unix() const { return !unix_path.empty(); }
  /// As it was written, IPv6 in brackets.
  [[nodiscard]] std::string to_string() const;
  friend bool operator==(const HostPort&, const HostPort&) = default;
};

/// Reads one. `unix:` is only an address where `allow_unix` says so.
[[nodiscard]] Result<HostPort> parse_host_port(std::string_view text, bool allow_unix = false);

/// Whether `text` is an IPv4 address in dotted decimal, 127.0.5.2.
[[nodiscard]] bool is_ipv4(std::string_view text);

/// Whether `text` is an address that only this machine reaches: of 127/8, ::1, or ::ffff:127.0.0.0/104.
[[nodiscard]] bool is_loopback(std::string_view text);

}  // namespace tsmtp::base
