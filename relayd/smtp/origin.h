// Ways to tell an MTA where a mail comes from that the address of its connection does not show: the PROXY
// protocol, version 2 (haproxy.org, proxy-protocol.txt), before the first word of the dialogue, and Postfix's
// XCLIENT command (XCLIENT_README) within it. An MTA believes either only from addresses it was told to.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tsmtp::smtp {

/// NAME=value of XCLIENT; the value as it is, not yet xtext.
struct XclientAttribute {
  std::string name;
  std::string value;
};

/// The command line, with those of `attributes` that `offered`, the keyword line of the EHLO reply, names.
[[nodiscard]] std::string xclient_line(const std::vector<XclientAttribute>& attributes,
                                       std::string_view offered);

/// The header of a connection from `source` to `destination`, both numeric, IPv4 or IPv6. An empty `source`:
/// of one that is the proxy's own (LOCAL).
[[nodiscard]] std::string proxy_header(const std::string& source, const std::string& destination,
                                       std::uint16_t destination_port);

}  // namespace tsmtp::smtp
