// The request `probe` on the control socket and its reply: would a site take this mail? `relayctl why` makes
// the request and reads the reply, relayd the other way round.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "relayd/base/result.h"

namespace tsmtp::control {

/// Addresses without angle brackets and without tabs; no sender is that of bounces.
struct ProbeRequest {
  std::string site;
  std::string sender;
  std::string recipient;

  friend bool operator==(const ProbeRequest&, const ProbeRequest&) = default;
};

struct ProbeAnswer {
  std::string link{};     ///< "up since 12:03:04 to 192.0.2.1:5443"; empty while no mail can be handed over
  std::string key{};      ///< the site's, as a pin; empty if it is not known
  std::string refusal{};  ///< why no mail can be handed over now, as a session would be told
  std::string rules{};    ///< the reply of our own rules that refuses the recipient; empty if none does
  std::optional<std::string> mail{};       ///< the far side's reply to MAIL
  std::optional<std::string> recipient{};  ///< … and to RCPT
  std::string trouble{};                   ///< why one of these is missing

  friend bool operator==(const ProbeAnswer&, const ProbeAnswer&) = default;
};

[[nodiscard]] std::string argument_of(const ProbeRequest& request);
[[nodiscard]] base::Result<ProbeRequest> parse_probe(std::string_view argument);

[[nodiscard]] std::string probe_json(const ProbeAnswer& answer);
/// Whatever is missing there is empty.
[[nodiscard]] base::Result<ProbeAnswer> parse_probe_answer(std::string_view text);

}  // namespace tsmtp::control
