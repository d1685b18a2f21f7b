#include "relayd/pairing/token.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "relayd/base/bytes.h"
#include "relayd/pairing/introductions.h"

namespace tsmtp::pairing {
namespace {

constexpr std::string_view kPrefix = "tsmtp1:";
constexpr std::string_view kFamily = "tsmtp";
constexpr std::string_view kCommand = "relayctljoin";  // the whole line was pasted; blanks have gone by then
constexpr std::size_t kChecksumBytes = 4;
constexpr std::size_t kBinaryBytes = kIdBytes + kSecretBytes + kShortPinBytes + kChecksumBytes;
constexpr std::size_t kDigits = kBinaryBytes / 3 * 4;
static_assert(kBinaryBytes % 3 == 0, "base64 without padding");
// RFC 4648 section 5.
constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint32_t kCrcPolynomial = 0xedb88320;  // of IEEE 802.3, reflected

std::uint32_t crc32(std::string_view bytes) {
  std::uint32_t crc = 0xffffffff;
  for (const char c : bytes) {
    crc ^= static_cast<std::uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? kCrcPolynomial : 0);
  }
  return ~crc;
}

std::string to_digits(std::string_view bytes) {
  std::string out;
  for (std::size_t i = 0; i + 2 < bytes.size(); i += 3) {
    const std::uint32_t bits =
        static_cast<std::uint32_t>(base::get_u16(bytes.substr(i)) << 8) | base::get_u8(bytes.substr(i + 2));
    for (const int shift : {18, 12, 6, 0})
      out += kAlphabet[bits >> shift & 0x3f];
  }
  return out;
}

std::optional<std::string> from_digits(std::string_view digits) {
  std::string out;
  for (std::size_t i = 0; i + 3 < digits.size(); i += 4) {
    std::uint32_t bits = 0;
    for (const char c : digits.substr(i, 4)) {
      const std::size_t digit = kAlphabet.find(c);
      if (digit == kAlphabet.npos) return std::nullopt;
      bits = bits << 6 | static_cast<std::uint32_t>(digit);
    }
    base::put_u8(out, static_cast<std::uint8_t>(bits >> 16));
    base::put_u16(out, static_cast<std::uint16_t>(bits));
  }
  return out;
}

std::string binary_of(const Token& token, std::string_view address) {
  std::string out = token.id + token.secret + token.short_pin;
  base::put_u32(out, crc32(out + std::string(address)));
  return out;
}

base::Error damaged() {
  return base::Error{
      "the invitation was cut off or mistyped: its checksum is wrong. Paste the whole line that `relayctl "
      "invite` printed on the other hub"};
}

}  // namespace

base::Result<std::string> token_text(const Token& token) {
  const std::string address = token.dial.to_string();
  if (auto ok = check_addresses({address}); !ok) return ok.error();
  constexpr std::size_t kMost = kMaxTokenBytes - kPrefix.size() - kDigits;
  if (address.size() > kMost)
    return base::Error{"\"" + base::escaped(address) + "\" is too long for an invitation, by " +
                       std::to_string(address.size() - kMost) + " characters of " + std::to_string(kMost) +
                       "; name a shorter one with --at HOST:PORT, such as the IP address"};
  return base::Result<std::string>(boost::system::in_place_value,
                                   std::string(kPrefix) + to_digits(binary_of(token, address)) + address);
}

base::Result<Token> parse_token(std::string_view text) {
  std::string line(text);
  std::erase_if(line, [](unsigned char c) { return c <= ' '; });
  if (line.starts_with(kCommand)) line.erase(0, kCommand.size());
  if (!line.starts_with(kPrefix)) {
    if (line.starts_with(kFamily) && line.find(':') != line.npos)
      return base::Error{
          "the invitation begins with \"" + base::escaped(line.substr(0, line.find(':') + 1), 20) +
          "\", which this version does not know; \"tsmtp1:\" was expected. Paste the whole line, "
          "or bring both hubs to one version"};
    return base::Error{
        "that is no invitation: it begins with \"tsmtp1:\". Paste the whole line that `relayctl invite` "
        "printed "
        "on the other hub"};
  }
  if (line.size() > kMaxTokenBytes) return damaged();
  const std::string_view rest = std::string_view(line).substr(kPrefix.size());
  if (rest.size() <= kDigits) return damaged();
  const auto binary = from_digits(rest.substr(0, kDigits));
  if (!binary) return damaged();
  Token token{.id = binary->substr(0, kIdBytes),
              .secret = binary->substr(kIdBytes, kSecretBytes),
              .short_pin = binary->substr(kIdBytes + kSecretBytes, kShortPinBytes),
              .dial = {}};
  const std::string_view address = rest.substr(kDigits);
  if (binary_of(token, address) != *binary) return damaged();
  auto dial = base::parse_host_port(address);
  // It comes to stand in a file, and on a screen.
  if (!dial || !check_addresses({std::string(address)})) return damaged();
  token.dial = std::move(*dial);
  return token;
}

}  // namespace tsmtp::pairing
