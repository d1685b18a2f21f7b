#include "relayd/daemon/rated_log.h"

#include <algorithm>

namespace tsmtp::daemon {
namespace {

using base::Provoked;

constexpr std::chrono::minutes kToldAfter{1};
constexpr std::size_t kMaxBuckets = 1024;  // sources are sites, mostly
constexpr std::size_t kShownOfLast = 600;

// A second, and at once. A mail that fails, or a connection, is a line that somebody will look for: of those
// more. The others say the same again.
base::TokenBucket lines_of(Provoked kind) {
  switch (kind) {
    case Provoked::kFailedMail:
    case Provoked::kForward:
      return {5, 200};
    case Provoked::kLink:
    case Provoked::kMta:
      return {0.2, 30};
    case Provoked::kRefusal:
    case Provoked::kPeer:
    case Provoked::kTrouble:
      return {0.2, 10};
  }
  return {1, 1};
}

}  // namespace

RatedLog::~RatedLog() {
  for (auto& [key, bucket] : buckets_)
    tell(bucket, clock_());
}

void RatedLog::log_provoked(Provoked kind, std::string_view source, base::LogLevel level,
                            std::string_view line) {
  const base::TimePoint now = clock_();
  Bucket& bucket = bucket_of(kind, source);
  // While some are held back, those to come are too: else a line now and then would hide how many there are.
  if (bucket.held_back == 0 && bucket.lines.try_take(now)) return to_.log(level, line);
  if (bucket.held_back++ == 0) {
    bucket.held_back_since = now;
    bucket.level = level;
  }
  bucket.level = std::max(bucket.level, level);
  bucket.last = line.substr(0, kShownOfLast);
}

void RatedLog::tick() {
  const base::TimePoint now = clock_();
  for (auto& [key, bucket] : buckets_)
    if (now - bucket.held_back_since >= kToldAfter) tell(bucket, now);
}

RatedLog::Bucket& RatedLog::bucket_of(Provoked kind, std::string_view source) {
  const Key key(kind, source);
  const auto found = buckets_.find(key);
  if (found != buckets_.end()) return found->second;
  // More sources than we keep count of share what one has.
  const bool is_full = buckets_.size() >= kMaxBuckets;
  return buckets_.try_emplace(is_full ? Key(kind, "") : key, Bucket{.lines = lines_of(kind), .last = {}})
      .first->second;
}

void RatedLog::tell(Bucket& bucket, base::TimePoint now) {
  if (bucket.held_back == 0) return;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - bucket.held_back_since).count();
  to_.log(bucket.level, std::to_string(bucket.held_back) + " more like this in the last " +
                            (seconds < 60 ? std::to_string(seconds) + " seconds" : std::string("minute")) +
                            ", the last: " + bucket.last);
  bucket.held_back = 0;
  bucket.last.clear();
}

}  // namespace tsmtp::daemon
