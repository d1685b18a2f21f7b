// Micro-benchmarks of what every byte or every mail passes through. Each has a reference beside it: about the
// least that anybody would have to do with the same input, in the same calls of the same libraries. What CI
// looks at is how many times the reference's instructions the subject takes, which is the same on every
// machine; check.py compares that with the ratios of this folder. Started by hand the program measures time,
// as Google Benchmark does.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace tsmtp::micro {

struct Case {
  std::string name;       ///< SUBJECT.OPERATION.INPUT
  std::size_t bytes = 0;  ///< that one call of `subject` deals with
  std::function<void()> subject;
  std::function<void()> reference;
};

[[nodiscard]] std::vector<Case> frame_cases();
[[nodiscard]] std::vector<Case> content_cases();
[[nodiscard]] std::vector<Case> line_cases();
[[nodiscard]] std::vector<Case> digest_cases();

/// Text of `lines` lines, as mail is: each of them 0 to 76 bytes, and one in `dot_in` beginning with a dot.
[[nodiscard]] std::string text_of(std::size_t lines, std::size_t dot_in, std::string_view line_end);

/// The reference for what goes by lines: each is found and appended to `out`.
void copy_lines(std::string_view text, std::string& out);

}  // namespace tsmtp::micro
