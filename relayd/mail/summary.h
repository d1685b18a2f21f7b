// What is known of a transaction when it is over: the one line that the log gets. Envelope and outcome, never
// content (P8).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "relayd/base/clock.h"
#include "relayd/mail/stages.h"
#include "relayd/smtp/reply.h"

namespace tsmtp::mail {

enum class Direction { kOut, kIn };

/// A recipient, and the verdict on it: the far MTA's, or what stood in its place.
struct RecipientResult {
  std::string address;  ///< without angle brackets
  smtp::Reply reply;
};

/// Who took how long. The three parts add up to the whole.
struct Took {
  base::Duration total{};
  /// Out: from MAIL to the end of content, our MTA's part. In: zero.
  base::Duration near_mta{};
  /// Out: what is left of the total. In: from the first record to the last of the content.
  base::Duration link{};
  /// From the end of content to the far MTA's final reply, as the far side measured it.
  base::Duration far_mta{};
};

struct Summary {
  Direction direction = Direction::kOut;
  std::string site;
  std::string hub = {};     ///< of the site's hubs, where it has several
  std::string transaction;  ///< the identifier, raw bytes
  std::string helo;         ///< what the near MTA called itself
  bool lmtp = false;        ///< our MTA spoke LMTP
  std::string sender;       ///< without angle brackets
  std::vector<RecipientResult> recipients;
  std::uint64_t size_bytes = 0;  ///< of content seen
  std::uint64_t link_bytes = 0;  ///< of content on the link; less than size_bytes where it was compressed
  smtp::Reply reply;             ///< the verdict on the mail, or what stood in its place
  Took took;
  Stages stages = {};
  bool repeated = false;  ///< an earlier transaction had delivered it, and this one has only told so
};

/// "out birlinghoven 3f…: from=<a@b> to=<c@d> size=4096 reply=\"250 2.0.0 ok\" took=12ms"; escaped.
[[nodiscard]] std::string to_line(const Summary& summary);

}  // namespace tsmtp::mail
