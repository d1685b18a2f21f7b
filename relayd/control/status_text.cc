#include "relayd/control/status_text.h"

#include <algorithm>
#include <string_view>

#include "relayd/base/bytes.h"
#include "relayd/control/status_fields.h"

namespace tsmtp::control {
namespace {

/// `lines`, the first one behind `head`, all others behind `indent`.
template <typename Status>
std::string written(const Status& status, const Fields<Status>& fields, base::WallTime now,
                    const std::string& head, const std::string& indent) {
  std::string out;
  for (const auto& [number, text] : to_lines(status, fields, now)) {
    std::string_view rest = text;
    while (!rest.empty()) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      out += out.empty() ? head : indent;
      out.append(line) += '\n';
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    }
  }
  return out;
}

}  // namespace

std::string status_text(const HubStatus& status) {
  std::string out = written(status, hub_fields(), status.now, {}, "  ") + '\n';
  if (status.sites.empty()) out += "no sites are configured\n";
  std::size_t width = 0;
  for (const SiteStatus& site : status.sites)
    width = std::max(width, base::escaped(site.name).size());
  for (const SiteStatus& site : status.sites) {
    std::string head = base::escaped(site.name);
    head.resize(width + 2, ' ');
    out += written(site, site_fields(), status.now, head, std::string(width + 2, ' '));
  }
  return out;
}

}  // namespace tsmtp::control
