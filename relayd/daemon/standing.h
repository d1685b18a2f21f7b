// How relayd stands, in one line for whoever looks at its service (systemctl status).
#pragma once

#include <cstddef>
#include <string>

namespace tsmtp::daemon {

struct Standing {
  std::string hub;
  std::size_t sites = 0;
  std::size_t links_up = 0;
  std::string first_down{};  ///< a site whose link is down, and why: "birl: link down since 12:03:04 (…)"
  std::string ledger_trouble{};  ///< why it cannot be written; empty: it can
  bool has_reload_failed = false;
  bool is_draining = false;
};

/// One line, printable, of bounded length.
[[nodiscard]] std::string status_line(const Standing& standing);

}  // namespace tsmtp::daemon
