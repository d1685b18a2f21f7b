// What the command line and the control commands say.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/link_emulator/one_way.h"

namespace tsmtp::support::emulator {

struct Options {
  Conditions conditions;
  std::uint64_t seed = 1;
  std::string log;  ///< file; empty for none
};

/// Takes KEY VALUE, or KEY alone for those without: delay MS (each way), rate BITS, queue BYTES, loss SHARE,
/// cut, uncut. Throws std::invalid_argument for anything else.
void set(Conditions& conditions, const std::string& key, const std::string& value);

/// Arguments are --KEY VALUE as above, and --seed N, --log FILE. Throws std::invalid_argument.
[[nodiscard]] Options parse(const std::vector<std::string>& arguments);

}  // namespace tsmtp::support::emulator
