// One value of relayd.toml on its way into a member of Hub or Site: checked for type and form, and complained
// about where it stands. Knows no keys.
#pragma once

#include <toml++/toml.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "relayd/base/diagnostic.h"
#include "relayd/base/domain.h"
#include "relayd/base/host_port.h"
#include "relayd/settings/ledger.h"
#include "relayd/settings/service.h"
#include "relayd/settings/site.h"

namespace tsmtp::settings {

/// What a name of a hub or a site is made of.
inline constexpr std::size_t kMaxNameBytes = 63;
[[nodiscard]] bool is_name_character(char c);

/// Each into_ function assigns what it read, or leaves `out` alone and complains.
class Value {
 public:
  /// `key` is what complaints begin with; `where` is the place of the key. A place without a line, a command
  /// line's, holds for all of the value.
  Value(const toml::node& node, std::string_view key, const base::Location& where,
        base::Diagnostics& diagnostics);

  void into_string(std::string& out) const;
  void into_name(std::string& out) const;  ///< of a hub or site
  void into_path(std::string& out) const;
  /// Paths; wildcards, if any, stand in the last part.
  void into_patterns(std::vector<std::string>& out) const;
  void into_socket_path(std::string& out) const;  ///< a path that unix(7) can bind
  void into_bool(bool& out) const;
  void into_number(std::uint64_t& out, std::uint64_t least, std::uint64_t most) const;
  /// One of `words`: the index of the one that stands there.
  [[nodiscard]] std::optional<std::size_t> choice(std::span<const std::string_view> words) const;
  void into_mode(unsigned& out) const;                                                ///< of a file, "0660"
  void into_size(std::uint64_t& out, std::uint64_t least, std::uint64_t most) const;  ///< least: not zero
  /// At most a day.
  void into_seconds(std::chrono::seconds& out, std::chrono::seconds least = std::chrono::seconds(0)) const;
  void into_site_address(std::string& out) const;  ///< in 127/8, not what an MTA relays for
  void into_host_port(base::HostPort& out) const;
  void into_host_ports(std::vector<base::HostPort>& out, bool allow_unix) const;
  void into_domains(base::DomainSet& out) const;        ///< at least one
  void into_own_domains(base::DomainSet& out) const;    ///< or none
  void into_pins(std::vector<std::string>& out) const;  ///< at least one
  void into_users(std::vector<User>& out) const;        ///< at least one; each must exist
  void into_group(std::optional<std::uint32_t>& out) const;
  void into_names(std::vector<std::string>& out) const;     ///< of sites
  void into_commands(std::vector<std::string>& out) const;  ///< of a protocol's, letters; made capitals
  void into_program(std::vector<std::string>& out) const;   ///< its whole path and its arguments
  void into_target(base::HostPort& out) const;              ///< one address or unix socket
  void into_rates(ServiceRates& out) const;                 ///< a table of two sizes
  void into_engine_endpoints(std::vector<EngineEndpoint>& out) const;
  void into_key_prefix(std::string& out) const;  ///< begins with a slash, ends in none

  void complain(std::string_view message) const;
  void warn(std::string_view message) const;
  [[nodiscard]] const base::Location& where() const { return where_; }

 private:
  [[nodiscard]] std::optional<std::string> text(std::string_view expected) const;
  [[nodiscard]] std::optional<std::uint64_t> bytes() const;
  [[nodiscard]] std::optional<base::HostPort> host_port(bool allow_unix) const;
  bool for_each(std::string_view expected, const std::function<void(const Value&)>& element) const;

  const toml::node& node_;
  std::string_view key_;
  base::Location where_;
  base::Diagnostics& diagnostics_;
};

}  // namespace tsmtp::settings
