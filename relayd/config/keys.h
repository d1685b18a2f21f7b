// The keys of relayd.toml, one row each: what a reader, the manual and --set know of them.
#pragma once

#include <span>
#include <string_view>

#include "relayd/config/value.h"
#include "relayd/settings/hub.h"
#include "relayd/settings/site.h"

namespace tsmtp::config {

template <typename Section>
struct Key {
  std::string_view name;
  bool required;
  void (*read)(const Value& value, Section& section);
  std::string_view doc;  ///< what it is, in a line
};

/// The keys of [hub] and [[site]], in the order of the manual.
[[nodiscard]] std::span<const Key<settings::Hub>> hub_keys();
[[nodiscard]] std::span<const Key<settings::Site>> site_keys();

}  // namespace tsmtp::config
