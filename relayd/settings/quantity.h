// Sizes and durations as people write them: "64MiB", "10MB", "60s", "5m", "500ms". No TOML here.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "relayd/base/result.h"

namespace tsmtp::settings {

/// Sums of two sizes never overflow.
inline constexpr std::uint64_t kMaxSize = std::uint64_t{1} << 62;

/// A size in bytes: digits, then nothing or B, kB, KB, MB, GB (powers of 1000), KiB, MiB, GiB (powers of
/// 1024). At most kMaxSize.
[[nodiscard]] base::Result<std::uint64_t> parse_size(std::string_view text);

/// A duration: digits, then ms, s, m (or min), h or d. The unit must be there.
[[nodiscard]] base::Result<std::chrono::milliseconds> parse_duration(std::string_view text);

/// "64MiB", "1000": the shortest that parse_size() reads back.
[[nodiscard]] std::string size_text(std::uint64_t bytes);
/// "5m", "20s": likewise.
[[nodiscard]] std::string duration_text(std::chrono::seconds duration);

}  // namespace tsmtp::settings
