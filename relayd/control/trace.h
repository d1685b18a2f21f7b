// The request `trace` on the control socket and its reply: the way of a mail, as this hub and the one at the
// other side of the link remember it. `relayctl trace` makes the request and reads the reply, relayd the
// other way round.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "relayd/base/result.h"
#include "relayd/mail/recent_mails.h"

namespace tsmtp::control {

struct TraceRequest {
  /// The beginning of a transaction, in hexadecimal, a word of a reply, or an address.
  std::string id;
  std::vector<std::string> said{};  ///< lines of an MTA's log about the mail, without tabs

  friend bool operator==(const TraceRequest&, const TraceRequest&) = default;
};

/// What one side of the link remembers.
struct TracedSide {
  std::string hub;
  mail::Traced traced{};
  std::string trouble{};  ///< why there is nothing; empty: there is, or nothing is remembered

  friend bool operator==(const TracedSide&, const TracedSide&) = default;
};

struct MailTrace {
  std::string transaction;  ///< in hexadecimal
  mail::Direction direction = mail::Direction::kOut;
  std::string site;
  std::string sender;
  std::vector<std::string> recipients{};  ///< each with its own reply behind a colon, where it has one
  std::uint64_t size_bytes = 0;
  TracedSide here;
  TracedSide there;

  friend bool operator==(const MailTrace&, const MailTrace&) = default;
};

/// So many mails are answered for, the newest.
inline constexpr std::size_t kMostTraces = 10;

[[nodiscard]] std::string argument_of(const TraceRequest& request);
[[nodiscard]] TraceRequest parse_trace(std::string_view argument);

/// Whether the mail is meant: by its transaction, an address of its envelope, a queue id in a reply, or by
/// what an MTA's log says of it.
[[nodiscard]] bool is_meant(const TraceRequest& request, const mail::Summary& mail);

/// What `hub` remembers of it itself.
[[nodiscard]] MailTrace trace_of(const mail::TracedMail& mail, const std::string& hub);

[[nodiscard]] std::string traces_json(const std::vector<MailTrace>& traces);
/// Whatever is missing there is empty.
[[nodiscard]] base::Result<std::vector<MailTrace>> parse_traces(std::string_view text);

/// The way of a mail as lines of printable ASCII: both sides on one time line, with what was waited for.
[[nodiscard]] std::string trace_text(const MailTrace& trace, base::WallTime now);

}  // namespace tsmtp::control
