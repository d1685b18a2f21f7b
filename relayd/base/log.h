// Where log lines go. The layers that may log are given a Logger; which library writes it is daemon/'s
// affair.
#pragma once

#include <string_view>

namespace tsmtp::base {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

/// Takes whole lines, without line end, already escaped where they hold anything from the wire (P8).
class Logger {
 public:
  virtual ~Logger() = default;
  virtual void log(LogLevel level, std::string_view line) = 0;
};

}  // namespace tsmtp::base
