// Asks the far side, in the background and one by one, how the mails in doubt ended. A mail that was
// delivered is kept for an MTA that tries it again, and is in doubt no more; one that was not is forgotten.
// Mails under way come first: only a few questions are under way at a time, and only so many a second are
// asked.
//
// docs/protocol.md has the stream that carries a question, section "In doubt". It must never take anything
// but the far side's own word for an outcome.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "relayd/base/clock.h"
#include "relayd/base/result.h"
#include "relayd/mail/record_reader.h"
#include "relayd/mux/stream_id.h"

namespace tsmtp::mail {

/// What an Enquiry needs from its surroundings. Nothing here calls back into it before its own function has
/// returned.
class EnquiryHost {
 public:
  virtual ~EnquiryHost() = default;

  /// A stream that may begin with Ask. An error: the link is down, or drains, or the far side knows no such
  /// streams.
  [[nodiscard]] virtual base::Result<mux::StreamKey> open_stream() = 0;
  /// To which hub of the site that one went, as far as the one to be asked reads it.
  [[nodiscard]] virtual Ask::Went went(const std::string& /*transaction*/) const {
    return Ask::Went::kUnsaid;
  }
  virtual void write_stream(mux::StreamKey stream, std::string_view bytes) = 0;
  virtual void finish_stream(mux::StreamKey stream) = 0;
  virtual void reset_stream(mux::StreamKey stream) = 0;

  // The ledger (ledger/doubts.h).
  /// The first transaction behind `after` that is in doubt, for so long at least.
  [[nodiscard]] virtual std::optional<std::string> next_to_ask(const std::string& after,
                                                               base::Duration min_age) const = 0;
  /// True: nothing of the transaction is left.
  virtual bool was_delivered(const std::string& transaction, const std::vector<std::uint16_t>& refused) = 0;
  virtual void was_not_delivered(const std::string& transaction) = 0;
};

class Enquiry {
 public:
  /// So many questions are under way at once, and so many may be begun each kStep.
  static constexpr std::size_t kAtOnce = 16;
  static constexpr base::Duration kStep = std::chrono::milliseconds(100);
  /// From the end of one round through all doubts to the next.
  static constexpr base::Duration kPause = std::chrono::seconds(10);
  /// While the link stays up, an MTA most likely tries again within this time, and asks by that.
  static constexpr base::Duration kMinAge = std::chrono::minutes(1);
  /// A question that is not answered for so long is given up, and asked again.
  static constexpr base::Duration kTimeout = std::chrono::minutes(1);

  /// `host` is borrowed and outlives it.
  explicit Enquiry(EnquiryHost& host) : host_(host) {}

  /// The link is up: all doubts are gone through at once.
  void link_up(base::TimePoint now);
  void tick(base::TimePoint now);
  /// When to call tick() next.
  [[nodiscard]] base::TimePoint deadline() const { return next_step_; }

  // From a stream of its own; others are ignored.
  void stream_received(mux::StreamKey stream, std::string_view bytes, base::TimePoint now);
  void stream_lost(mux::StreamKey stream, base::TimePoint now);

  [[nodiscard]] std::size_t under_way() const { return questions_.size(); }

 private:
  struct Question {
    std::string transaction;
    base::TimePoint asked;
    RecordReader reader{};
  };

  void ask(base::TimePoint now);
  [[nodiscard]] bool is_under_way(const std::string& transaction) const;
  void answered(mux::StreamKey stream, const std::string& transaction, const Outcome& outcome);
  void end_round(base::TimePoint now);

  EnquiryHost& host_;
  std::map<mux::StreamKey, Question> questions_;
  std::string last_asked_;  // in this round
  base::Duration min_age_ = kMinAge;
  base::TimePoint next_step_{};
};

}  // namespace tsmtp::mail
