// The status as one page for those who rather look: without scripts, and without anything from elsewhere. It
// shows no address of a mail, for who may read the metrics may read it. All that came from outside is escaped
// (P8).
#pragma once

#include <string>

#include "relayd/control/last_day.h"
#include "relayd/control/status.h"

namespace tsmtp::control {

/// What a browser may load for the page: nothing but its own style.
inline constexpr std::string_view kPagePolicy =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// `now`: the time by which `day` was noted.
[[nodiscard]] std::string status_html(const HubStatus& status, const LastDay& day, base::TimePoint now);

/// `text` as it stands in HTML, between tags and in attributes.
[[nodiscard]] std::string html_escaped(std::string_view text);

}  // namespace tsmtp::control
