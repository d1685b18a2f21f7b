// The status as one page for those who rather look: without scripts, and without anything from elsewhere. It
// shows no address of a mail, for who may read the metrics may read it. All that came from outside is escaped
// (P8).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "relayd/control/last_day.h"
#include "relayd/control/status.h"

namespace tsmtp::control {

/// What a browser may load for the page: nothing but its own style.
inline constexpr std::string_view kPagePolicy =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// The page a piece at a time: mail goes on between two pieces of a page of thousands of sites.
class StatusHtml {
 public:
  /// No piece has more sites.
  static constexpr std::size_t kSitesOfPiece = 20;

  /// `now`: the time by which `day` was noted.
  StatusHtml(HubStatus status, const LastDay& day, base::TimePoint now);

  /// Appends the next piece; false: it was the last.
  [[nodiscard]] bool add_piece(std::string& out);

 private:
  void add_head(std::string& out) const;

  HubStatus status_;
  std::vector<LastDay::Points> days_;  // of each site
  bool has_begun_ = false;
  std::size_t site_ = 0;  // the first of the next piece
};

/// The whole at once.
[[nodiscard]] std::string status_html(HubStatus status, const LastDay& day, base::TimePoint now);

/// `text` as it stands in HTML, between tags and in attributes.
[[nodiscard]] std::string html_escaped(std::string_view text);

}  // namespace tsmtp::control
