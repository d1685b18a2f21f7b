#include "relayd/control/request.h"

#include <array>

#include "relayd/base/bytes.h"

namespace tsmtp::control {
namespace {

struct Line {
  Request request;
  std::string_view text;
};

constexpr std::array<Line, 4> kLines{{{Request::kStatus, "status"},
                                      {Request::kStatusJson, "status --json"},
                                      {Request::kReload, "reload"},
                                      {Request::kDrain, "drain"}}};

constexpr std::string_view kOk = "ok\n";
constexpr std::string_view kError = "error\n";

}  // namespace

std::string request_line(Request request) {
  for (const Line& line : kLines)
    if (line.request == request) return std::string(line.text) + '\n';
  return "\n";
}

std::optional<base::Result<Request>> parse_request(std::string_view received) {
  using Parsed = base::Result<Request>;
  const std::size_t end = received.substr(0, kMaxRequestBytes).find('\n');
  if (end == received.npos) {
    if (received.size() < kMaxRequestBytes) return std::nullopt;
    return Parsed(base::Error{"request longer than 256 bytes"});
  }
  if (end + 1 != received.size())
    return Parsed(base::Error{"one request a connection, nothing behind its line"});
  const std::string_view text = received.substr(0, end);
  for (const Line& line : kLines)
    if (line.text == text) return Parsed(line.request);
  return Parsed(base::Error{"unknown request \"" + base::escaped(text) +
                            "\"; status, status --json, reload or drain was expected"});
}

std::string reply_ok(std::string_view body) {
  return std::string(kOk).append(body);
}

std::string reply_error(std::string_view message) {
  std::string out = std::string(kError).append(message);
  if (!out.ends_with('\n')) out += '\n';
  return out;
}

base::Result<std::string> parse_reply(std::string_view received) {
  if (received.starts_with(kOk))
    return base::Result<std::string>(boost::system::in_place_value, received.substr(kOk.size()));
  if (received.starts_with(kError)) {
    std::string_view message = received.substr(kError.size());
    while (message.ends_with('\n'))
      message.remove_suffix(1);
    return base::Error{message.empty() ? "relayd refused, without a reason" : std::string(message)};
  }
  if (received.empty()) return base::Error{"relayd closed the control connection without a reply"};
  return base::Error{"not a reply of relayd: \"" + base::escaped(received, 60) + "\""};
}

}  // namespace tsmtp::control
