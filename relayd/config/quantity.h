// Sizes and durations as people write them: "64MiB", "10MB", "60s", "5m", "500ms". No TOML here.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "relayd/base/result.h"

namespace tsmtp::config {

/// A size in bytes: digits, then nothing or B, kB, KB, MB, GB (powers of 1000), KiB, MiB, GiB (powers of
/// 1024). At most 2^62, so that sums of two never overflow.
[[nodiscard]] base::Result<std::uint64_t> parse_size(std::string_view text);

/// A duration: digits, then ms, s, m (or min), h or d. The unit must be there.
[[nodiscard]] base::Result<std::chrono::milliseconds> parse_duration(std::string_view text);

}  // namespace tsmtp::config
