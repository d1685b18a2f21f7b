#include "relayd/base/host_port.h"

#include <arpa/inet.h>

#include <charconv>

#include "relayd/base/bytes.h"

namespace tsmtp::base {
namespace {

constexpr std::string_view kUnixPrefix = "unix:";
constexpr std::size_t kMaxUnixPathBytes = 107;  // sun_path less its NUL, unix(7)

Error malformed(std::string_view text, const char* what) {
  return Error{"\"" + escaped(text) + "\": " + what};
}

Result<std::uint16_t> parse_port(std::string_view digits, std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (code != std::errc{} || end != digits.data() + digits.size() || port == 0)
    return malformed(text, "the port must be a number from 1 to 65535");
  return port;
}

Result<HostPort> parse_unix(std::string_view text) {
  const std::string_view path = text.substr(kUnixPrefix.size());
  if (!path.starts_with('/')) return malformed(text, "the path of a unix socket must be absolute");
  if (path.size() > kMaxUnixPathBytes)
    return malformed(text, "the path of a unix socket has at most 107 bytes");
  return HostPort{.host = {}, .port = 0, .unix_path = std::string(path)};
}

}  // namespace

bool is_ipv4(std::string_view text) {
  in_addr address{};
  return inet_pton(AF_INET, std::string(text).c_str(), &address) == 1;
}

bool is_loopback(std::string_view text) {
  if (is_ipv4(text)) return text.starts_with("127.");
  in6_addr address{};
  if (inet_pton(AF_INET6, std::string(text).c_str(), &address) != 1) return false;
  if (IN6_IS_ADDR_V4MAPPED(&address)) return address.s6_addr[12] == 127;
  return IN6_IS_ADDR_LOOPBACK(&address);
}

std::string HostPort::to_string() const {
  if (is_unix()) return std::string(kUnixPrefix) + unix_path;
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? '[' + host + ']' : host) + ':' + std::to_string(port);
}

Result<HostPort> parse_host_port(std::string_view text, bool allow_unix) {
  if (text.starts_with(kUnixPrefix)) {
    if (!allow_unix) return malformed(text, "a unix socket cannot be used here; write HOST:PORT");
    return parse_unix(text);
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return malformed(text, "HOST:PORT was expected, the port is missing");
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (host.empty()) return malformed(text, "HOST:PORT was expected, the host is missing");
  if (!bracketed && host.find(':') != std::string_view::npos)
    return malformed(text, "write an IPv6 address in brackets, [::1]:5443");
  if (host.find_first_of(" \t[]/@") != std::string_view::npos) return malformed(text, "no such host name");
  const auto port = parse_port(text.substr(colon + 1), text);
  if (!port) return port.error();
  return HostPort{.host = std::string(host), .port = *port, .unix_path = {}};
}

}  // namespace tsmtp::base
