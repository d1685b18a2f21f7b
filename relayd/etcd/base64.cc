#include "relayd/etcd/base64.h"

#include <array>
#include <cstdint>

namespace tsmtp::etcd {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNoDigit = 0xff;
constexpr unsigned kDigitBits = 6, kByteBits = 8;
constexpr std::uint32_t kDigit = 0x3f, kByte = 0xff;

constexpr std::array<std::uint8_t, 256> digits_by_letter() {
  std::array<std::uint8_t, 256> digits{};
  digits.fill(kNoDigit);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i)
    digits.at(static_cast<std::uint8_t>(kAlphabet[i])) = static_cast<std::uint8_t>(i);
  return digits;
}
constexpr auto kDigits = digits_by_letter();

}  // namespace

std::string to_base64(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : bytes) {
    bits = bits << kByteBits | static_cast<std::uint8_t>(c);
    for (count += kByteBits; count >= kDigitBits; count -= kDigitBits)
      out += kAlphabet[bits >> (count - kDigitBits) & kDigit];
  }
  if (count > 0) out += kAlphabet[bits << (kDigitBits - count) & kDigit];
  while (out.size() % 4 != 0)
    out += '=';
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return {};
  if (text.ends_with("==")) {
    text.remove_suffix(2);
  } else if (text.ends_with('=')) {
    text.remove_suffix(1);
  }
  std::string out;
  out.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    const std::uint8_t digit = kDigits[static_cast<std::uint8_t>(c)];
    if (digit == kNoDigit) return {};
    bits = bits << kDigitBits | digit;
    count += kDigitBits;
    if (count < kByteBits) continue;
    count -= kByteBits;
    out += static_cast<char>(bits >> count & kByte);
  }
  // What is left of the last letter must be nothing.
  if ((bits & ((1U << count) - 1)) != 0) return {};
  return out;
}

}  // namespace tsmtp::etcd
