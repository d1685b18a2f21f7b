// Why a command could not do its work, beside what is wrong with the table itself: files that cannot be read,
// made or written. Carries the exit status, so that only one place decides which status a cause gets.
#pragma once

#include <boost/system/result.hpp>
#include <string>

namespace tsmtp::mailertable {

struct Failure {
  int exit_status = 0;          ///< from sysexits(3)
  std::string message;          ///< one sentence without full stop or line end
  bool table_replaced = false;  ///< the new table was in place already when this happened
};

/// A value or a Failure. Test it like a pointer; `value()` would throw and is not used.
template <typename T>
using Outcome = boost::system::result<T, Failure>;

/// A Failure whose cause is `error_number`: "doing: No such file or directory".
[[nodiscard]] Failure system_failure(int exit_status, const std::string& doing, int error_number);

}  // namespace tsmtp::mailertable
