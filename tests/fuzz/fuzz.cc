#include "tests/fuzz/fuzz.h"

#include <cstdio>
#include <cstdlib>

namespace tsmtp::fuzz {

void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

std::vector<Step> steps_of(std::string_view input) {
  std::vector<Step> steps;
  while (!input.empty()) {
    const std::string_view step = input.substr(0, input.find('\x1e'));
    if (!step.empty()) steps.push_back({.kind = step.front(), .payload = step.substr(1)});
    input.remove_prefix(step.size() < input.size() ? step.size() + 1 : step.size());
  }
  return steps;
}

std::uint8_t take_byte(std::string_view& bytes) {
  if (bytes.empty()) return 0;
  const auto byte = static_cast<std::uint8_t>(bytes.front());
  bytes.remove_prefix(1);
  return byte;
}

}  // namespace tsmtp::fuzz
