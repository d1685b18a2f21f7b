// A delivery's surroundings: one connection to the MTA, outcomes without a disk, and a log of all that was
// asked for, in order, as short words:
//   Mail(250) Rcpt(0,550) Data(354) Final(250) Outcome(known)   records, replies by their code
//   request(tokyo.example) request-fresh(tokyo.example) release(keep) release(close)   the connection
//   record(1) forget(1) finish reset ended(250)                 the ledger, the stream, the log line
//   claim(1) ask(7)                                             where they are answered later
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "relayd/mail/delivery_host.h"
#include "relayd/mail/record_reader.h"

namespace tsmtp::mail {

class FakeDeliveryHost : public DeliveryHost {
 public:
  void request_connection(const std::string& helo, bool fresh) override {
    released = false;
    say((fresh ? "request-fresh(" : "request(") + helo + ')');
  }
  void release_connection(bool reusable) override;
  void begin_commit(const std::string&, const std::vector<std::uint16_t>&) override {}
  void write_stream(std::string_view bytes) override;
  void consumed(std::size_t bytes) override { consumed_bytes += bytes; }
  std::size_t stream_writable() const override { return writable_bytes; }
  std::optional<base::TimePoint> carried_since() const override { return carried; }
  void finish_stream() override { say("finish"); }
  void reset_stream(const std::string& cause) override;
  void record_outcome(const std::string& transaction, const Outcome& outcome) override;
  bool claim(const std::string& transaction) override;
  std::optional<Outcome> end_earlier(const Ask& question) override;
  std::optional<std::string> ledger_trouble() const override { return trouble; }
  void forget_outcome(const std::string& transaction) override;
  bool is_disowned(const std::string& transaction) const override { return disowned.contains(transaction); }
  void ended(const Summary& summary) override;

  std::vector<std::string> log;
  std::vector<smtp::Reply> replies;  ///< of the records written
  std::vector<Summary> summaries;
  std::optional<std::string> trouble;  ///< of the ledger
  std::map<std::string, Outcome> outcomes;
  std::set<std::string> disowned;
  bool shares_outcomes = false;  ///< claims and questions are answered later
  std::string reset_cause;
  std::string last_reason;  ///< of an Outcome
  std::size_t consumed_bytes = 0;
  std::size_t writable_bytes = 1 << 20;
  std::optional<base::TimePoint> carried = base::TimePoint{};
  bool released = false;  ///< the connection is not the delivery's any more
  bool kept_after_release = false;

 private:
  void say(const std::string& word) { log.push_back(word); }
  void say(const std::string& word, const smtp::Reply& reply);

  RecordReader reader_;
};

}  // namespace tsmtp::mail
