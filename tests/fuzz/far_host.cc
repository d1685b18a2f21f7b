#include "tests/fuzz/far_host.h"

#include <utility>

#include "tests/fuzz/fuzz.h"

namespace tsmtp::fuzz {

void FarHost::request_connection(const std::string& name, bool fresh) {
  if (fresh) {
    must(connection == Connection::kClosed && !std::exchange(wants_fresh, true),
         "one more connection at most");
    must(!has_mail_verdict_ && !mta_.has_ended(), "nothing is begun again that the MTA has heard");
  } else {
    must(connection == Connection::kNone, "one connection a transaction");
  }
  connection = Connection::kAsked;
  helo = name;
}

void FarHost::release_connection(bool reusable) {
  must(connection == Connection::kAsked || connection == Connection::kHeld, "what is released was held");
  connection = reusable ? Connection::kReleased : Connection::kClosed;
}

void FarHost::write_stream(std::string_view bytes) {
  must(stream_open, "records go to a stream that is open");
  for (;;) {
    const auto record = reader_.read(bytes);
    must(record.has_value(), "the near side understands every record");
    if (!*record) return;
    on(**record);
  }
}

void FarHost::on(const mail::Record& record) {
  must(!has_final_verdict_, "nothing follows the verdict on the mail");
  if (std::holds_alternative<mail::MailVerdict>(record)) {
    must(!has_mail_verdict_, "one verdict on the sender");
    has_mail_verdict_ = true;
  } else if (const auto* rcpt = std::get_if<mail::RcptVerdict>(&record)) {
    must(rcpt->index < recipients, "a verdict is on a recipient");
    must(verdicts_.insert(rcpt->index).second, "one verdict on a recipient");
  } else if (const auto* data = std::get_if<mail::DataVerdict>(&record)) {
    must(!has_data_verdict_, "one verdict on DATA");
    must(!data->reply.is_positive(), "DATA is never answered with 2yz");
    has_data_verdict_ = true;
  } else if (const auto* final = std::get_if<mail::FinalVerdict>(&record)) {
    has_final_verdict_ = true;
    must(has_mail_verdict_ && has_data_verdict_, "every verdict that was asked for comes before the last");
    must(!final->reply.is_intermediate(), "the verdict on a mail is final");
    if (!final->reply.is_positive()) return;
    must(mta_.has_ended() && mta_.final_code() / 100 == 2, "P1: no yes that the MTA has not said");
    must(recorded, "P4: the outcome is on disk before it is told");
  } else {
    must(std::holds_alternative<mail::Outcome>(record) || std::holds_alternative<mail::Traced>(record),
         "the far side sends its own records only");
  }
}

void FarHost::consumed(std::size_t bytes) {
  must(stream_open, "credit is for a stream that is open");
  consumed_bytes_ += bytes;
  must(consumed_bytes_ <= fed_bytes, "no more is consumed than came");
}

void FarHost::finish_stream() {
  must(stream_open, "a stream that is finished was open");
  stream_open = false;
}

void FarHost::reset_stream(const std::string& cause) {
  must(stream_open && !cause.empty(), "a stream that is reset was open, and is told why");
  stream_open = false;
}

void FarHost::record_outcome(const std::string&, const mail::Outcome& outcome) {
  must(!recording && !recorded, "one outcome");
  must(mta_.final_code() / 100 == 2 && outcome.reply.is_positive(), "an outcome is what the MTA said");
  recording = true;
}

void FarHost::ended(const mail::Summary& summary) {
  must(!has_ended_, "a transaction ends once");
  has_ended_ = true;
  must(to_line(summary).find('\n') == std::string::npos, "a log line is one line");
}

}  // namespace tsmtp::fuzz
