#include "relayd/base/utf8.h"

#include <algorithm>
#include <cstdint>

#include "relayd/base/vectorised.h"

namespace tsmtp::base {
namespace {

// The character at the front of `bytes` and its length; length 0 if it is none.
struct Character {
  std::uint32_t code = 0;
  std::size_t length = 0;
};

Character front(std::string_view bytes) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  Character character;
  if (byte(0) < 0x80) return {byte(0), 1};
  if ((byte(0) & 0xe0U) == 0xc0) character = {byte(0) & 0x1fU, 2};
  if ((byte(0) & 0xf0U) == 0xe0) character = {byte(0) & 0x0fU, 3};
  if ((byte(0) & 0xf8U) == 0xf0) character = {byte(0) & 0x07U, 4};
  if (character.length == 0 || bytes.size() < character.length) return {};
  for (std::size_t i = 1; i < character.length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) return {};
    character.code = character.code << 6U | (byte(i) & 0x3fU);
  }
  return character;
}

bool is_shortest_and_allowed(const Character& c) {
  constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool is_surrogate = c.code >= 0xd800 && c.code <= 0xdfff;
  return c.code >= kLeast[c.length] && c.code <= 0x10ffff && !is_surrogate;
}

bool is_obeyed(std::uint32_t code) {
  const bool is_control = code < 0x20 || (code >= 0x7f && code < 0xa0);
  const bool separates = code == 0x2028 || code == 0x2029;
  const bool turns = code == 0x061c || code == 0x200e || code == 0x200f ||
                     (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
  return is_control || separates || turns;
}

}  // namespace

// Content may pass by here: all bytes of a block at once, and no look at the first before the last.
TSMTP_VECTORISED bool has_eighth_bit(std::string_view bytes) {
  constexpr std::size_t kBlock = 128;
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  unsigned char found = 0;
  for (; found < 0x80 && end - at >= static_cast<std::ptrdiff_t>(kBlock); at += kBlock)
    for (std::size_t i = 0; i < kBlock; ++i)
      found |= static_cast<unsigned char>(at[i]);
  for (; at != end; ++at)
    found |= static_cast<unsigned char>(*at);
  return found >= 0x80;
}

bool is_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const Character character = front(bytes);
    if (character.length == 0 || !is_shortest_and_allowed(character)) return false;
    bytes.remove_prefix(character.length);
  }
  return true;
}

std::size_t shown_length(std::string_view bytes) {
  const Character character = front(bytes);
  const bool is_shown =
      character.length > 0 && is_shortest_and_allowed(character) && !is_obeyed(character.code);
  return is_shown ? character.length : 0;
}

std::string shown(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  const auto is_plain = [](char c) { return c >= 0x20 && c <= 0x7e; };
  while (!text.empty()) {
    const auto plain =
        static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_plain) - text.begin());
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const std::size_t length = shown_length(text);
    out += length > 0 ? text.substr(0, length) : "?";
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

}  // namespace tsmtp::base
