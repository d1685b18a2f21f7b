// Bytes as the layers exchange them: std::string owns, std::string_view borrows. Here is what is done to them
// everywhere: fixed-width big-endian integers, and escaping before anything from the wire is logged (P8).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tsmtp::base {

/// Appends `value` in network byte order.
void put_u8(std::string& out, std::uint8_t value);
void put_u16(std::string& out, std::uint16_t value);
void put_u32(std::string& out, std::uint32_t value);
void put_u64(std::string& out, std::uint64_t value);

/// Reads network byte order at the start of `in`, which must be long enough.
[[nodiscard]] std::uint8_t get_u8(std::string_view in);
[[nodiscard]] std::uint16_t get_u16(std::string_view in);
[[nodiscard]] std::uint32_t get_u32(std::string_view in);
[[nodiscard]] std::uint64_t get_u64(std::string_view in);

/// `text` fit for one log line: bytes that are no UTF-8, what shown_length() does not show, and the backslash
/// become \xNN (or \\), and what is longer than `max_bytes` ends in "...". Never contains a line end,
/// whatever `text` holds.
[[nodiscard]] std::string escaped(std::string_view text, std::size_t max_bytes = 512);

/// `text` with A to Z folded to lower case; other bytes as they are. Locale has no say.
[[nodiscard]] std::string ascii_lower(std::string_view text);

/// `text` with a to z folded to upper case.
[[nodiscard]] std::string ascii_upper(std::string_view text);

/// `bytes` as lower-case hexadecimal.
[[nodiscard]] std::string hex(std::string_view bytes);
/// And back; nothing where it is none.
[[nodiscard]] std::optional<std::string> unhex(std::string_view digits);

}  // namespace tsmtp::base
