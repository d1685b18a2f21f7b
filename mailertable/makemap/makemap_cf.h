// What makemap reads in sendmail.cf: the trusted user, and the type of a map.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tsmtp::mailertable {

struct MakemapCf {
  uid_t trusted_user = 0;
  std::optional<std::string> type;    ///< of the first map that is kept in the file asked for
  std::vector<std::string> warnings;  ///< for stderr
};

/// Reads `text`. `map` is the file asked for, empty for none; with `full_path` it must be named as it stands
/// there, else only the last part without its ending counts.
[[nodiscard]] MakemapCf parse_makemap_cf(std::string_view text, std::string_view map, bool full_path);

}  // namespace tsmtp::mailertable
