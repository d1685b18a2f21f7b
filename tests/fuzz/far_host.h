// A delivery's surroundings that hold it to docs/protocol.md: each verdict once, none that the MTA has not
// given, and the outcome on disk before it is told.
#pragma once

#include <set>
#include <string>

#include "relayd/mail/delivery_host.h"
#include "relayd/mail/record_reader.h"
#include "tests/fuzz/mta_model.h"

namespace tsmtp::fuzz {

class FarHost : public mail::DeliveryHost {
 public:
  explicit FarHost(const MtaModel& mta) : mta_(mta) {}

  void request_connection(const std::string& helo, bool fresh) override;
  void release_connection(bool reusable) override;
  void begin_commit(const std::string&, const std::vector<std::uint16_t>&) override {}
  void write_stream(std::string_view bytes) override;
  [[nodiscard]] std::size_t stream_writable() const override { return 1 << 20; }
  void consumed(std::size_t bytes) override;
  void finish_stream() override;
  void reset_stream(const std::string& cause) override;
  void record_outcome(const std::string& transaction, const mail::Outcome& outcome) override;
  [[nodiscard]] bool claim(const std::string&) override { return claiming = shares_outcomes; }
  [[nodiscard]] std::optional<mail::Outcome> end_earlier(const mail::Ask&) override {
    asking = shares_outcomes;
    return asking ? std::nullopt : std::optional(earlier);
  }
  void forget_outcome(const std::string&) override {}
  void ended(const mail::Summary& summary) override;

  enum class Connection { kNone, kAsked, kHeld, kReleased, kClosed };
  Connection connection = Connection::kNone;
  bool wants_fresh = false;  ///< the connection that is asked for is to be a new one
  std::string helo;
  mail::Outcome earlier;         ///< what an Ask is answered with
  bool shares_outcomes = false;  ///< claims and questions are answered later
  bool claiming = false;
  bool asking = false;
  bool recording = false;
  bool recorded = false;
  bool stream_open = true;
  std::size_t fed_bytes = 0;   ///< given to the delivery
  std::size_t recipients = 0;  ///< Rcpt records given to it

 private:
  void on(const mail::Record& record);

  const MtaModel& mta_;
  mail::RecordReader reader_;
  std::size_t consumed_bytes_ = 0;

  bool has_mail_verdict_ = false;
  bool has_data_verdict_ = false;
  bool has_final_verdict_ = false;
  bool has_ended_ = false;
  std::set<std::uint16_t> verdicts_;
};

}  // namespace tsmtp::fuzz
