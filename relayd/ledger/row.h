// How a row's value begins in both tables: a version byte and the time it was recorded.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "relayd/base/clock.h"

namespace tsmtp::ledger {

inline constexpr std::size_t kMaxSiteBytes = 255;  // of its name

struct Row {
  base::WallTime recorded;
  std::string_view body;  ///< what comes after the header; borrowed from the value
};

[[nodiscard]] std::string encode_row(base::WallTime recorded, std::string_view body);

/// nullopt: another version, or too short to be a row.
[[nodiscard]] std::optional<Row> decode_row(std::string_view value);

}  // namespace tsmtp::ledger
