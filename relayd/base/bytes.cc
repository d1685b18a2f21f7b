#include "relayd/base/bytes.h"

#include <algorithm>
#include <cassert>

#include "relayd/base/utf8.h"

namespace tsmtp::base {
namespace {

template <typename T>
void put(std::string& out, T value) {
  char bytes[sizeof(T)];
  for (std::size_t i = 0; i < sizeof(T); ++i)
    bytes[i] = static_cast<char>((value >> (8 * (sizeof(T) - 1 - i))) & 0xff);
  out.append(bytes, sizeof(T));
}

template <typename T>
T get(std::string_view in) {
  assert(in.size() >= sizeof(T));
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    value = static_cast<T>((static_cast<std::uint64_t>(value) << 8) | static_cast<std::uint8_t>(in[i]));
  return value;
}

constexpr char kHexDigits[] = "0123456789abcdef";

void put_hex(std::string& out, std::uint8_t byte) {
  out.push_back(kHexDigits[byte >> 4]);
  out.push_back(kHexDigits[byte & 0xf]);
}

}  // namespace

void put_u8(std::string& out, std::uint8_t value) {
  put(out, value);
}
void put_u16(std::string& out, std::uint16_t value) {
  put(out, value);
}
void put_u32(std::string& out, std::uint32_t value) {
  put(out, value);
}
void put_u64(std::string& out, std::uint64_t value) {
  put(out, value);
}

std::uint8_t get_u8(std::string_view in) {
  return get<std::uint8_t>(in);
}
std::uint16_t get_u16(std::string_view in) {
  return get<std::uint16_t>(in);
}
std::uint32_t get_u32(std::string_view in) {
  return get<std::uint32_t>(in);
}
std::uint64_t get_u64(std::string_view in) {
  return get<std::uint64_t>(in);
}

std::string escaped(std::string_view text, std::size_t max_bytes) {
  std::string out;
  out.reserve(std::min(text.size(), max_bytes));
  const auto is_plain = [](char c) { return c >= 0x20 && c <= 0x7e && c != '\\'; };
  for (std::string_view rest = text.substr(0, max_bytes); !rest.empty();) {
    const auto plain_end = std::find_if_not(rest.begin(), rest.end(), is_plain);
    out.append(rest.begin(), plain_end);
    rest.remove_prefix(static_cast<std::size_t>(plain_end - rest.begin()));
    if (rest.empty()) break;
    if (rest.front() == '\\') {
      out += "\\\\";
    } else if (const std::size_t length = shown_length(rest); length > 0) {
      out += rest.substr(0, length);
      rest.remove_prefix(length);
      continue;
    } else {
      out += "\\x";
      put_hex(out, static_cast<std::uint8_t>(rest.front()));
    }
    rest.remove_prefix(1);
  }
  if (text.size() > max_bytes) out += "...";
  return out;
}

std::string ascii_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string ascii_upper(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

std::optional<std::string> unhex(std::string_view digits) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  if (digits.size() % 2 != 0) return std::nullopt;
  std::string out;
  for (; !digits.empty(); digits.remove_prefix(2)) {
    const std::size_t high = kDigits.find(digits[0]), low = kDigits.find(digits[1]);
    if (high == kDigits.npos || low == kDigits.npos) return std::nullopt;
    out.push_back(static_cast<char>(high * 16 + low));
  }
  return out;
}

std::string hex(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes)
    put_hex(out, static_cast<std::uint8_t>(c));
  return out;
}

}  // namespace tsmtp::base
