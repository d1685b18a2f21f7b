// Where log lines go. The layers that may log are given a Logger; which library writes it is daemon/'s
// affair.
#pragma once

#include <string_view>

namespace tsmtp::base {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

/// What others can make us log as often as they like, by who can. Each has a rate of its own for each source
/// (daemon/rated_log).
enum class Provoked {
  kRefusal,     ///< whoever connects to an endpoint, the control socket or the metrics page
  kFailedMail,  ///< a client that gives mails up, a peer that does, an MTA that refuses
  kPeer,        ///< a peer with a good key, by what it sends
  kLink,        ///< whoever can cut the line, and a peer that connects again and again
  kMta,         ///< our MTA, by going and coming
  kForward,     ///< programs that connect to a forward, by connecting
  kTrouble,     ///< whoever can fill a disk or use up what this machine has
};

class Logger {
 public:
  virtual ~Logger() = default;
  /// Takes whole lines, without line end, already escaped where they hold anything from the wire (P8).
  virtual void log(LogLevel level, std::string_view line) = 0;
  /// A line that somebody else can provoke at will: from some number on it is only counted. `source`: the
  /// site or whatever else has its own allowance.
  virtual void log_provoked(Provoked, std::string_view source, LogLevel level, std::string_view line) {
    (void)source;
    log(level, line);
  }
};

}  // namespace tsmtp::base
