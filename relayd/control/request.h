// The dialogue on the control socket: one request a connection, a line; the reply is a line "ok" or "error",
// and where it matters the exit status that relayctl is to end with, then the body until the end of the
// connection. Text only; sockets are somebody else's.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "relayd/base/result.h"

namespace tsmtp::control {

enum class Request {
  kStatus,
  kStatusJson,
  kStatusHtml,
  kReload,
  kReloadOrUpgrade,
  kDrain,
  kDoubts,
  kDoubtsJson,
  kForget,
  kRevoke,
  kRotate,
  kInvite,
  kInvitations,
  kInvitationsJson,
  kUninvite,
  kJoin,
  kApprovals,
  kApprovalsJson,
  kApprove,
  kDeny,
  kClaims,
  kClaimsJson,
  kResolve,
  kProbe,
  kTrace,
  kUpgrade,
};

/// Whether it changes what relayd keeps, so that it is lost on one that is about to be replaced.
[[nodiscard]] bool changes_state(Request request);

/// A request as it was received.
struct Asked {
  Request request;
  std::string argument;  ///< of those that have one, unchecked
};

/// How a relayd answers to what it does not know.
inline constexpr std::string_view kUnknownRequest = "unknown request";
inline constexpr std::size_t kMaxRequestBytes = 256;
/// Of kInvite, kJoin, kProbe and kTrace, which name domains or addresses.
inline constexpr std::size_t kMaxLongRequestBytes = 4096;

/// The line to send, with its line end: "status --json\n", "forget 3f6c\n". kForget, kRevoke, kRotate,
/// kInvite, kUninvite, kJoin, kApprove, kDeny, kResolve, kProbe and kTrace have an argument.
[[nodiscard]] std::string request_line(Request request, std::string_view argument = {});

/// Reads what has been received so far. nullopt: no line end yet, read on. An error (nothing known, more than
/// kMaxRequestBytes, bytes behind the line) is for reply_error().
[[nodiscard]] std::optional<base::Result<Asked>> parse_request(std::string_view received);

/// The whole reply to a request that succeeded, or failed.
[[nodiscard]] std::string reply_ok(std::string_view body);
[[nodiscard]] std::string reply_error(std::string_view message);
/// As reply_error(), with the exit status (sysexits) that relayctl is to end with.
[[nodiscard]] std::string reply_error(std::string_view message, int exit_status);

/// What relayctl makes of all it received: the body, or the error that relayd or a cut connection means.
[[nodiscard]] base::Result<std::string> parse_reply(std::string_view received);
/// The exit status that an error names, if it names one.
[[nodiscard]] std::optional<int> reply_exit_status(std::string_view received);

}  // namespace tsmtp::control
