// What an intake needs from its surroundings: streams of the link, the ledger, the log. net/ implements it
// with the real ones, tests with a script. Nothing here calls back into the intake before the intake's own
// function has returned.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "relayd/base/result.h"
#include "relayd/ledger/doubts.h"
#include "relayd/mail/client_standing.h"
#include "relayd/mail/record.h"
#include "relayd/mail/summary.h"
#include "relayd/mux/session.h"

namespace tsmtp::mail {

class IntakeHost {
 public:
  virtual ~IntakeHost() = default;

  /// A stream for one transaction. The error is the cause and the time since, fit for a 421 4.4.1.
  [[nodiscard]] virtual base::Result<mux::StreamKey> open_stream() = 0;
  /// Whether a client of that rank may have one now. If not, its MAIL waits in line, and asks again a moment
  /// later.
  [[nodiscard]] virtual bool take_turn(ClientStanding::Rank) { return true; }
  /// Whether open_stream() would take one to another hub than that of `stream`, and that takes mail.
  [[nodiscard]] virtual bool has_other_hub(mux::StreamKey) const { return false; }
  /// Over which stream to ask how that earlier transaction ended: `stream`, or a new one to the hub that had
  /// it. The error is the reason why it cannot be asked now, fit for a 451.
  struct Question {
    mux::StreamKey stream;
    Ask::Went went = Ask::Went::kUnsaid;
  };
  [[nodiscard]] virtual base::Result<Question> open_question(const std::string& /*transaction*/,
                                                             mux::StreamKey stream) {
    return Question{.stream = stream};
  }
  [[nodiscard]] virtual std::size_t stream_writable(mux::StreamKey stream) const = 0;
  virtual void write_stream(mux::StreamKey stream, std::string_view bytes) = 0;
  virtual void consumed(mux::StreamKey stream, std::size_t bytes) = 0;
  /// Whether content may go compressed on it: both hubs have said so.
  [[nodiscard]] virtual bool stream_takes_compressed(mux::StreamKey stream) const = 0;
  virtual void finish_stream(mux::StreamKey stream) = 0;
  virtual void reset_stream(mux::StreamKey stream) = 0;

  /// The ledger's doubts (ledger/doubts.h). record_doubt is answered later by Intake::recorded(), or by
  /// Intake::tried_before() if another hub of ours had recorded the same mail: what it recorded can be
  /// claimed then.
  virtual void record_doubt(const std::string& transaction,
                            const std::vector<ledger::DoubtfulRecipient>& recipients) = 0;
  [[nodiscard]] virtual std::optional<ledger::DoubtKey> claim_doubt(const std::string& mail) = 0;
  /// Whether that address is in doubt: the next mail to it may be a second try.
  [[nodiscard]] virtual bool is_in_doubt(const std::string& address) const = 0;
  /// Whether anybody behind the site is.
  [[nodiscard]] virtual bool is_anybody_in_doubt() const = 0;
  /// A second try came with others that are not in doubt, or in doubt elsewhere.
  virtual void must_go_alone(const ledger::DoubtKey& key) = 0;
  /// Transactions with that address of which that was said.
  [[nodiscard]] virtual std::set<std::string> transactions_to_split(const std::string& address) const = 0;
  virtual void mark_in_doubt(const std::string& transaction) = 0;
  virtual void mark_in_doubt(const ledger::DoubtKey& key) = 0;
  virtual void settle_doubt(const std::string& transaction) = 0;
  /// True: nothing of its transaction is left.
  virtual bool settle_doubt(const ledger::DoubtKey& key) = 0;

  /// A transaction is over.
  virtual void ended(const Summary& summary) = 0;
};

}  // namespace tsmtp::mail
