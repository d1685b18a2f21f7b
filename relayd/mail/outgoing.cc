#include "relayd/mail/outgoing.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "relayd/base/bytes.h"
#include "relayd/base/domain.h"

namespace tsmtp::mail {
namespace {

// Of a recipient beside its address, and of a verdict on one where memory is short.
constexpr std::size_t kNearRecipientBytes = 1536;
constexpr std::size_t kShortVerdictBytes = 200;
// A reply that is told to each recipient of a mail takes so much for all of them, and no less than a line
// each.
constexpr std::size_t kRepeatedReplyBytes = 256UL * 1024;
constexpr std::size_t kLeastRepeatedBytes = 512;

// A verdict that ends something must be final: 2yz, 4yz or 5yz. A peer that sends another code is not
// believed.
smtp::Reply final_or_451(smtp::Reply reply) {
  return reply.is_intermediate() ? smtp::make_reply(451, "4.5.0", "the far side gave no final reply")
                                 : std::move(reply);
}

// What may have been in doubt before: the sender and one recipient, whatever the content.
std::string address_digest(const base::DigestMaker& digests, const smtp::Path& sender,
                           const smtp::Path& recipient) {
  return digests.digest(sender.text + '\n' + recipient.text);  // no address holds an LF
}

// A verdict on DATA can only be 354 or refuse: taking 2yz for one would answer the end of content with it
// (P1).
smtp::Reply go_ahead_or_refusal(smtp::Reply reply) {
  const bool fits = reply.code == 354 || reply.is_transient() || reply.is_permanent();
  return fits ? std::move(reply)
              : smtp::make_reply(451, "4.5.0", "the far side gave no reply that fits DATA");
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

Outgoing::Outgoing(OutgoingContext context, mux::StreamKey stream, const smtp::MailRequest& request,
                   base::TimePoint now)
    : context_(std::move(context)),
      memory_(context_.memory),
      stream_(stream),
      transaction_(context_.digests.new_identifier()),
      digest_(context_.digests.start()),
      started_(now),
      helo_(request.helo),
      lmtp_(request.lmtp),
      mail_(qualified(request.command, request.helo)),
      mail_ticket_(request.ticket),
      mail_is_early_(context_.early_reply || context_.host.is_anybody_in_doubt()) {
  unsent_ =
      encode(Mail{.transaction = transaction_, .helo = request.helo, .argument = argument("FROM:", mail_)});
  give_answers(now);
  if (awaits_far()) send_unsent();
}

void Outgoing::add_recipient(const smtp::RcptRequest& request, base::TimePoint now) {
  Recipient recipient{.command = request.command,
                      .ticket = request.ticket,
                      .address_digest = address_digest(context_.digests, mail_.path, request.command.path)};
  if (!memory_.take(kNearRecipientBytes + 4 * request.command.path.text.size() +
                    2 * request.command.parameter_text().size())) {
    const smtp::Reply full =
        own_reply(452, "4.3.1", "memory for mails under way is used up; try again later");
    context_.session.reply(request.ticket, full);
    return refused_here(request.command.path, full, now);
  }
  if (must_go_alone(recipient.address_digest)) {
    const smtp::Reply later = own_reply(452, "4.5.3", "an earlier try is in doubt; send this one by itself");
    context_.session.reply(request.ticket, later);
    return refused_here(request.command.path, later, now);
  }
  if (recipients_.empty()) {
    const bool was_refused =
        context_.refused != nullptr && context_.refused->contains(recipient.address_digest);
    first_is_early_ = context_.early_reply && (lmtp_ || (!request.another_follows && !was_refused));
  }
  recipient.may_be_known = context_.host.is_in_doubt(recipient.address_digest);
  recipients_.push_back(std::move(recipient));
  remember_first();
  unsent_ += encode(Rcpt{argument("TO:", request.command)});
  give_answers(now);
  if (awaits_far()) send_unsent();
}

void Outgoing::refused_here(const smtp::Path& recipient, const smtp::Reply& reply, base::TimePoint now) {
  tell(reply, {{.address = recipient.text, .reply = reply}}, now);
}

void Outgoing::data(const smtp::DataRequest& request, base::TimePoint now) {
  data_ticket_ = request.ticket;
  unsent_ += encode(Data{});
  give_answers(now);
  if (awaits_far()) send_unsent();
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
      mark_in_doubt();
      end(own_reply(451, "4.4.2", cause + "; in doubt until our MTA tries again"), now);
      break;
    case Phase::kAsking:
      mark_in_doubt();
      end(own_reply(451, "4.4.2", cause), now);
      break;
    case Phase::kAnswered:
      mark_in_doubt();
      break;
    case Phase::kOver:
      break;
  }
  reset_stream();
  phase_ = Phase::kOver;
}

void Outgoing::receive(std::string_view bytes, base::TimePoint now) {
  while (stream_open_) {
    auto record = reader_.read(bytes);
    if (!record) {
      reset_stream();
      return stream_lost(record.error().message, now);
    }
    if (!*record) break;
    std::visit(
        [&](auto& r) {
          if constexpr (requires { this->on(std::move(r), now); }) {
            this->on(std::move(r), now);
          } else {
            reset_stream();
            stream_lost("the far side sent a record that only the near side sends", now);
          }
        },
        **record);
  }
}

void Outgoing::on(MailVerdict&& record, base::TimePoint now) {
  if (!mail_verdict_) mail_verdict_ = final_or_451(std::move(record.reply));
  give_answers(now);
  stop_content_if_refused();
}

void Outgoing::on(RcptVerdict&& record, base::TimePoint now) {
  if (record.index < recipients_.size() && !recipients_[record.index].verdict) {
    // It is kept as verdict, as answer and as final reply.
    smtp::Reply verdict = final_or_451(std::move(record.reply));
    if (!memory_.take(3 * smtp::kept_bytes(verdict)))
      verdict = smtp::shortened(std::move(verdict), kShortVerdictBytes);
    recipients_[record.index].verdict = std::move(verdict);
  }
  remember_first();
  give_answers(now);
  stop_content_if_refused();
}

void Outgoing::on(DataVerdict&& record, base::TimePoint now) {
  if (!data_verdict_) data_verdict_ = go_ahead_or_refusal(std::move(record.reply));
  give_answers(now);
  stop_content_if_refused();
}

void Outgoing::on(FinalVerdict&& record, base::TimePoint now) {
  if (phase_ != Phase::kCommitted) return;  // said before it was asked: P1 forbids to believe it
  const smtp::Reply reply = final_or_451(std::move(record.reply));
  far_mta_took_ = std::chrono::milliseconds(record.took_ms);
  if (!reply.is_positive()) context_.host.settle_doubt(transaction_);
  answer_end(reply, now);
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
      return postpone(own_reply(451, "4.4.2", cause), now);
    case Phase::kCommitted:
      mark_in_doubt();
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

// Gives the final reply: one, or with LMTP each recipient's own. After 2yz the stream stays until the client
// has proved that it read it.
void Outgoing::answer_end(const smtp::Reply& reply, base::TimePoint now) {
  bool delivered = false;
  auto ticket = end_tickets_.begin();
  for (Recipient& recipient : recipients_) {
    if (!recipient.is_accepted()) continue;
    recipient.final = lmtp_ ? final_for(recipient, reply) : reply;
    delivered |= recipient.final->is_positive();
    if (ticket != end_tickets_.end()) context_.session.reply(*ticket++, *recipient.final);
  }
  end(reply, now);
  if (delivered) {
    phase_ = Phase::kAnswered;
  } else {
    reset_stream();
  }
}

smtp::Reply Outgoing::for_each_of_them(const smtp::Reply& reply) const {
  const std::size_t share = kRepeatedReplyBytes / std::max<std::size_t>(recipients_.size(), 1);
  return smtp::shortened(reply, std::max(share, kLeastRepeatedBytes));
}

// What was refused at RCPT, early replies could not tell there. Where MAIL was refused, that is the reason,
// and what is said to RCPTs behind it ("503 MAIL first") only follows from it.
smtp::Reply Outgoing::final_for(const Recipient& recipient, const smtp::Reply& reply) const {
  if (recipient.final) return *recipient.final;
  if (mail_verdict_ && !mail_verdict_->is_positive()) return for_each_of_them(*mail_verdict_);
  if (recipient.is_refused_by_far()) return *recipient.verdict;
  if (reply.is_positive() && !is_retry_ && !recipient.verdict)
    return own_reply(451, "4.5.0", "the far side gave no verdict on this recipient");
  return for_each_of_them(reply);
}

void Outgoing::end(const smtp::Reply& reply, base::TimePoint now) {
  phase_ = Phase::kOver;
  std::vector<RecipientResult> recipients;
  for (const Recipient& recipient : recipients_) {
    const bool refused = recipient.answer && !recipient.answer->is_positive();
    recipients.push_back({.address = recipient.command.path.text,
                          .reply = refused ? *recipient.answer : recipient.final.value_or(reply)});
  }
  tell(reply, std::move(recipients), now);
}

void Outgoing::tell(const smtp::Reply& reply, std::vector<RecipientResult> recipients, base::TimePoint now) {
  const base::Duration near_mta = handed_over_.value_or(now) - started_;
  const base::Duration rest = now - started_ - near_mta;
  const base::Duration far_mta = std::min(far_mta_took_, rest);
  context_.host.ended(
      {.direction = Direction::kOut,
       .site = context_.site,
       .transaction = transaction_,
       .helo = helo_,
       .lmtp = lmtp_,
       .sender = mail_.path.text,
       .recipients = std::move(recipients),
       .size_bytes = size_bytes_,
       .link_bytes = link_bytes_,
       .reply = reply,
       .took = {.total = now - started_, .near_mta = near_mta, .link = rest - far_mta, .far_mta = far_mta},
       .repeated = is_retry_ && reply.is_positive()});
}

void Outgoing::reset_stream() {
  if (stream_open_) context_.host.reset_stream(stream_);
  stream_open_ = false;
  packer_.reset();
}

void Outgoing::send_unsent() {
  if (stream_open_ && !unsent_.empty()) context_.host.write_stream(stream_, unsent_);
  unsent_ = {};
}

void Outgoing::send(const Record& record) {
  if (stream_open_) context_.host.write_stream(stream_, encode(record));
}

smtp::Reply Outgoing::own_reply(int code, std::string_view enhanced, std::string_view text) const {
  return smtp::make_reply(code, enhanced, context_.site + ": " + std::string(text));
}

}  // namespace tsmtp::mail
