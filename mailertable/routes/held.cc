#include "mailertable/routes/held.h"

#include <algorithm>
#include <set>

#include "mailertable/text/route.h"
#include "relayd/base/bytes.h"

namespace tsmtp::mailertable {
namespace {

constexpr std::string_view kHeld = "error:4.7.0:451 held by tsmtp ";
constexpr std::string_view kGone =
    "error:4.7.0:451 held by tsmtp because this domain went through a link and the directory has it no more";

bool is_held(std::string_view value) {
  return value.starts_with(kHeld);
}

bool goes_through_link_or_waits(std::string_view value) {
  const auto route = parse_route(value);
  return is_held(value) || (route && base::ascii_lower(route->mailer) == "tsmtp");
}

/// The keys that sendmail's rules try for what `key` matches, `key` first.
std::vector<std::string_view> keys_for(std::string_view key) {
  std::vector<std::string_view> keys{key};
  for (std::size_t dot = key.find('.', 1); dot != std::string_view::npos; dot = key.find('.', dot + 1))
    keys.push_back(key.substr(dot));
  return keys;
}

/// Whether the domain of `key`, or one above it, is let go.
bool is_let_go(const Routes& routes, std::string_view key) {
  const auto keys = keys_for(key);
  return std::any_of(keys.begin(), keys.end(), [&](std::string_view one) {
    return routes.let_go.contains(one) || routes.let_go.contains(one.substr(one.starts_with('.') ? 1 : 0));
  });
}

}  // namespace

std::string held_of_unknown_site(std::string_view site) {
  // Of this text sendmail makes tokens; a site's name may hold whatever a directory lets in.
  std::string name;
  for (const char c : site.substr(0, 64)) {
    const bool is_plain =
        (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    name += is_plain ? c : '?';
  }
  return std::string(kHeld) + "because the directory names site " + name + " which this hub does not know";
}

void hold_what_is_gone(Routes& routes, const std::vector<Entry>& old, const std::vector<Entry>& local) {
  std::map<std::string, std::string, std::less<>> now;
  for (const RouteLine& line : routes.lines)
    now.emplace(line.key, line.value);
  for (const Entry& entry : local)
    now.emplace(entry.key, entry.value);
  const std::size_t of_directory = routes.lines.size();
  for (const Entry& entry : old) {
    if (entry.key == "." || now.contains(entry.key) || !goes_through_link_or_waits(entry.value)) continue;
    if (is_let_go(routes, entry.key)) continue;
    const auto keys = keys_for(entry.key);
    const auto answer =
        std::find_if(keys.begin(), keys.end(), [&](std::string_view one) { return now.contains(one); });
    if (answer != keys.end() && goes_through_link_or_waits(now.find(*answer)->second)) continue;
    routes.lines.push_back({std::string(entry.key), std::string(kGone), {}});
  }
  std::sort(routes.lines.begin() + static_cast<std::ptrdiff_t>(of_directory), routes.lines.end(),
            [](const RouteLine& a, const RouteLine& b) { return a.key < b.key; });
}

std::optional<std::string> too_much_lost(const Routes& routes, const std::vector<Entry>& old,
                                         LossBounds bounds) {
  std::set<std::string_view> now;
  for (const RouteLine& line : routes.lines) {
    if (!line.origin.dn.empty()) now.insert(line.key);
  }
  if (now.empty())
    return "the directory has no entry for this hub below the base, or shows none to the DN that reads it";
  std::size_t before = 0;
  std::size_t lost = 0;
  for (const Entry& entry : old) {
    if (is_held(entry.value) && !now.contains(entry.key)) continue;  // gone already
    ++before;
    if (!now.contains(entry.key) && !is_let_go(routes, entry.key)) ++lost;
  }
  if (lost <= bounds.keys || lost * 100 <= before * bounds.percent) return std::nullopt;
  return "the directory has lost " + std::to_string(lost) + " of " + std::to_string(before) +
         " keys at once, which looks like a part of it that is missing or not shown; if that is meant, say "
         "--most-lost 100 once";
}

}  // namespace tsmtp::mailertable
