// The maps that a sendmail.cf has sendmail open: its K lines.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tsmtp::sendmail {

struct CfMap {
  std::string type;  ///< "hash"
  std::string path;  ///< "/etc/mail/mailertable": the database has .db behind it

  /// The file that sendmail opens.
  [[nodiscard]] std::string database() const { return path.ends_with(".db") ? path : path + ".db"; }
};

/// The map `name` of `cf`, or nothing.
[[nodiscard]] std::optional<CfMap> map_in(std::string_view cf, std::string_view name);

/// `cf` with the map `name` at another path.
[[nodiscard]] std::string with_map_at(std::string_view cf, std::string_view name, const std::string& path);

/// The value of `O NAME=` in `cf`; empty if there is none.
[[nodiscard]] std::string option_in(std::string_view cf, std::string_view name);

}  // namespace tsmtp::sendmail
