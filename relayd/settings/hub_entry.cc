#include "relayd/settings/hub_entry.h"

#include <set>
#include <vector>

#include "relayd/base/quoted_list.h"
#include "relayd/settings/pin.h"
#include "relayd/settings/source.h"

namespace tsmtp::settings {
namespace {

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  if (!lines.empty() && !lines.back().ends_with('\n')) lines.back() += '\n';
  return lines;
}

// The lines of a key with its value, from 1.
void add_lines(const toml::table& table, std::string_view name, std::set<std::size_t>& lines) {
  for (const auto& [key, node] : table)
    if (key.str() == name)
      for (auto line = key.source().begin.line; line <= node.source().end.line; ++line)
        lines.insert(line);
}

}  // namespace

std::string hub_entry(const SiteHub& hub) {
  std::vector<std::string> pins;
  for (const std::string& pin : hub.pins)
    pins.push_back(pin_text(pin));
  std::vector<std::string> dial;
  for (const base::HostPort& address : hub.dial)
    dial.push_back(address.to_string());
  std::string out = "\n[[site.hub]]\nname = \"" + hub.name + "\"\npin  = " + base::quoted_list(pins) + '\n';
  if (!dial.empty()) out += "dial = " + base::quoted_list(dial) + '\n';
  return out;
}

base::Result<std::string> with_hub(std::string_view text, const Site& site, const SiteHub& hub) {
  base::Diagnostics findings;
  const auto tree = parse_toml(text, "the file", findings);
  if (!tree) return base::Error{findings.to_string()};
  const toml::array* const sites = tree->get("site") == nullptr ? nullptr : tree->get("site")->as_array();
  if (sites == nullptr || sites->empty()) return base::Error{"no [[site]] stands there"};
  const toml::table* const last = sites->get(sites->size() - 1)->as_table();
  const bool is_it = last != nullptr && (*last)["name"].value<std::string_view>() == site.name;
  // What is written behind it would be another section's.
  const bool is_alone = tree->size() == 1;
  if (!is_it || !is_alone) return base::Error{"more than that site stands there"};

  std::set<std::size_t> moved;
  const bool is_short = last->get("hub") == nullptr;
  if (is_short) {
    add_lines(*last, "pin", moved);
    add_lines(*last, "dial", moved);
  }
  std::string out;
  const std::vector<std::string> lines = lines_of(text);
  for (std::size_t i = 0; i < lines.size(); ++i)
    if (!moved.contains(i + 1)) out += lines[i];
  if (is_short) out += hub_entry(site.hubs.front());
  return base::Result<std::string>(boost::system::in_place_value, out + hub_entry(hub));
}

}  // namespace tsmtp::settings
