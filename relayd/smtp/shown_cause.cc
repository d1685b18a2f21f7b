#include "relayd/smtp/shown_cause.h"

#include <algorithm>

namespace tsmtp::smtp {
namespace {

constexpr std::size_t kLeastBytes = 40;
constexpr std::string_view kCut = "...";

// An address is one word, with a port or as a path.
std::string_view without_address(std::string_view cause) {
  const std::size_t comma = cause.rfind(", ");
  if (comma == std::string_view::npos) return cause;
  const std::string_view last = cause.substr(comma + 2);
  const bool is_address =
      last.find(' ') == std::string_view::npos && last.find_first_of(":/") != std::string_view::npos;
  return is_address ? cause.substr(0, comma) : cause;
}

}  // namespace

std::string shown_cause(std::string_view cause, std::size_t other) {
  const std::size_t room = std::max(kLeastBytes, kShownReplyBytes - std::min(other, kShownReplyBytes));
  if (cause.size() <= room) return std::string(cause);
  cause = without_address(cause);
  if (cause.size() <= room) return std::string(cause);
  std::size_t end = room - kCut.size();
  while (end > 0 && (static_cast<unsigned char>(cause[end]) & 0xC0) == 0x80)
    --end;  // of a character, all
  while (end > 0 && cause[end - 1] == ' ')
    --end;
  return std::string(cause.substr(0, end)) += kCut;
}

}  // namespace tsmtp::smtp
