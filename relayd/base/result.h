// Errors are results, not surprises: every function that can fail returns a Result, and no exception crosses
// a layer.
#pragma once

#include <boost/system/result.hpp>
#include <string>
#include <utility>

namespace tsmtp::base {

/// What went wrong, as one sentence for an administrator: what happened, to what, and what to do. No trailing
/// full stop and no line end, so that it can be put into a log line or an SMTP reply.
struct Error {
  std::string message;
};

/// A value or an Error. Test it like a pointer, then use * and ->; `value()` would throw and is not used. A
/// std::string is made into a Result<std::string> with boost::system::in_place_value, because an Error could
/// be made of it too.
template <typename T>
using Result = boost::system::result<T, Error>;

/// Puts `context` in front of an error: "context: message".
[[nodiscard]] inline Error with_context(std::string context, const Error& error) {
  return Error{std::move(context) + ": " + error.message};
}

}  // namespace tsmtp::base
