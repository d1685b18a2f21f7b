#include "relayd/control/approve_request.h"

#include <charconv>

#include "relayd/base/bytes.h"

namespace tsmtp::control {
namespace {

constexpr std::string_view kFor = " for=";

template <typename Number>
bool is_whole_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

base::Result<std::uint32_t> parse_approval_id(std::string_view text) {
  std::uint32_t id = 0;
  if (is_whole_number(text, id) && id > 0) return id;
  return base::Error{
      "\"" + base::escaped(text) +
      "\" is not the ID of what waits for approval, which is a number; relayctl approvals lists "
      "them"};
}

std::string argument_of(const ApproveRequest& request) {
  std::string out = std::to_string(request.id);
  if (request.lasting) out.append(kFor) += std::to_string(request.lasting->count());
  return out;
}

base::Result<ApproveRequest> parse_approve(std::string_view argument) {
  const std::size_t end = std::min(argument.find(kFor), argument.size());
  const auto id = parse_approval_id(argument.substr(0, end));
  if (!id) return id.error();
  ApproveRequest request{.id = *id};
  if (end == argument.size()) return request;
  std::int64_t seconds = 0;
  if (!is_whole_number(argument.substr(end + kFor.size()), seconds) || seconds <= 0 ||
      seconds > std::chrono::seconds(kLongestYes).count())
    return base::Error{"a yes holds for a second at least, and for a day (24h) at most"};
  request.lasting = std::chrono::seconds(seconds);
  return request;
}

}  // namespace tsmtp::control
