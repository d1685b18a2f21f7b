#include "relayd/settings/pin.h"

#include <cstdint>
#include <utility>

#include "relayd/base/bytes.h"

namespace tsmtp::settings {
namespace {

constexpr std::string_view kPrefix = "sha256:";
constexpr std::size_t kBase64Characters = 44;
constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

base::Error malformed(std::string_view text, std::string_view why) {
  return base::Error{
      "\"" + base::escaped(text, 100) + "\" is no pin: " + std::string(why) +
      "; \"sha256:\" and the base64 of 32 bytes was expected, as `relayctl fingerprint` on that hub "
      "prints it"};
}

}  // namespace

base::Result<std::string> parse_pin(std::string_view text) {
  if (!text.starts_with(kPrefix)) return malformed(text, "it does not begin with \"sha256:\"");
  const std::string_view digits = text.substr(kPrefix.size());
  if (digits.size() != kBase64Characters || digits.back() != '=')
    return malformed(text, "32 bytes are 44 characters of base64, the last of them \"=\"");
  std::string digest;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : digits.substr(0, digits.size() - 1)) {
    const std::size_t digit = kAlphabet.find(c);
    if (digit == kAlphabet.npos) return malformed(text, "'" + base::escaped({&c, 1}) + "' is not in base64");
    bits = (bits << 6 | static_cast<std::uint32_t>(digit)) & 0xffff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    digest.push_back(static_cast<char>(bits >> held & 0xff));
  }
  // Two texts for one key would make a pin in the log differ from the one in the file.
  if ((bits & ((1U << held) - 1)) != 0)
    return malformed(text, "its last digit has bits that belong to no byte");
  return base::Result<std::string>(boost::system::in_place_value, std::move(digest));
}

std::string pin_text(std::string_view digest) {
  std::string out(kPrefix);
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : digest) {
    bits = (bits << 8 | static_cast<std::uint8_t>(c)) & 0xffff;
    for (held += 8; held >= 6; held -= 6)
      out.push_back(kAlphabet[bits >> (held - 6) & 0x3f]);
  }
  if (held > 0) out.push_back(kAlphabet[bits << (6 - held) & 0x3f]);
  while ((out.size() - kPrefix.size()) % 4 != 0)
    out.push_back('=');
  return out;
}

}  // namespace tsmtp::settings
