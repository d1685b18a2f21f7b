// relayd.toml as a tree of TOML values that know where they were written, with the arguments of --set put
// over them. Knows TOML and no keys. toml++'s exceptions end here.
#pragma once

#include <toml++/toml.h>

#include <optional>
#include <string>
#include <string_view>

#include "relayd/base/diagnostic.h"

namespace tsmtp::settings {

/// Parses `text`; nullopt after a syntax error, which is said with its place.
[[nodiscard]] std::optional<toml::table> parse_toml(std::string_view text, const std::string& file,
                                                    base::Diagnostics& diagnostics);

/// Puts the sites of an included file's tree behind those of `tree`. Anything else there is an error:
/// `main_file` is where it belongs.
void add_sites(toml::table& tree, toml::table&& included, const std::string& main_file,
               base::Diagnostics& diagnostics);

/// Whether an override goes into a site: site.NAME.KEY.
[[nodiscard]] bool is_about_site(std::string_view argument);

/// Puts one KEY=VALUE over the tree. KEY is hub.KEY or site.NAME.KEY, VALUE is TOML, or else a string.
void put_override(toml::table& tree, std::string_view argument, base::Diagnostics& diagnostics);

/// Where that was written: its file with line and column, or "--set hub.control" without a line. `file` is
/// said of what bears no name.
[[nodiscard]] base::Location locate(const toml::source_region& region, const std::string& file);

}  // namespace tsmtp::settings
