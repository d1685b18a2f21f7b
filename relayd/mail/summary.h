// What is known of a transaction when it is over: the one line that the log gets. Envelope and outcome, never
// content (P8).
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
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

/// Who took how long. The four parts add up to the whole.
struct Took {
  base::Duration total{};
  /// Out: from MAIL to the end of content, our MTA's part. In: zero.
  base::Duration near_mta{};
  /// Until this hub's ledger had it, etcd included where the site's hubs share it. Out: the doubt. In: the
  /// claim, and the outcome.
  base::Duration ledger{};
  /// Out: what is left of the total. In: until the content was here, less the time that our MTA had a
  /// connection wait.
  base::Duration link{};
  /// Out: from the end of content to the final reply, as the far side measured it, its ledger included. In:
  /// what our MTA took until it was connected, and from the end of content to its final reply.
  base::Duration far_mta{};
  /// In: of far_mta, until our MTA was connected.
  base::Duration connecting{};
};

/// A part and its name, in the audit record, status and metrics.
struct TookPart {
  std::string_view name;
  base::Duration Took::*value;
};
inline constexpr std::array kTookParts{TookPart{"near_mta", &Took::near_mta},
                                       TookPart{"ledger", &Took::ledger}, TookPart{"link", &Took::link},
                                       TookPart{"far_mta", &Took::far_mta}};

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
  /// etcd could not be asked, and so no other hub of our site knew of it when it went on; which with
  /// on_engine_loss = "local" is allowed.
  bool without_etcd = false;
  bool repeated = false;  ///< an earlier transaction had delivered it, and this one has only told so
};

/// "out birlinghoven 3f…: from=<a@b> to=<c@d> size=4096 reply=\"250 2.0.0 ok\" took=12ms"; escaped.
[[nodiscard]] std::string to_line(const Summary& summary);

}  // namespace tsmtp::mail
