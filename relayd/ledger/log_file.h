// Sizes of the ledger's files, which tell one that was cut.
#pragma once

#include <cstdint>

namespace tsmtp::ledger {

/// Each log file has all of it from its beginning.
inline constexpr std::uint32_t kLogFileBytes = 1U << 20;
/// One block of a file system: never torn by half.
inline constexpr std::uint32_t kTablePageBytes = 4096;

}  // namespace tsmtp::ledger
