#include "relayd/control/request.h"

#include <array>
#include <charconv>

#include "relayd/base/bytes.h"

namespace tsmtp::control {
namespace {

struct Line {
  Request request;
  std::string_view text;
};

constexpr std::array<Line, 15> kLines{{{Request::kStatus, "status"},
                                       {Request::kStatusJson, "status --json"},
                                       {Request::kStatusHtml, "status --html"},
                                       {Request::kReload, "reload"},
                                       {Request::kReloadOrUpgrade, "reload --upgrade"},
                                       {Request::kDrain, "drain"},
                                       {Request::kUpgrade, "upgrade"},
                                       {Request::kDoubts, "doubts"},
                                       {Request::kDoubtsJson, "doubts --json"},
                                       {Request::kInvitations, "invitations"},
                                       {Request::kInvitationsJson, "invitations --json"},
                                       {Request::kApprovals, "approvals"},
                                       {Request::kApprovalsJson, "approvals --json"},
                                       {Request::kClaims, "claims"},
                                       {Request::kClaimsJson, "claims --json"}}};
// These have an argument behind them.
constexpr std::array<Line, 11> kWithArgument{{{Request::kForget, "forget "},
                                              {Request::kRevoke, "revoke "},
                                              {Request::kRotate, "rotate "},
                                              {Request::kInvite, "invite "},
                                              {Request::kUninvite, "uninvite "},
                                              {Request::kJoin, "join "},
                                              {Request::kApprove, "approve "},
                                              {Request::kDeny, "deny "},
                                              {Request::kResolve, "resolve "},
                                              {Request::kProbe, "probe "},
                                              {Request::kTrace, "trace "}}};

bool may_be_long(std::string_view received) {
  return received.starts_with("invite ") || received.starts_with("join ") || received.starts_with("probe ") ||
         received.starts_with("trace ");
}

constexpr std::string_view kOk = "ok\n";
constexpr std::string_view kError = "error\n";
constexpr std::string_view kErrorWithStatus = "error ";

// Where the message of an error begins; npos: it is none.
std::size_t message_of_error(std::string_view received) {
  if (received.starts_with(kError)) return kError.size();
  if (!reply_exit_status(received)) return received.npos;
  return received.find('\n') + 1;
}

}  // namespace

bool changes_state(Request request) {
  switch (request) {
    case Request::kReload:
    case Request::kReloadOrUpgrade:
    case Request::kForget:
    case Request::kRevoke:
    case Request::kRotate:
    case Request::kInvite:
    case Request::kUninvite:
    case Request::kJoin:
    case Request::kApprove:
    case Request::kDeny:
    case Request::kResolve:
      return true;
    case Request::kStatus:
    case Request::kStatusJson:
    case Request::kStatusHtml:
    case Request::kDrain:
    case Request::kDoubts:
    case Request::kDoubtsJson:
    case Request::kInvitations:
    case Request::kInvitationsJson:
    case Request::kApprovals:
    case Request::kApprovalsJson:
    case Request::kClaims:
    case Request::kClaimsJson:
    case Request::kProbe:
    case Request::kTrace:
    case Request::kUpgrade:
      return false;
  }
  return false;
}

std::string request_line(Request request, std::string_view argument) {
  for (const Line& line : kWithArgument)
    if (line.request == request) return std::string(line.text).append(argument) + '\n';
  for (const Line& line : kLines)
    if (line.request == request) return std::string(line.text) + '\n';
  return "\n";
}

std::optional<base::Result<Asked>> parse_request(std::string_view received) {
  using Parsed = base::Result<Asked>;
  const std::size_t most = may_be_long(received) ? kMaxLongRequestBytes : kMaxRequestBytes;
  const std::size_t end = received.substr(0, most).find('\n');
  if (end == received.npos) {
    if (received.size() < most) return std::nullopt;
    return Parsed(base::Error{"request longer than " + std::to_string(most) + " bytes"});
  }
  if (end + 1 != received.size())
    return Parsed(base::Error{"one request a connection, nothing behind its line"});
  const std::string_view text = received.substr(0, end);
  for (const Line& line : kLines)
    if (line.text == text) return Parsed(Asked{.request = line.request, .argument = {}});
  for (const Line& line : kWithArgument)
    if (text.starts_with(line.text))
      return Parsed(Asked{.request = line.request, .argument = std::string(text.substr(line.text.size()))});
  return Parsed(base::Error{std::string(kUnknownRequest) + " \"" + base::escaped(text) +
                            "\"; status, status --json, status --html, reload, reload --upgrade, drain, "
                            "upgrade, doubts, doubts --json, invite, "
                            "invitations, uninvite, join, revoke, rotate, approvals, approve, deny, claims, "
                            "resolve or forget ID was expected"});
}

std::string reply_ok(std::string_view body) {
  return std::string(kOk).append(body);
}

std::string reply_error(std::string_view message) {
  std::string out = std::string(kError).append(message);
  if (!out.ends_with('\n')) out += '\n';
  return out;
}

std::string reply_error(std::string_view message, int exit_status) {
  std::string out = reply_error(message);
  return out.insert(kErrorWithStatus.size() - 1, ' ' + std::to_string(exit_status));
}

std::optional<int> reply_exit_status(std::string_view received) {
  if (!received.starts_with(kErrorWithStatus)) return std::nullopt;
  const std::string_view digits =
      received.substr(kErrorWithStatus.size(), received.find('\n') - kErrorWithStatus.size());
  constexpr int kMax = 255;
  int status = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), status);
  const bool is_whole =
      error == std::errc() && end == digits.data() + digits.size() && received.find('\n') != received.npos;
  if (!is_whole || status <= 0 || status > kMax) return std::nullopt;
  return status;
}

base::Result<std::string> parse_reply(std::string_view received) {
  if (received.starts_with(kOk))
    return base::Result<std::string>(boost::system::in_place_value, received.substr(kOk.size()));
  if (const std::size_t begin = message_of_error(received); begin != received.npos) {
    std::string_view message = received.substr(begin);
    while (message.ends_with('\n'))
      message.remove_suffix(1);
    return base::Error{message.empty() ? "relayd refused, without a reason" : std::string(message)};
  }
  if (received.empty()) return base::Error{"relayd closed the control connection without a reply"};
  return base::Error{"not a reply of relayd: \"" + base::escaped(received, 60) + "\""};
}

}  // namespace tsmtp::control
