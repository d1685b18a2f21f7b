// Keeps the log from becoming as long as others like (P6): of lines that somebody else can provoke, each
// source has a token bucket for each kind. Lines beyond it are counted, and the count is told once a minute
// with the last of them. Must never hold back a line that only we or the administrator can cause.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "relayd/base/clock.h"
#include "relayd/base/log.h"
#include "relayd/base/token_bucket.h"

namespace tsmtp::daemon {

class RatedLog : public base::Logger {
 public:
  using Clock = std::function<base::TimePoint()>;

  /// `to` is borrowed and outlives it.
  RatedLog(base::Logger& to, Clock clock) : to_(to), clock_(std::move(clock)) {}
  /// Tells what is still held back.
  ~RatedLog() override;

  void log(base::LogLevel level, std::string_view line) override { to_.log(level, line); }
  void log_provoked(base::Provoked kind, std::string_view source, base::LogLevel level,
                    std::string_view line) override;
  /// To be called every few seconds: tells what was held back for a minute.
  void tick();

 private:
  struct Bucket {
    base::TokenBucket lines;
    std::uint64_t held_back = 0;  // since the last line that tells of them
    base::TimePoint held_back_since{};
    base::LogLevel level = base::LogLevel::kInfo;
    std::string last;
  };
  using Key = std::pair<base::Provoked, std::string>;

  Bucket& bucket_of(base::Provoked kind, std::string_view source);
  void tell(Bucket& bucket, base::TimePoint now);

  base::Logger& to_;
  Clock clock_;
  std::map<Key, Bucket> buckets_;
};

}  // namespace tsmtp::daemon
