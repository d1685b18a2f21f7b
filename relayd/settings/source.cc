#include "relayd/settings/source.h"

#include <memory>
#include <utility>

#include "relayd/base/bytes.h"

namespace tsmtp::settings {
namespace {

constexpr toml::source_position kOnlyPosition{1, 1};
constexpr std::string_view kOverride = "--set ";
constexpr std::string_view kSites = "site";

// A table with the one key "value".
toml::table parse_value(const std::string& value, const std::string& origin) {
  try {
    toml::table parsed = toml::parse("value = " + value, origin);
    if (parsed.size() == 1 && value.find_first_of("\r\n") == std::string::npos) return parsed;
  } catch (const toml::parse_error&) {
    // No TOML: a bare word or address, as a shell's user writes it.
  }
  toml::table as_string;
  as_string.insert("value", value);
  return as_string;
}

toml::table* find_site(toml::table& tree, std::string_view name) {
  toml::array* sites = tree["site"].as_array();
  if (sites == nullptr) return nullptr;
  for (toml::node& node : *sites) {
    toml::table* site = node.as_table();
    if (site != nullptr && (*site)["name"].value<std::string_view>() == name) return site;
  }
  return nullptr;
}

// The table that an override goes into, and the name it has there.
struct Target {
  toml::table* table = nullptr;
  std::string name;
};

Target find_target(toml::table& tree, std::string_view key, const base::Location& where,
                   base::Diagnostics& diagnostics) {
  const std::size_t first = key.find('.');
  const std::size_t last = key.rfind('.');
  const std::string_view section = key.substr(0, first);
  if (section == "hub" && first != key.npos && first == last) {
    tree.insert("hub", toml::table{});
    return {tree["hub"].as_table(), std::string(key.substr(first + 1))};
  }
  if (section == "site" && first != last) {
    const std::string_view site = key.substr(first + 1, last - first - 1);
    toml::table* table = find_site(tree, site);
    if (table == nullptr)
      diagnostics.error(where, "no [[site]] has the name \"" + base::escaped(site) + "\"");
    return {table, std::string(key.substr(last + 1))};
  }
  diagnostics.error(where, "hub.KEY or site.NAME.KEY was expected");
  return {};
}

}  // namespace

base::Location locate(const toml::source_region& region, const std::string& file) {
  if (region.path && region.path->starts_with(kOverride))
    return {.file = *region.path, .line = 0, .column = 0};
  return {.file = region.path ? *region.path : file,
          .line = static_cast<int>(region.begin.line),
          .column = static_cast<int>(region.begin.column)};
}

std::optional<toml::table> parse_toml(std::string_view text, const std::string& file,
                                      base::Diagnostics& diagnostics) {
  try {
    return toml::parse(text, file);
  } catch (const toml::parse_error& error) {
    diagnostics.error(locate(error.source(), file), "not TOML: " + base::escaped(error.description()));
    return std::nullopt;
  }
}

void add_sites(toml::table& tree, toml::table&& included, const std::string& main_file,
               base::Diagnostics& diagnostics) {
  for (auto&& [key, node] : included) {
    const base::Location where = locate(key.source(), main_file);
    if (key != kSites) {
      diagnostics.error(where, "\"" + base::escaped(key.str(), 100) +
                                   "\" does not belong here: an included file holds [[site]] only, all else "
                                   "stands in " +
                                   main_file);
      continue;
    }
    toml::array* sites = node.as_array();
    if (sites == nullptr) {
      diagnostics.error(where, "site: a section [[site]] was expected, in double brackets");
      continue;
    }
    tree.insert(kSites, toml::array{});
    toml::array* all = tree[kSites].as_array();
    if (all == nullptr) return;  // the check of its place complains of it
    for (toml::node& site : *sites)
      site.visit([&](auto& value) { all->push_back(std::move(value)); });
  }
}

bool is_about_site(std::string_view argument) {
  return argument.starts_with("site.");
}

void put_override(toml::table& tree, std::string_view argument, base::Diagnostics& diagnostics) {
  const std::size_t equals = argument.find('=');
  const std::string_view key = argument.substr(0, equals);
  const std::string origin = std::string(kOverride) + base::escaped(key);
  const base::Location where{.file = origin, .line = 0, .column = 0};
  if (equals == argument.npos)
    return diagnostics.error(where, "KEY=VALUE was expected, the value is missing");
  const Target target = find_target(tree, key, where, diagnostics);
  if (target.table == nullptr) return;

  toml::table parsed = parse_value(std::string(argument.substr(equals + 1)), origin);
  const toml::source_region here{kOnlyPosition, kOnlyPosition, std::make_shared<const std::string>(origin)};
  target.table->erase(target.name);  // a key that stays would keep its place in the file
  parsed.get("value")->visit(
      [&](auto& value) { target.table->insert(toml::key(target.name, here), std::move(value)); });
}

}  // namespace tsmtp::settings
