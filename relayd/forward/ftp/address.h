// Addresses as FTP writes them: PORT and 227 (RFC 959 section 4.1.2), EPRT and 229 (RFC 2428). Hosts are
// compared and kept as numbers in the one text that inet_ntop(3) gives them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "relayd/base/host_port.h"
#include "relayd/forward/ftp/token.h"

namespace tsmtp::forward::ftp {

/// An IPv4 or IPv6 address in its usual text; IPv4 that IPv6 embeds becomes IPv4, and a zone ("%eth0") is
/// left out. Nothing for what is no address.
[[nodiscard]] std::optional<std::string> canonical_host(std::string_view text);
[[nodiscard]] inline bool is_ipv6(std::string_view host) {
  return host.find(':') != std::string_view::npos;
}

/// "192,0,2,1,4,1" of a PORT.
[[nodiscard]] std::optional<base::HostPort> parse_port_argument(std::string_view text);
/// "|1|192.0.2.1|1025|" of an EPRT, with any delimiter.
[[nodiscard]] std::optional<base::HostPort> parse_eprt_argument(std::string_view text);
/// The six numbers of a 227, wherever they stand in its text.
[[nodiscard]] std::optional<base::HostPort> parse_passive_reply(std::string_view text);
/// The port of a 229: "(|||1025|)".
[[nodiscard]] std::optional<std::uint16_t> parse_extended_passive_reply(std::string_view text);

/// "192,0,2,1,4,1"; `address` is an IPv4 one.
[[nodiscard]] std::string six_numbers(const base::HostPort& address);
/// "|1|192.0.2.1|1025|", "|2|::1|1025|".
[[nodiscard]] std::string eprt_argument(const base::HostPort& address);
/// "EPRT |1|0.0.0.0|TOKEN|": how a data connection that the service opens is named on the link.
[[nodiscard]] std::string eprt_argument(Token token);
/// The text behind "229 ".
[[nodiscard]] std::string extended_passive_text(std::uint16_t port_or_token);

}  // namespace tsmtp::forward::ftp
