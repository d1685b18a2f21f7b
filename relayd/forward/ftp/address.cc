#include "relayd/forward/ftp/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <charconv>

namespace tsmtp::forward::ftp {
namespace {

std::string as_text(int family, const void* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  return inet_ntop(family, address, text.data(), text.size()) == nullptr ? std::string() : text.data();
}

/// Digits alone, of a value up to `max`, off the front of `text`.
std::optional<unsigned> take_number(std::string_view& text, unsigned max) {
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || value > max) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

std::optional<std::uint16_t> parse_port_number(std::string_view text) {
  const auto port = take_number(text, 65535);
  if (!port || *port == 0 || !text.empty()) return std::nullopt;
  return static_cast<std::uint16_t>(*port);
}

/// The six numbers at the start of `text`, and what stands behind them left over in it.
std::optional<base::HostPort> take_six_numbers(std::string_view& text) {
  std::array<unsigned, 6> numbers{};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (i > 0) {
      if (!text.starts_with(',')) return std::nullopt;
      text.remove_prefix(1);
    }
    const auto number = take_number(text, 255);
    if (!number) return std::nullopt;
    numbers[i] = *number;
  }
  base::HostPort address{
      .host = {}, .port = static_cast<std::uint16_t>(numbers[4] << 8U | numbers[5]), .unix_path = {}};
  for (std::size_t i = 0; i < 4; ++i)
    address.host += (i == 0 ? "" : ".") + std::to_string(numbers[i]);
  if (address.port == 0) return std::nullopt;
  return address;
}

}  // namespace

std::optional<std::string> canonical_host(std::string_view text) {
  const std::string host(text.substr(0, text.find('%')));
  in_addr v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return as_text(AF_INET, &v4);
  in6_addr v6{};
  if (inet_pton(AF_INET6, host.c_str(), &v6) != 1) return std::nullopt;
  if (IN6_IS_ADDR_V4MAPPED(&v6)) return as_text(AF_INET, &v6.s6_addr[12]);
  return as_text(AF_INET6, &v6);
}

std::optional<base::HostPort> parse_port_argument(std::string_view text) {
  auto address = take_six_numbers(text);
  if (!text.empty()) return std::nullopt;
  return address;
}

std::optional<base::HostPort> parse_eprt_argument(std::string_view text) {
  if (text.size() < 4 || text.back() != text.front()) return std::nullopt;
  const char delimiter = text.front();
  if (delimiter < '!' || delimiter > '~') return std::nullopt;
  text = text.substr(1, text.size() - 2);
  const std::size_t first = text.find(delimiter);
  const std::size_t second = first == std::string_view::npos ? first : text.find(delimiter, first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const std::string_view protocol = text.substr(0, first);
  const std::string_view written = text.substr(first + 1, second - first - 1);
  const auto host = canonical_host(written);
  const auto port = parse_port_number(text.substr(second + 1));
  if (!host || !port || written.find('%') != std::string_view::npos) return std::nullopt;
  if (protocol != (is_ipv6(written) ? "2" : "1")) return std::nullopt;
  return base::HostPort{.host = *host, .port = *port, .unix_path = {}};
}

std::optional<base::HostPort> parse_passive_reply(std::string_view text) {
  while (!text.empty()) {
    if (text.front() < '0' || text.front() > '9') {
      text.remove_prefix(1);
      continue;
    }
    std::string_view rest = text;
    if (auto address = take_six_numbers(rest)) return address;
    (void)take_number(text, 0);  // moves on behind a number that begins no address
    while (!text.empty() && text.front() >= '0' && text.front() <= '9')
      text.remove_prefix(1);
  }
  return std::nullopt;
}

std::optional<std::uint16_t> parse_extended_passive_reply(std::string_view text) {
  const std::size_t open = text.find('(');
  const std::size_t close = open == std::string_view::npos ? open : text.find(')', open);
  if (close == std::string_view::npos || close - open < 6) return std::nullopt;
  text = text.substr(open + 1, close - open - 1);
  const std::string three(3, text.front());
  if (!text.starts_with(three) || text.back() != text.front()) return std::nullopt;
  return parse_port_number(text.substr(3, text.size() - 4));
}

std::string six_numbers(const base::HostPort& address) {
  std::string text = address.host;
  for (char& c : text)
    if (c == '.') c = ',';
  return text + ',' + std::to_string(address.port >> 8U) + ',' + std::to_string(address.port & 0xffU);
}

std::string eprt_argument(const base::HostPort& address) {
  const std::string host =
      canonical_host(address.host).value_or(address.host);  // a zone means nothing to others
  return std::string(is_ipv6(host) ? "|2|" : "|1|") + host + '|' + std::to_string(address.port) + '|';
}

std::string eprt_argument(Token token) {
  return "|1|0.0.0.0|" + std::to_string(token) + '|';
}

std::string extended_passive_text(std::uint16_t port_or_token) {
  return "Entering Extended Passive Mode (|||" + std::to_string(port_or_token) + "|)";
}

}  // namespace tsmtp::forward::ftp
