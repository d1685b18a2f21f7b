// The near hub of a pair as one mail sees it: an MTA that sends it as sendmail does (MAIL, waits; RCPT… and
// DATA in one go; content; QUIT) and tries again until it has read a 250, and the Intake that serves it.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "relayd/ledger/doubts.h"
#include "relayd/mail/intake.h"
#include "tests/unit/mail/pair_link.h"
#include "tests/unit/mail/script.h"

namespace tsmtp::mail {

/// What all mails of the near hub share.
struct PairNear {
  PairLink& link;
  bool early_reply = true;
  base::ByteBudget* compression = nullptr;
  ledger::Doubts doubts{};
  FakeDigests digests{};
};

class PairClient : public IntakeHost {
 public:
  PairClient(PairNear& near, std::string content, std::vector<std::string> recipients)
      : near_(near), content_(std::move(content)), recipients_(std::move(recipients)) {}

  /// Connects and begins a try.
  void start(base::TimePoint now);
  /// Dies: what it has not read is lost.
  void vanish(base::TimePoint now);
  bool pump(base::TimePoint now);
  void link_lost(base::TimePoint now);
  void on_event(const mux::Event& event, base::TimePoint now);

  /// Does not read replies before that.
  base::TimePoint reads_at{};
  [[nodiscard]] bool is_connected() const { return intake_ != nullptr; }
  [[nodiscard]] bool has_final_yes() const { return done_; }
  [[nodiscard]] const std::string& content() const { return content_; }
  /// When MAIL was sent, and when the last reply to the content was read.
  base::TimePoint began{}, ended_at{};
  std::vector<int> codes;    ///< of all replies of this try
  bool was_refused = false;  ///< in any try: its MTA would have sent a bounce

  // IntakeHost
  base::Result<mux::StreamKey> open_stream() override;
  std::size_t stream_writable(mux::StreamKey stream) const override;
  void write_stream(mux::StreamKey stream, std::string_view bytes) override;
  void consumed(mux::StreamKey stream, std::size_t bytes) override;
  bool stream_takes_compressed(mux::StreamKey stream) const override;
  void finish_stream(mux::StreamKey stream) override;
  void reset_stream(mux::StreamKey stream) override;
  void record_doubt(const std::string& transaction,
                    const std::vector<ledger::DoubtfulRecipient>& recipients) override;
  std::optional<ledger::DoubtKey> claim_doubt(const std::string& mail) override;
  bool is_in_doubt(const std::string& address) const override;
  bool is_anybody_in_doubt() const override;
  std::set<std::string> transactions_to_split(const std::string& address) const override;
  void must_go_alone(const ledger::DoubtKey& key) override { near_.doubts.must_go_alone(key); }
  void mark_in_doubt(const std::string& transaction) override { near_.doubts.mark_in_doubt(transaction); }
  void mark_in_doubt(const ledger::DoubtKey& key) override { near_.doubts.mark_in_doubt(key); }
  void settle_doubt(const std::string& transaction) override { (void)near_.doubts.settle(transaction); }
  bool settle_doubt(const ledger::DoubtKey& key) override;
  void ended(const Summary&) override {}

 private:
  void on_reply(int code, base::TimePoint now);
  void send(std::string_view lines, base::TimePoint now);
  void send_quit(base::TimePoint now);

  enum class At { kGreeting, kEhlo, kMail, kEnvelope, kContent, kQuit };

  PairNear& near_;
  std::string content_;
  std::vector<std::string> recipients_;
  std::unique_ptr<Intake> intake_;
  std::vector<mux::StreamKey> streams_;
  std::deque<std::string> recording_;
  At at_ = At::kGreeting;
  std::size_t replies_owed_ = 0;
  bool done_ = false;
};

}  // namespace tsmtp::mail
