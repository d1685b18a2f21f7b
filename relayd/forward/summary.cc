#include "relayd/forward/summary.h"

#include <fmt/format.h>

#include "relayd/base/bytes.h"

namespace tsmtp::forward {

std::string id_text(std::uint64_t id) {
  return fmt::format("{:016x}", id);
}

std::string name_of(const Summary& summary) {
  const bool is_near = summary.side == Side::kProgram;
  std::string name = fmt::format("{}: {} {}, connection {}", summary.site, is_near ? "forward to" : "service",
                                 base::escaped(summary.service), id_text(summary.id));
  if (!summary.user.empty()) name += " of user " + base::escaped(summary.user);
  if (!summary.client.empty()) name += " from " + base::escaped(summary.client);
  return name;
}

std::string to_line(const Summary& summary) {
  std::string line = name_of(summary);
  if (!summary.approved_by.empty()) line += ", approved by " + base::escaped(summary.approved_by);
  if (summary.was_refused) return line + ": refused: " + summary.end;
  const double seconds = std::chrono::duration<double>(summary.duration).count();
  return line + fmt::format(": {} bytes to the service, {} from it, {:.1f} s, {}", summary.to_service,
                            summary.from_service, seconds, summary.end);
}

}  // namespace tsmtp::forward
