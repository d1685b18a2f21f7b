#include "relayd/daemon/refusal_log.h"

namespace tsmtp::daemon {
namespace {

using base::LogLevel;

constexpr std::uint64_t kLinesAMinute = 30;

}  // namespace

void RefusalLog::refused(const std::string& peer, const std::string& cause, base::TimePoint now) {
  ++count_;
  if (now - minute_began_ >= std::chrono::minutes(1)) {
    if (in_this_minute_ > kLinesAMinute)
      log_.log(LogLevel::kWarning, "refused " + std::to_string(in_this_minute_ - kLinesAMinute) +
                                       " more connections in that minute");
    minute_began_ = now;
    in_this_minute_ = 0;
  }
  if (++in_this_minute_ > kLinesAMinute) return;
  log_.log(LogLevel::kWarning, "refused a connection from " + peer + ": " + cause);
  if (in_this_minute_ == kLinesAMinute)
    log_.log(LogLevel::kWarning,
             "many connections are refused: those to come in this minute are only counted");
}

}  // namespace tsmtp::daemon
