// Runs another program to its end and has all that it says.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mailertable/files/failure.h"

namespace tsmtp::mailertable {

struct Ran {
  int status = 0;  ///< exit status; 128 and more: the signal that ended it
  std::string output;
  std::string errors;
};

/// Runs `arguments`, of which the first is looked for in the usual system directories, with `input` to read,
/// in `directory` if one is given. Fails if it cannot be started, or is still running after two minutes; then
/// it is killed.
[[nodiscard]] Outcome<Ran> run_program(const std::vector<std::string>& arguments, std::string_view input,
                                       const std::string& directory = "");

}  // namespace tsmtp::mailertable
