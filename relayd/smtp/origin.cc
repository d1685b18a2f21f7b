#include "relayd/smtp/origin.h"

#include <arpa/inet.h>

#include <array>
#include <sstream>

#include "relayd/base/bytes.h"

namespace tsmtp::smtp {
namespace {

// RFC 3461 section 4.
std::string xtext(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c > 0x20 && c < 0x7f && c != '+' && c != '=')
      out.push_back(c);
    else
      out += '+' + base::ascii_upper(base::hex({&c, 1}));
  }
  return out;
}

// In network byte order, 4 or 16 bytes; empty if it is no address.
std::string binary(const std::string& address) {
  std::array<char, sizeof(in6_addr)> bytes{};
  if (inet_pton(AF_INET, address.c_str(), bytes.data()) == 1) return {bytes.data(), sizeof(in_addr)};
  if (inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1) return {bytes.data(), sizeof(in6_addr)};
  return {};
}

// Of both addresses, where only one is IPv6.
std::string as_ipv6(const std::string& bytes) {
  if (bytes.size() == sizeof(in6_addr)) return bytes;
  return std::string(10, '\0') + "\xff\xff" + bytes;
}

}  // namespace

std::string xclient_line(const std::vector<XclientAttribute>& attributes, std::string_view offered) {
  std::istringstream words{base::ascii_upper(offered)};
  std::string known = " ";
  for (std::string word; words >> word;)
    known += word + ' ';
  std::string line = "XCLIENT";
  for (const XclientAttribute& attribute : attributes)
    if (known.find(' ' + attribute.name + ' ') != std::string::npos)
      line += ' ' + attribute.name + '=' + xtext(attribute.value);
  return line;
}

std::string proxy_header(const std::string& source, const std::string& destination,
                         std::uint16_t destination_port) {
  constexpr std::string_view kSignature{"\r\n\r\n\0\r\nQUIT\n", 12};
  constexpr std::uint8_t kLocal = 0x20;
  constexpr std::uint8_t kProxy = 0x21;
  constexpr std::uint8_t kTcp4 = 0x11;
  constexpr std::uint8_t kTcp6 = 0x21;
  std::string from = binary(source);
  std::string to = binary(destination);
  const bool is_local = from.empty() || to.empty();
  if (from.size() != to.size()) from = as_ipv6(from), to = as_ipv6(to);

  std::string header(kSignature);
  base::put_u8(header, is_local ? kLocal : kProxy);
  if (is_local) return header + std::string(3, '\0');
  base::put_u8(header, from.size() == sizeof(in_addr) ? kTcp4 : kTcp6);
  base::put_u16(header, static_cast<std::uint16_t>(2 * from.size() + 4));
  header += from + to;
  base::put_u16(header, 0);  // whose port it was is nobody's business
  base::put_u16(header, destination_port);
  return header;
}

}  // namespace tsmtp::smtp
