// An intake's surroundings: a link that takes what it is given, a real Doubts without a disk, and a log of
// all that was asked for, in order, as short words:
//   Mail Rcpt Data Content Commit Ask(1) Settled(1)    records, pieces of content as one
//   record(1) mark(1) settle(1)                        the ledger, by transaction
//   claim(1.0) mark(1.0) settle(1.0)                   … and recipient
//   reset(1) finish(1)                                 the link, by stream
//   ended(250)                                         the log line, by its reply's code
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "relayd/ledger/doubts.h"
#include "relayd/mail/intake_host.h"
#include "relayd/mail/record_reader.h"

namespace tsmtp::mail {

class FakeIntakeHost : public IntakeHost {
 public:
  base::Result<mux::StreamKey> open_stream() override;
  std::size_t stream_writable(mux::StreamKey) const override { return writable_bytes; }
  void write_stream(mux::StreamKey stream, std::string_view bytes) override;
  void consumed(mux::StreamKey, std::size_t bytes) override { consumed_bytes += bytes; }
  bool stream_takes_compressed(mux::StreamKey) const override { return takes_compressed; }
  void finish_stream(mux::StreamKey stream) override { say("finish", std::to_string(stream)); }
  void reset_stream(mux::StreamKey stream) override { say("reset", std::to_string(stream)); }

  void record_doubt(const std::string& transaction,
                    const std::vector<ledger::DoubtfulRecipient>& recipients) override;
  std::optional<ledger::DoubtKey> claim_doubt(const std::string& mail) override;
  bool is_in_doubt(const std::string& address) const override;
  bool is_anybody_in_doubt() const override;
  void must_go_alone(const ledger::DoubtKey& key) override { doubts.must_go_alone(key); }
  std::set<std::string> transactions_to_split(const std::string& address) const override;
  void mark_in_doubt(const std::string& transaction) override;
  void mark_in_doubt(const ledger::DoubtKey& key) override;
  void settle_doubt(const std::string& transaction) override;
  bool settle_doubt(const ledger::DoubtKey& key) override;
  void ended(const Summary& summary) override;

  std::optional<std::string> link_down;  ///< the cause
  std::size_t writable_bytes = 1 << 20;
  bool takes_compressed = false;
  std::size_t consumed_bytes = 0;
  /// Another hub has recorded so many recipients of what was recorded last, in that transaction.
  void share(const std::string& transaction, std::size_t recipients);

  std::string last_recorded;  ///< the transaction of the last record_doubt
  std::vector<ledger::DoubtfulRecipient> last_recipients;
  mux::StreamKey last_stream = 0;
  std::vector<std::string> log;
  std::vector<std::string> arguments;  ///< of Mail ("helo argument") and Rcpt
  std::string content;
  std::vector<Summary> summaries;
  ledger::Doubts doubts;

 private:
  void say(const std::string& word, const std::string& argument = {});

  std::map<mux::StreamKey, RecordReader> readers_;
};

}  // namespace tsmtp::mail
