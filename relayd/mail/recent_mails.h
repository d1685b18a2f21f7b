// The mails that were over last, with their way, for relayctl trace: what a hub can say of one without
// reading its audit record. Bounded; the oldest go first.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "relayd/base/clock.h"
#include "relayd/mail/record.h"
#include "relayd/mail/summary.h"

namespace tsmtp::mail {

/// A transaction, and the two clocks at one moment: its end, or now while it is under way.
struct TracedMail {
  Summary summary;
  Traced::State state = Traced::State::kEnded;
  base::TimePoint at;
  base::WallTime wall;
};

/// As it is told to the near side.
[[nodiscard]] Traced told(const TracedMail& mail);

class RecentMails {
 public:
  static constexpr std::size_t kMaxBytes = 4UL * 1024 * 1024;
  /// More recipients of a mail are not kept.
  static constexpr std::size_t kMaxRecipients = 20;

  explicit RecentMails(std::size_t max_bytes = kMaxBytes) : max_bytes_(max_bytes) {}

  void add(Summary summary, base::TimePoint now, base::WallTime wall);

  /// The newest one of that transaction; null: none. Good until the next add(). As cheap as it has to be,
  /// for other hubs may ask.
  [[nodiscard]] const TracedMail* find(const std::string& transaction) const;
  /// Of those, the newest `most`, oldest first.
  using Wanted = std::function<bool(const Summary&)>;
  [[nodiscard]] std::vector<TracedMail> find(const Wanted& wanted, std::size_t most) const;
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  std::size_t max_bytes_;
  std::size_t bytes_ = 0;
  std::deque<TracedMail> mails_;                                       // oldest first
  std::unordered_map<std::string, const TracedMail*> by_transaction_;  // the newest of each
};

}  // namespace tsmtp::mail
