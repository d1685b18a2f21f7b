#include "relayd/daemon/standing.h"

#include "relayd/base/bytes.h"

namespace tsmtp::daemon {
namespace {

constexpr std::size_t kShownCauseBytes = 200;

std::string links_text(const Standing& standing) {
  if (standing.sites == 0) return "no site is configured";
  if (standing.links_up < standing.sites)
    return std::to_string(standing.links_up) + " of " + std::to_string(standing.sites) + " links up";
  return standing.sites == 1 ? "link up" : "all " + std::to_string(standing.sites) + " links up";
}

}  // namespace

std::string status_line(const Standing& standing) {
  std::string line = "hub " + standing.hub + ": ";
  if (standing.is_draining) line += "shutting down, ";
  line += links_text(standing);
  const auto add = [&line](const std::string& text) { line += "; " + base::escaped(text, kShownCauseBytes); };
  if (!standing.ledger_trouble.empty())
    add("mails are put off, the ledger cannot be written: " + standing.ledger_trouble);
  if (standing.has_reload_failed) add("the last reload failed");
  if (!standing.first_down.empty()) add(standing.first_down);
  return line;
}

}  // namespace tsmtp::daemon
