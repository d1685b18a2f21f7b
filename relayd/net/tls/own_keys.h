// The keys of this hub: the one that it is, and for a while the one that it was, for peers that know nothing
// of rotation. The first key stands in hub.identity, which relayd only reads; what rotation makes of it
// stands in a file of its own in state_dir, and is written whole or not at all.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "relayd/base/result.h"
#include "relayd/net/tls/identity.h"

namespace tsmtp::net {

struct OwnKeys {
  std::shared_ptr<const Identity> current;
  std::shared_ptr<const Identity> earlier{};  ///< null: none is shown any more
  std::int64_t retires = 0;                   ///< when `earlier` does at the latest, seconds since 1970
  /// Of the key in hub.identity, from which rotation began.
  std::string first_pin{};

  [[nodiscard]] const Identity& shown_to(bool reads_chains) const {
    return reads_chains || !earlier ? *current : *earlier;
  }
};

/// Its name in state_dir.
inline constexpr char kOwnKeysName[] = "rotated.pem";

/// The key in `identity_path`, or what rotation has made of it since. Another key in `identity_path` than
/// rotation began from was put there by somebody, and counts. Permissions as for Identity::load().
[[nodiscard]] base::Result<OwnKeys> load_own_keys(const std::string& identity_path,
                                                  const std::string& state_dir,
                                                  const std::optional<Owner>& owner = {});

/// As they are on the disk, and back.
[[nodiscard]] base::Result<std::string> text_of(const OwnKeys& keys);
[[nodiscard]] base::Result<OwnKeys> parse_own_keys(std::string_view text);

/// Blocks until they are on the disk; after an error they may be, too.
[[nodiscard]] base::Result<void> save_own_keys(const OwnKeys& keys, const std::string& state_dir);

}  // namespace tsmtp::net
