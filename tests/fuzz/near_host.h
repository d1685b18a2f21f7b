// An intake's surroundings that hold it to docs/protocol.md: each stream's records in their order, one Commit
// at most, no line end in an argument. It answers for the far side too, but gives a positive verdict on a
// mail only behind its Commit or Ask: any other that reaches the client is an early yes.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "relayd/ledger/doubts.h"
#include "relayd/mail/intake_host.h"
#include "relayd/mail/record_reader.h"

namespace tsmtp::fuzz {

class NearHost : public mail::IntakeHost {
 public:
  base::Result<mux::StreamKey> open_stream() override;
  std::size_t stream_writable(mux::StreamKey) const override { return writable_bytes; }
  void write_stream(mux::StreamKey stream, std::string_view bytes) override;
  void consumed(mux::StreamKey, std::size_t) override {}
  [[nodiscard]] bool stream_takes_compressed(mux::StreamKey) const override { return takes_compressed; }
  void finish_stream(mux::StreamKey stream) override;
  void reset_stream(mux::StreamKey stream) override;
  void record_doubt(const std::string& transaction,
                    const std::vector<ledger::DoubtfulRecipient>& recipients) override;
  std::optional<ledger::DoubtKey> claim_doubt(const std::string& mail) override;
  bool is_in_doubt(const std::string& address) const override;
  bool is_anybody_in_doubt() const override;
  std::set<std::string> transactions_to_split(const std::string& address) const override;
  void must_go_alone(const ledger::DoubtKey& key) override { doubts_.must_go_alone(key); }
  void mark_in_doubt(const std::string& transaction) override { doubts_.mark_in_doubt(transaction); }
  void mark_in_doubt(const ledger::DoubtKey& key) override { doubts_.mark_in_doubt(key); }
  void settle_doubt(const std::string& transaction) override;
  bool settle_doubt(const ledger::DoubtKey& key) override;
  void ended(const mail::Summary& summary) override;

  /// A record of the far side for `stream`: m, r and the recipient's number, d, f, k, K, p or u (outcomes),
  /// and the text of a reply as in reply_of(). Nothing if `kind` is another.
  [[nodiscard]] std::optional<mail::Record> verdict(mux::StreamKey stream, char kind, std::string_view text);
  /// The records that are still owed on `stream`, all positive.
  [[nodiscard]] std::vector<mail::Record> all_verdicts(mux::StreamKey stream);
  /// Streams that are open, by their numbers.
  [[nodiscard]] std::vector<mux::StreamKey> open_streams() const;
  /// As the link does when it is lost.
  void forget(mux::StreamKey stream) { streams_.erase(stream); }

  std::size_t writable_bytes = 1 << 20;
  bool takes_compressed = false;
  bool link_is_down = false;
  std::optional<std::string> recording;          ///< a transaction whose doubt is to be recorded
  std::optional<std::string> committed_content;  ///< of the last Commit, until somebody looks at it
  // Positive replies of the far side, as they go on the wire: to MAIL, to RCPT, and those to the end of
  // content that may now be given to a client.
  std::set<std::string> sender_replies;
  std::set<std::string> recipient_replies;
  std::set<std::string> final_replies;

 private:
  struct Stream {
    mail::RecordReader reader{true};
    std::string transaction;
    std::string content;
    std::size_t recipients = 0;
    std::size_t verdicts = 0;  // of recipients, given by all_verdicts()
    bool has_data = false;
    bool asks = false;
    bool committed = false;
    bool settled = false;
  };
  void on(Stream& stream, const mail::Record& record);
  [[nodiscard]] smtp::Reply said(std::string_view text, std::set<std::string>& replies, bool counts = true);

  std::map<mux::StreamKey, Stream> streams_;
  mux::StreamKey last_stream_ = 0;
  int replies_ = 0;
  ledger::Doubts doubts_;
};

/// "550 5.1.1 text" as a reply; 250 where there is no code.
[[nodiscard]] smtp::Reply reply_of(std::string_view text);

}  // namespace tsmtp::fuzz
