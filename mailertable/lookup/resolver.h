// The way sendmail's rules walk a mailertable: the host itself, each parent with a leading dot, then ".". No
// tables here: the caller says how a key is looked up.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tsmtp::mailertable {

/// What a map answers for a folded key: the value as it is stored.
using Lookup = std::function<std::optional<std::string>(std::string_view key)>;

/// One lookup on the way.
struct Step {
  std::string key;                   ///< as it was asked, folded
  std::optional<std::string> value;  ///< with %0 to %9 filled in; nothing for a miss
};

struct Walk {
  std::vector<Step> steps;
  /// Whether the last step's value holds a mailer and so ends the walk. A value without one does not:
  /// sendmail goes on, taking the value itself for a domain.
  bool answered = false;
  bool is_endless = false;  ///< such values led round in circles; sendmail gives up with an error
};

/// Walks for `host`, the domain of a recipient (proto.m4: the rules after "not local", and rule set
/// Mailertable).
[[nodiscard]] Walk walk(std::string_view host, const Lookup& lookup);

/// `value` with %0 to %9 replaced by `arguments` and %% by % (map_rewrite in sendmail's map.c). What has no
/// argument becomes nothing.
[[nodiscard]] std::string substitute(std::string_view value, const std::vector<std::string>& arguments);

}  // namespace tsmtp::mailertable
