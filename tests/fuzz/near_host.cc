#include "tests/fuzz/near_host.h"

#include "tests/fuzz/fuzz.h"

namespace tsmtp::fuzz {
namespace {

constexpr char kSite[] = "birl";

void must_be_one_line(std::string_view text) {
  must(text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos,
       "an argument is one line");
}

}  // namespace

smtp::Reply reply_of(std::string_view text) {
  int code = 0;
  for (std::size_t i = 0; i < 3 && i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i)
    code = code * 10 + (text[i] - '0');
  if (code < 200 || code > 599) code = 250;
  return smtp::make_reply(code, "", text.substr(std::min<std::size_t>(text.size(), 4), 1000));
}

base::Result<mux::StreamKey> NearHost::open_stream() {
  if (link_is_down) return base::Error{"link down since 12:00:00 (fuzzed)"};
  last_stream_ += 2;
  streams_[last_stream_];
  return last_stream_;
}

void NearHost::write_stream(mux::StreamKey id, std::string_view bytes) {
  const auto stream = streams_.find(id);
  must(stream != streams_.end(), "records go to streams that are open");
  for (;;) {
    const auto record = stream->second.reader.read(bytes);
    must(record.has_value(), "the far side understands every record");
    if (!*record) break;
    on(stream->second, **record);
  }
}

// docs/protocol.md, "Transactions": the order of the near side's records.
void NearHost::on(Stream& stream, const mail::Record& record) {
  must(!stream.settled, "nothing follows Settled");
  const bool begun = !stream.transaction.empty();
  if (const auto* mail = std::get_if<mail::Mail>(&record)) {
    must(!begun, "one Mail a stream");
    stream.transaction = mail->transaction;
    must_be_one_line(mail->helo);
    must_be_one_line(mail->argument);
  } else if (const auto* rcpt = std::get_if<mail::Rcpt>(&record)) {
    must(begun && !stream.has_data, "Rcpt follows Mail and comes before Data");
    must_be_one_line(rcpt->argument);
    must(++stream.recipients <= mail::kMaxRecipients, "recipients are bounded");
  } else if (std::holds_alternative<mail::Data>(record)) {
    must(stream.recipients > 0 && !stream.has_data, "one Data, behind a Rcpt");
    stream.has_data = true;
  } else if (const auto* content = std::get_if<mail::Content>(&record)) {
    must(stream.has_data && !stream.committed && !stream.asks,
         "Content follows Data and comes before its end");
    stream.content += content->bytes;
  } else if (std::holds_alternative<mail::Commit>(record)) {
    must(stream.has_data && !stream.committed, "one end of content");
    stream.committed = true;
    committed_content = stream.content;
  } else if (std::holds_alternative<mail::Ask>(record)) {
    must(stream.has_data && !stream.committed && !stream.asks, "one Ask, in place of Commit");
    stream.asks = true;
  } else if (std::holds_alternative<mail::Settled>(record)) {
    must(stream.committed || stream.asks, "what is settled was committed");
    stream.settled = true;
  } else {
    must(false, "the near side sends its own records only");
  }
}

void NearHost::finish_stream(mux::StreamKey stream) {
  must(streams_.erase(stream) == 1, "a stream that is finished was open");
}

void NearHost::reset_stream(mux::StreamKey stream) {
  must(streams_.erase(stream) == 1, "a stream that is reset was open");
}

void NearHost::record_doubt(const std::string& transaction,
                            const std::vector<ledger::DoubtfulRecipient>& recipients) {
  must(!recipients.empty(), "a doubt is about somebody");
  (void)doubts_.record(transaction, kSite, recipients, {});
  recording = transaction;
}

std::optional<ledger::DoubtKey> NearHost::claim_doubt(const std::string& mail) {
  return doubts_.claim(kSite, mail);
}

bool NearHost::is_in_doubt(const std::string& address) const {
  return doubts_.is_in_doubt(kSite, address);
}

bool NearHost::is_anybody_in_doubt() const {
  return doubts_.is_anybody_in_doubt(kSite);
}

std::set<std::string> NearHost::transactions_to_split(const std::string& address) const {
  return doubts_.transactions_to_split(kSite, address);
}

void NearHost::settle_doubt(const std::string& transaction) {
  (void)doubts_.settle(transaction);
}

bool NearHost::settle_doubt(const ledger::DoubtKey& key) {
  (void)doubts_.settle(key);
  return !doubts_.contains(key.transaction);
}

void NearHost::ended(const mail::Summary& summary) {
  must(!summary.reply.lines.empty(), "a transaction ends with a reply");
  must(to_line(summary).find('\n') == std::string::npos, "a log line is one line");
}

std::vector<mux::StreamKey> NearHost::open_streams() const {
  std::vector<mux::StreamKey> numbers;
  for (const auto& [number, stream] : streams_)
    numbers.push_back(number);
  return numbers;
}

// Every reply is another one, so that the client's tells which it was given.
smtp::Reply NearHost::said(std::string_view text, std::set<std::string>& replies, bool counts) {
  smtp::Reply reply = reply_of(text);
  reply.lines.back() += " #" + std::to_string(++replies_);
  if (counts && reply.is_positive()) replies.insert(reply.wire());
  return reply;
}

std::optional<mail::Record> NearHost::verdict(mux::StreamKey id, char kind, std::string_view text) {
  const auto stream = streams_.find(id);
  const bool committed = stream != streams_.end() && stream->second.committed;
  const bool asks = stream != streams_.end() && stream->second.asks && !committed;
  using Kind = mail::Outcome::Kind;
  switch (kind) {
    case 'm':
      return mail::MailVerdict{said(text, sender_replies)};
    case 'r': {
      const auto index = static_cast<std::uint16_t>(take_byte(text) - '0');
      return mail::RcptVerdict{.index = index, .reply = said(text, recipient_replies)};
    }
    case 'd':
      return mail::DataVerdict{said(text, final_replies, false)};
    case 'f':
      return mail::FinalVerdict{.reply = said(text, final_replies, committed), .took_ms = 1};
    case 'k':
      return mail::Outcome{.kind = Kind::kKnown, .reply = said(text, final_replies, asks)};
    case 'K':  // it does not speak for the first recipient
      return mail::Outcome{.kind = Kind::kKnown, .reply = said(text, final_replies, asks), .refused = {0}};
    case 'p':
      return mail::Outcome{.kind = Kind::kPending, .reply = {}};
    case 'u':
      return mail::Outcome{.kind = Kind::kUnknown, .reply = {}};
    default:
      return {};
  }
}

std::vector<mail::Record> NearHost::all_verdicts(mux::StreamKey id) {
  std::vector<mail::Record> records;
  const auto found = streams_.find(id);
  if (found == streams_.end()) return records;
  Stream& stream = found->second;
  if (!stream.transaction.empty()) records.push_back(*verdict(id, 'm', "250 ok"));
  for (; stream.verdicts < stream.recipients; ++stream.verdicts)
    records.emplace_back(mail::RcptVerdict{.index = static_cast<std::uint16_t>(stream.verdicts),
                                           .reply = said("250 ok", recipient_replies)});
  if (stream.has_data) records.push_back(*verdict(id, 'd', "354 go"));
  if (stream.asks && !stream.committed) records.push_back(*verdict(id, 'u', ""));
  if (stream.committed) records.push_back(*verdict(id, 'f', "250 delivered"));
  return records;
}

}  // namespace tsmtp::fuzz
