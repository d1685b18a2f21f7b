#include "relayd/mail/outgoing.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "relayd/base/bytes.h"
#include "relayd/base/domain.h"

namespace tsmtp::mail {
namespace {

// A verdict that ends something must be final: 2yz, 4yz or 5yz. A peer that sends another code is not
// believed.
smtp::Reply final_or_451(const smtp::Reply& reply) {
  return reply.is_intermediate() ? smtp::make_reply(451, "4.5.0", "the far side gave no final reply") : reply;
}

// A verdict that can only refuse: taking 2yz for one would answer the end of content with it (P1).
smtp::Reply refusal_or_451(const smtp::Reply& reply) {
  const bool refuses = reply.is_transient() || reply.is_permanent();
  return refuses ? reply : smtp::make_reply(451, "4.5.0", "the far side gave no reply that fits DATA");
}

// What stands behind MAIL or RCPT, path and parameters as the client wrote them.
std::string argument(std::string_view keyword, const smtp::PathCommand& command) {
  std::string out = std::string(keyword) + '<' + command.path.text + '>';
  if (!command.parameters.empty()) out += ' ' + command.parameter_text();
  return out;
}

// A sender must be qualified when it leaves its hub (RFC 5321 section 2.3.5). Some of sendmail's mailer
// lines, the paper's among them, send MAIL FROM:<root>; the far MTA would refuse it, or take it for a user of
// its own. The name our MTA gave in HELO is its own.
smtp::PathCommand qualified(smtp::PathCommand mail, const std::string& helo) {
  const bool is_host = helo.find('.') != std::string::npos && base::check_domain(helo);
  if (!mail.path.domain.empty() || mail.path.is_null() || !is_host) return mail;
  mail.path.domain = helo;
  mail.path.text += '@' + helo;
  return mail;
}

}  // namespace

Outgoing::Outgoing(OutgoingContext context, mux::StreamId stream, const smtp::MailRequest& request,
                   std::string transaction, std::unique_ptr<base::KeyedDigest> digest, base::TimePoint now)
    : context_(context),
      stream_(stream),
      transaction_(std::move(transaction)),
      digest_(std::move(digest)),
      started_(now),
      helo_(request.helo),
      mail_(qualified(request.command, request.helo)),
      mail_ticket_(request.ticket) {
  send(Mail{.transaction = transaction_, .helo = request.helo, .argument = argument("FROM:", mail_)});
  give_answers(now);
}

void Outgoing::add_recipient(const smtp::RcptRequest& request, base::TimePoint now) {
  recipients_.push_back({.command = request.command, .ticket = request.ticket, .verdict = {}, .answer = {}});
  send(Rcpt{argument("TO:", request.command)});
  give_answers(now);
}

void Outgoing::refused_here(const smtp::Path& recipient, const smtp::Reply& reply, base::TimePoint now) {
  tell(reply, {{.address = recipient.text, .reply = reply}}, now);
}

void Outgoing::data(const smtp::DataRequest& request, base::TimePoint now) {
  data_ticket_ = request.ticket;
  send(Data{});
  give_answers(now);
}

void Outgoing::content(std::string_view bytes) {
  size_bytes_ += bytes.size();
  const std::uint64_t limit = context_.max_message_bytes;
  if (limit > 0 && size_bytes_ > limit && !own_refusal_)
    own_refusal_ =
        own_reply(552, "5.3.4", "message larger than max_message, " + std::to_string(limit) + " bytes");
  stop_content_if_refused();
  if (!stream_open_) return;
  digest_->update(bytes);
  send(Content{bytes});
}

void Outgoing::content_end(const smtp::ContentEnd& end, base::TimePoint now) {
  end_ticket_ = end.ticket;
  if (end.bare_line_end && !own_refusal_)
    own_refusal_ =
        own_reply(554, "5.6.0", "content has a CR or LF that is not part of a CRLF (RFC 5321 section 2.3.8)");
  stop_content_if_refused();
  if (const auto refusal = known_refusal()) return answer_end(*refusal, now);
  commit_or_ask();
}

void Outgoing::abandon(base::TimePoint now) {
  abandoned_ = true;
  if (owes_answers()) return;  // give_answers() comes back here
  if (const auto refusal = last_refusal()) end(*refusal, now);
  reset_stream();
  phase_ = Phase::kOver;
}

void Outgoing::give_up(const std::string& cause, base::TimePoint now) {
  switch (phase_) {
    case Phase::kEnvelope:
      end(last_refusal().value_or(own_reply(451, "4.4.2", cause)), now);
      break;
    case Phase::kContent:
      end(own_reply(451, "4.4.2", cause), now);
      break;
    case Phase::kChecking:
    case Phase::kCommitted:
      context_.host.mark_in_doubt(transaction_);
      end(own_reply(451, "4.4.2", cause + "; in doubt until our MTA tries again"), now);
      break;
    case Phase::kAsking:
      context_.host.mark_in_doubt(earlier_);
      end(own_reply(451, "4.4.2", cause), now);
      break;
    case Phase::kAnswered:
      context_.host.mark_in_doubt(earlier_.empty() ? transaction_ : earlier_);
      break;
    case Phase::kOver:
      break;
  }
  reset_stream();
  phase_ = Phase::kOver;
}

void Outgoing::proved() {
  assert(phase_ == Phase::kAnswered);
  const std::string& settled = earlier_.empty() ? transaction_ : earlier_;
  context_.host.settle_doubt(settled);
  send(Settled{settled});
  if (stream_open_) context_.host.finish_stream(stream_);
  stream_open_ = false;
  phase_ = Phase::kOver;
}

void Outgoing::receive(std::string_view bytes, base::TimePoint now) {
  while (stream_open_) {
    const auto record = reader_.read(bytes);
    if (!record) {
      reset_stream();
      return stream_lost(record.error().message, now);
    }
    if (!*record) break;
    std::visit(
        [&](const auto& r) {
          if constexpr (requires { this->on(r, now); }) {
            this->on(r, now);
          } else {
            reset_stream();
            stream_lost("the far side sent a record that only the near side sends", now);
          }
        },
        **record);
  }
}

void Outgoing::on(const MailVerdict& record, base::TimePoint now) {
  if (!mail_verdict_) mail_verdict_ = final_or_451(record.reply);
  give_answers(now);
  stop_content_if_refused();
}

void Outgoing::on(const RcptVerdict& record, base::TimePoint now) {
  if (record.index < recipients_.size() && !recipients_[record.index].verdict)
    recipients_[record.index].verdict = final_or_451(record.reply);
  give_answers(now);
  stop_content_if_refused();
}

void Outgoing::on(const DataVerdict& record, base::TimePoint now) {
  if (!data_verdict_) data_verdict_ = record.reply.code == 354 ? record.reply : refusal_or_451(record.reply);
  give_answers(now);
  stop_content_if_refused();
}

void Outgoing::on(const FinalVerdict& record, base::TimePoint now) {
  if (phase_ != Phase::kCommitted) return;  // said before it was asked: P1 forbids to believe it
  const smtp::Reply reply = final_or_451(record.reply);
  if (!reply.is_positive()) context_.host.settle_doubt(transaction_);
  answer_end(reply, now);
}

void Outgoing::on(const Outcome& record, base::TimePoint now) {
  if (phase_ != Phase::kAsking) return;
  switch (record.kind) {
    case Outcome::Kind::kUnknown:  // the far MTA never had it
      context_.host.settle_doubt(earlier_);
      earlier_.clear();
      return record_doubt();
    case Outcome::Kind::kPending:
      context_.host.mark_in_doubt(earlier_);
      return answer_end(own_reply(451, "4.4.2", "an earlier try of this mail is still being delivered"), now);
    case Outcome::Kind::kKnown:
      if (!record.reply.is_positive()) context_.host.settle_doubt(earlier_);  // it was not delivered
      return answer_end(final_or_451(record.reply), now);
  }
}

void Outgoing::commit_or_ask() {
  digest_value_ = finish_digest();
  auto earlier = context_.host.claim_doubt(digest_value_);
  if (!earlier) return record_doubt();
  earlier_ = std::move(*earlier);
  phase_ = Phase::kAsking;
  send(Ask{earlier_});
}

void Outgoing::record_doubt() {
  phase_ = Phase::kChecking;
  context_.host.record_doubt(transaction_, digest_value_);
}

void Outgoing::recorded(const base::Result<void>& result, base::TimePoint now) {
  if (phase_ != Phase::kChecking) return;
  if (!result || !stream_open_) {
    context_.host.settle_doubt(transaction_);  // nothing was committed
    const std::string cause =
        result ? "link lost before the end of content was sent" : result.error().message;
    return answer_end(own_reply(451, result ? "4.4.2" : "4.3.0", cause), now);
  }
  phase_ = Phase::kCommitted;
  send(Commit{});
}

// Content, sender and the recipients this try is for; not what may differ between two tries of one mail
// (HELO, parameters, order).
std::string Outgoing::finish_digest() {
  std::vector<std::string> paths;
  for (const Recipient& recipient : recipients_)
    if (recipient.answer && recipient.answer->is_positive()) paths.push_back(recipient.command.path.text);
  std::sort(paths.begin(), paths.end());
  paths.insert(paths.begin(), mail_.path.text);
  std::string envelope;
  base::put_u64(envelope, size_bytes_);
  for (const std::string& path : paths) {
    base::put_u32(envelope, static_cast<std::uint32_t>(path.size()));
    envelope += path;
  }
  digest_->update(envelope);
  return digest_->finish();
}

void Outgoing::stream_lost(const std::string& cause, base::TimePoint now) {
  stream_open_ = false;
  switch (phase_) {
    case Phase::kEnvelope:
      envelope_loss_ = cause;
      return end(own_reply(421, "4.4.1", cause), now);
    case Phase::kContent:
      // The client is in the middle of its content and hears replies only at the end.
      if (!own_refusal_ && !known_refusal()) own_refusal_ = own_reply(451, "4.4.2", cause);
      return;
    case Phase::kChecking:
      return;  // recorded() will see it
    case Phase::kAsking:
      context_.host.mark_in_doubt(earlier_);
      return answer_end(own_reply(451, "4.4.2", cause), now);
    case Phase::kCommitted:
      context_.host.mark_in_doubt(transaction_);
      return answer_end(
          own_reply(451, "4.4.2", cause + "; whether it was delivered will be asked when it is tried again"),
          now);
    case Phase::kAnswered:
    case Phase::kOver:
      return;
  }
}

bool Outgoing::awaits_far() const {
  switch (phase_) {
    case Phase::kEnvelope:
      return data_ticket_.has_value() || owes_answers();
    case Phase::kChecking:
    case Phase::kAsking:
    case Phase::kCommitted:
      return true;
    case Phase::kContent:
    case Phase::kAnswered:
    case Phase::kOver:
      return false;
  }
  return false;
}

// Gives the final reply. After 2yz the stream stays until the client has proved that it read it.
void Outgoing::answer_end(const smtp::Reply& reply, base::TimePoint now) {
  context_.session.reply(*end_ticket_, reply);
  end(reply, now);
  if (reply.is_positive()) {
    phase_ = Phase::kAnswered;
  } else {
    reset_stream();
  }
}

void Outgoing::end(const smtp::Reply& reply, base::TimePoint now) {
  phase_ = Phase::kOver;
  std::vector<RecipientResult> recipients;
  for (const Recipient& recipient : recipients_) {
    const bool refused = recipient.answer && !recipient.answer->is_positive();
    recipients.push_back(
        {.address = recipient.command.path.text, .reply = refused ? *recipient.answer : reply});
  }
  tell(reply, std::move(recipients), now);
}

void Outgoing::tell(const smtp::Reply& reply, std::vector<RecipientResult> recipients, base::TimePoint now) {
  context_.host.ended({.direction = Direction::kOut,
                       .site = context_.site,
                       .transaction = transaction_,
                       .helo = helo_,
                       .lmtp = false,
                       .sender = mail_.path.text,
                       .recipients = std::move(recipients),
                       .size_bytes = size_bytes_,
                       .reply = reply,
                       .took = {.total = now - started_}});
}

void Outgoing::reset_stream() {
  if (stream_open_) context_.host.reset_stream(stream_);
  stream_open_ = false;
}

void Outgoing::send(const Record& record) {
  if (stream_open_) context_.host.write_stream(stream_, encode(record));
}

smtp::Reply Outgoing::own_reply(int code, std::string_view enhanced, std::string_view text) const {
  return smtp::make_reply(code, enhanced, context_.site + ": " + std::string(text));
}

}  // namespace tsmtp::mail
