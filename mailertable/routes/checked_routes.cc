#include "mailertable/routes/checked_routes.h"

namespace tsmtp::mailertable {
namespace {

constexpr std::string_view kName = "the directory's routes";

/// Whether the value is what a finding in this column is about, and not the key.
Origin origin_of(const RouteLine& line, int column) {
  Origin origin = line.origin;
  if (origin.dn.empty()) return {"held line", "key", line.key};
  if (column > static_cast<int>(line.key.size())) {
    if (origin.attribute == "tsmtpRouteKey") origin = {origin.dn, "tsmtpRouteValue", line.value};
    if (origin.attribute == "sendmailMTAKey") origin = {origin.dn, "sendmailMTAMapValue", line.value};
  }
  return origin;
}

}  // namespace

CheckedRoutes check_routes(const Routes& routes, std::span<const Source> local, const Knowledge& knowledge) {
  CheckedRoutes result;
  std::vector<int> line_of;
  result.sources.push_back({std::string(kName), text_of(routes, line_of)});
  result.sources.insert(result.sources.end(), local.begin(), local.end());
  result.checked = check_sources(result.sources, knowledge);
  result.findings = routes.findings;
  for (const base::Diagnostic& one : result.checked.findings.all()) {
    base::Location place = one.location;
    const auto at = static_cast<std::size_t>(place.line) - 1;
    if (place.file == kName && place.line > 0 && at < line_of.size() && line_of[at] >= 0)
      place = origin_of(routes.lines[static_cast<std::size_t>(line_of[at])], place.column).place();
    if (one.severity == base::Severity::kError)
      result.findings.error(std::move(place), one.message);
    else
      result.findings.warning(std::move(place), one.message);
  }
  return result;
}

}  // namespace tsmtp::mailertable
