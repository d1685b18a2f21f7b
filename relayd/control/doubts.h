// What `relayctl doubts` prints: the mails in doubt, the oldest ones first. A reply is bounded, however many
// there are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "relayd/base/clock.h"

namespace tsmtp::control {

/// One mail whose final reply our MTA may not have.
struct MailInDoubt {
  std::string id;  ///< 32 hexadecimal digits
  std::string site;
  std::string far_hub{};  ///< of it, that had the mail; empty: it has one hub
  base::WallTime since;
  base::WallTime forgotten;  ///< when it will be, by itself
  std::size_t recipients = 0;
  std::optional<std::uint32_t> user;  ///< whose client handed it over, where that is known
  std::string client_address{};       ///< or where that is, if it is not on this machine
  std::string hub{};                  ///< of our site, that tried it first; empty: this one
  bool is_tried_again = false;        ///< just now
  bool is_known = false;  ///< its relayd has said that it was delivered; kept for an MTA that tries it again
};

struct MailsInDoubt {
  base::WallTime now;
  std::vector<MailInDoubt> mails;  ///< oldest first
};

/// No more than so many are shown, and how many there are.
inline constexpr std::size_t kMaxDoubtsShown = 1000;
/// The text shows so many digits of an ID.
inline constexpr std::size_t kShownIdDigits = 12;

/// As a table of printable ASCII, in the local time zone, ending in a line end.
[[nodiscard]] std::string doubts_text(const MailsInDoubt& doubts);

/// As one JSON object, as relayctl(8) describes it.
[[nodiscard]] std::string doubts_json(const MailsInDoubt& doubts);

}  // namespace tsmtp::control
