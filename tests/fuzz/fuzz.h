// What all fuzz targets stand on. An input is a script of steps: a letter says what happens, the bytes behind
// it say with what. So an input can be read, written by hand, and mutated without falling apart.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace tsmtp::fuzz {

/// Ends the process with `what`, and so makes the input a finding, unless `holds`.
void must(bool holds, const char* what);

struct Step {
  char kind;
  std::string_view payload;
};

/// Between two steps stands the byte 0x1e, ASCII's record separator.
[[nodiscard]] std::vector<Step> steps_of(std::string_view input);

/// Takes the first byte off `bytes`; 0 when there is none.
[[nodiscard]] std::uint8_t take_byte(std::string_view& bytes);

}  // namespace tsmtp::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
