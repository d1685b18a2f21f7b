#include "relayd/control/rotate_request.h"

#include <charconv>

namespace tsmtp::control {
namespace {

constexpr std::string_view kGrace = "grace=";
constexpr std::string_view kCompromised = "compromised";
constexpr std::string_view kSaysYes = "yes";
constexpr std::string_view kPlain = "now";
constexpr std::chrono::hours kLongestGrace{366 * 24};

bool take_grace(std::string_view digits, RotateRequest& request) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
  const bool is_one = error == std::errc() && end == digits.data() + digits.size() && seconds >= 0 &&
                      std::chrono::seconds(seconds) <= kLongestGrace;
  if (is_one) request.grace = std::chrono::seconds(seconds);
  return is_one;
}

}  // namespace

std::string argument_of(const RotateRequest& request) {
  std::string out(kPlain);
  if (request.grace) out.append(" ").append(kGrace) += std::to_string(request.grace->count());
  if (request.is_compromised) out.append(" ").append(kCompromised);
  if (request.says_yes) out.append(" ").append(kSaysYes);
  return out;
}

base::Result<RotateRequest> parse_rotate(std::string_view argument) {
  RotateRequest request;
  while (!argument.empty()) {
    const std::size_t end = std::min(argument.find(' '), argument.size());
    const std::string_view word = argument.substr(0, end);
    argument.remove_prefix(std::min(end + 1, argument.size()));
    if (word == kPlain) continue;
    if (word == kCompromised)
      request.is_compromised = true;
    else if (word == kSaysYes)
      request.says_yes = true;
    else if (!word.starts_with(kGrace) || !take_grace(word.substr(kGrace.size()), request))
      return base::Error{"rotate now, grace=SECONDS (at most 366 days), compromised or yes was expected"};
  }
  if (request.is_compromised && request.grace)
    return base::Error{
        "a key that was compromised is shown to nobody any more: --grace makes no sense with "
        "--compromised"};
  return request;
}

}  // namespace tsmtp::control
