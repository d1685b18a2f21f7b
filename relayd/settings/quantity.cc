#include "relayd/settings/quantity.h"

#include <array>
#include <charconv>

#include "relayd/base/bytes.h"

namespace tsmtp::settings {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::uint64_t kKilo = 1000;
constexpr std::uint64_t kKibi = 1024;
constexpr std::uint64_t kMinute = 60 * kKilo;  // in milliseconds, as all times here
constexpr std::uint64_t kHour = 60 * kMinute;
constexpr std::uint64_t kDay = 24 * kHour;
constexpr std::array<Unit, 9> kSizeUnits{{{"", 1},
                                          {"B", 1},
                                          {"kB", kKilo},
                                          {"KB", kKilo},
                                          {"MB", kKilo* kKilo},
                                          {"GB", kKilo* kKilo* kKilo},
                                          {"KiB", kKibi},
                                          {"MiB", kKibi* kKibi},
                                          {"GiB", kKibi* kKibi* kKibi}}};
constexpr std::array<Unit, 6> kTimeUnits{
    {{"ms", 1}, {"s", kKilo}, {"m", kMinute}, {"min", kMinute}, {"h", kHour}, {"d", kDay}}};
constexpr std::uint64_t kMaxMilliseconds = 366 * kDay;

// The product of a number and its unit; false when the text has not that form or the product exceeds `most`.
template <std::size_t N>
bool parse(std::string_view text, const std::array<Unit, N>& units, std::uint64_t most, std::uint64_t& out) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, code] = std::from_chars(text.data(), end, number);
  if (code != std::errc{}) return false;
  std::string_view suffix(rest, static_cast<std::size_t>(end - rest));
  if (suffix.starts_with(' ')) suffix.remove_prefix(1);
  for (const Unit& unit : units) {
    if (unit.name != suffix) continue;
    if (number > most / unit.factor) return false;
    out = number * unit.factor;
    return true;
  }
  return false;
}

// In the largest of the units, the smallest first, that leaves no rest.
template <std::size_t N>
std::string shown(std::uint64_t number, const std::array<Unit, N>& units) {
  const Unit* largest = &units[0];
  for (const Unit& unit : units)
    if (number >= unit.factor && number % unit.factor == 0) largest = &unit;
  return std::to_string(number / largest->factor) + std::string(largest->name);
}

}  // namespace

base::Result<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t bytes = 0;
  if (parse(text, kSizeUnits, kMaxSize, bytes)) return bytes;
  return base::Error{
      "\"" + base::escaped(text) +
      "\" is no size; bytes, or a number with KiB, MiB, GiB, kB, MB or GB was expected, such as \"64MiB\""};
}

base::Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  std::uint64_t milliseconds = 0;
  if (parse(text, kTimeUnits, kMaxMilliseconds, milliseconds)) return std::chrono::milliseconds(milliseconds);
  return base::Error{"\"" + base::escaped(text) +
                     "\" is no duration; a number with ms, s, m, h or d was expected, such as \"60s\""};
}

std::string size_text(std::uint64_t bytes) {
  constexpr std::array<Unit, 4> kUnits{
      {{"", 1}, {"KiB", kKibi}, {"MiB", kKibi * kKibi}, {"GiB", kKibi * kKibi * kKibi}}};
  return shown(bytes, kUnits);
}

std::string duration_text(std::chrono::seconds duration) {
  constexpr std::array<Unit, 3> kUnits{{{"s", 1}, {"m", 60}, {"h", 3600}}};
  return shown(static_cast<std::uint64_t>(duration.count()), kUnits);
}

}  // namespace tsmtp::settings
