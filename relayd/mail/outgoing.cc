#include "relayd/mail/outgoing.h"

#include <utility>

#include "relayd/base/domain.h"
#include "relayd/smtp/extensions.h"

namespace tsmtp::mail {
namespace {

// Of a recipient beside its address, and of a verdict on one where memory is short.
constexpr std::size_t kNearRecipientBytes = 1536;
constexpr std::size_t kShortVerdictBytes = 200;

// Hubs that all reset what they are sent are not tried for ever.
constexpr int kMostMoves = 3;

// A verdict that ends something must be final: 2yz, 4yz or 5yz. A peer that sends another code is not
// believed.
smtp::Reply final_or_451(smtp::Reply reply) {
  return reply.is_intermediate() ? smtp::make_reply(451, "4.5.0", "the far side gave no final reply")
                                 : std::move(reply);
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
      helo_(request.helo),
      lmtp_(request.lmtp),
      mail_(qualified(request.command, request.helo)),
      mail_ticket_(request.ticket),
      policy_({.site = context_.site,
               .early_reply = context_.early_reply,
               .mail_is_early = context_.early_reply || context_.host.is_anybody_in_doubt(),
               .lmtp = lmtp_}),
      stream_(context_.host, stream, context_.compression),
      doubt_(context_.host, context_.digests, mail_.path.text),
      started_(now) {
  stages_.reached(Stage::kBegun, now);
  queue_mail();
  give_answers(now);
  if (awaits_far()) send_unsent();
}

void Outgoing::queue_mail() {
  stream_.queue(Mail{.transaction = transaction(), .helo = helo_, .argument = argument("FROM:", mail_)});
}

// Content that has left is here no more, and a verdict that the client was told binds its hub only.
bool Outgoing::can_move() const {
  const bool is_here = phase_ == Phase::kEnvelope || (phase_ == Phase::kContent && stream_.is_untouched());
  return is_here && !has_verdict_ && !abandoned_ && !policy_.known_refusal() && moves_ < kMostMoves;
}

void Outgoing::move_to(mux::StreamKey stream) {
  ++moves_;
  if (stream_.is_untouched()) {
    stream_.move_to(stream);
  } else {
    stream_.lost();
    stream_.begin_anew(stream);
    queue_mail();
    for (const Recipient& recipient : recipients_)
      stream_.queue(Rcpt{argument("TO:", recipient.command)});
    if (policy_.owes_data()) stream_.queue(Data{});
  }
  reader_ = RecordReader();
  if (awaits_far()) send_unsent();
}

// One that we refuse ourselves is alone in its mail: the far side knows nothing of the refusal, and would
// deliver to it with the others.
void Outgoing::add_recipient(const smtp::RcptRequest& request, const std::optional<smtp::Reply>& refusal,
                             base::TimePoint now) {
  const smtp::Path& path = request.command.path;
  const auto refuse = [&](const smtp::Reply& reply) {
    context_.session.reply(request.ticket, reply);
    tell(reply, {{.address = path.text, .reply = reply}}, now);
  };
  std::string address = doubt_.address_digest(path.text);
  const bool is_in_doubt = doubt_.is_in_doubt(path.text, address);
  if (refusal && !is_in_doubt) return refuse(*refusal);
  if (!memory_.take(kNearRecipientBytes + 4 * path.text.size() + 2 * request.command.parameter_text().size()))
    return refuse(policy_.own(452, "4.3.1", "memory for mails under way is used up; try again later"));
  const bool must_be_alone = refused_here_ || (refusal && !recipients_.empty());
  if (must_be_alone || !doubt_.may_join(path.text, address))
    return refuse(policy_.own(452, "4.5.3", "an earlier try is in doubt; send this one by itself"));
  policy_.name_recipient({.another_follows = request.another_follows,
                          .was_refused = context_.refused != nullptr && context_.refused->contains(address),
                          .is_in_doubt = is_in_doubt});
  if (refusal) policy_.recipient_verdict(0, *refusal);
  refused_here_ = refusal.has_value();
  doubt_.add_recipient(path.text, std::move(address));
  recipients_.push_back({.command = request.command, .ticket = request.ticket});
  remember_first();
  stream_.queue(Rcpt{argument("TO:", request.command)});
  give_answers(now);
  if (awaits_far()) send_unsent();
}

void Outgoing::data(const smtp::DataRequest& request, base::TimePoint now) {
  data_ticket_ = request.ticket;
  policy_.ask_data();
  stream_.queue(Data{});
  give_answers(now);
  if (awaits_far()) send_unsent();
}

// Gives whatever answers can be given by now. Called whenever something new is known.
void Outgoing::give_answers(base::TimePoint now) {
  for (const AnswerPolicy::Answer& answer : policy_.take_answers()) {
    context_.session.reply(ticket_of(answer), answer.reply);
    if (answer.to != AnswerPolicy::Command::kData) continue;
    if (!answer.reply.is_intermediate()) return abandon(now);
    phase_ = Phase::kContent;
    stages_.reached(Stage::kEnvelope, now);
  }
  if (phase_ != Phase::kEnvelope || policy_.owes_data()) return;
  if (abandoned_ || policy_.is_mail_refused()) abandon(now);
}

smtp::Ticket Outgoing::ticket_of(const AnswerPolicy::Answer& answer) const {
  switch (answer.to) {
    case AnswerPolicy::Command::kMail:
      return mail_ticket_;
    case AnswerPolicy::Command::kRcpt:
      return recipients_[answer.recipient].ticket;
    case AnswerPolicy::Command::kData:
      return data_ticket_;
  }
  return 0;
}

void Outgoing::content(std::string_view bytes, base::TimePoint now) {
  size_bytes_ += bytes.size();
  const std::uint64_t limit = context_.max_message_bytes;
  if (limit > 0 && size_bytes_ > limit)
    policy_.refuse(
        policy_.own(552, "5.3.4", "message larger than max_message, " + std::to_string(limit) + " bytes"));
  stop_content_if_refused();
  if (!stream_.is_open() && !policy_.may_be_known()) return;
  doubt_.content(bytes);
  if (!stream_.is_open() || policy_.known_refusal()) return;
  if (const auto ok = stream_.content(bytes, smtp::declared_size(mail_), now); !ok) {
    policy_.refuse(policy_.own(451, "4.3.0", ok.error().message));
    stop_content_if_refused();
  }
}

void Outgoing::content_end(const smtp::ContentEnd& end, base::TimePoint now) {
  end_tickets_ = end.tickets;
  handed_over_ = now;
  stages_.reached(Stage::kEndOfContent, now);
  if (end.bare_line_end)
    policy_.refuse(policy_.own(554, "5.6.0",
                               "content has a CR or LF that is not part of a CRLF (RFC 5321 section 2.3.8)"));
  if (!policy_.known_refusal())
    if (const auto ok = stream_.end_content(); !ok)
      policy_.refuse(policy_.own(451, "4.3.0", ok.error().message));
  stop_content_if_refused();
  if (const auto refusal = policy_.known_refusal(); refusal && !policy_.may_be_known())
    return answer_end(*refusal, now);
  send_unsent();
  commit_or_ask(now);
}

// Once the verdict is certain, the rest of the content need not cross the link. Recipients that the far MTA
// accepted behind a refused first one were told 452: they must not get this try's content either. The stream
// stays where an earlier try may have to be asked for.
void Outgoing::stop_content_if_refused() {
  if (phase_ == Phase::kContent && policy_.known_refusal() && !policy_.may_be_known()) stream_.reset();
}

void Outgoing::abandon(base::TimePoint now) {
  abandoned_ = true;
  if (policy_.owes_envelope()) return;  // give_answers() comes back here
  if (const auto refusal = policy_.last_refusal()) end(*refusal, now);
  stream_.reset();
  phase_ = Phase::kOver;
}

void Outgoing::give_up(const std::string& cause, base::TimePoint now) {
  switch (phase_) {
    case Phase::kEnvelope:
      end(policy_.last_refusal().value_or(policy_.own(451, "4.4.2", cause)), now);
      break;
    case Phase::kContent:
      end(policy_.own(451, "4.4.2", cause), now);
      break;
    case Phase::kChecking:
    case Phase::kCommitted:
      doubt_.mark();
      end(policy_.own(451, "4.4.2", cause + "; in doubt until our MTA tries again"), now);
      break;
    case Phase::kAsking:
      doubt_.mark();
      end(policy_.own(451, "4.4.2", cause), now);
      break;
    case Phase::kAnswered:
      doubt_.mark();
      break;
    case Phase::kOver:
      break;
  }
  stream_.reset();
  if (question_) question_->reset();
  phase_ = Phase::kOver;
}

void Outgoing::question_received(std::string_view bytes, base::TimePoint now) {
  const auto record = question_reader_.read(bytes);
  if (record && !*record) return;
  const auto* const outcome = record ? std::get_if<Outcome>(&**record) : nullptr;
  if (outcome != nullptr) return learn(*outcome, now);
  question_->reset();
  question_lost("the hub that had an earlier try gave no answer", now);
}

void Outgoing::question_lost(const std::string& cause, base::TimePoint now) {
  question_->lost();
  if (phase_ == Phase::kAsking) postpone(policy_.own(451, "4.4.2", cause), now);
}

void Outgoing::receive(std::string_view bytes, base::TimePoint now) {
  while (stream_.is_open()) {
    auto record = reader_.read(bytes);
    if (!record) {
      stream_.reset();
      return stream_lost(record.error().message, now);
    }
    if (!*record) break;
    has_verdict_ = true;
    std::visit(
        [&](auto& r) {
          if constexpr (requires { this->on(std::move(r), now); }) {
            this->on(std::move(r), now);
          } else {
            stream_.reset();
            stream_lost("the far side sent a record that only the near side sends", now);
          }
        },
        **record);
  }
}

void Outgoing::on(MailVerdict&& record, base::TimePoint now) {
  policy_.mail_verdict(final_or_451(std::move(record.reply)));
  after_verdict(now);
}

void Outgoing::on(RcptVerdict&& record, base::TimePoint now) {
  if (record.index < policy_.recipients() && !policy_.has_verdict(record.index)) {
    // It is kept as verdict, as answer and as final reply.
    smtp::Reply verdict = final_or_451(std::move(record.reply));
    if (!memory_.take(3 * smtp::kept_bytes(verdict)))
      verdict = smtp::shortened(std::move(verdict), kShortVerdictBytes);
    policy_.recipient_verdict(record.index, std::move(verdict));
  }
  remember_first();
  after_verdict(now);
}

void Outgoing::on(DataVerdict&& record, base::TimePoint now) {
  policy_.data_verdict(std::move(record.reply));
  after_verdict(now);
}

void Outgoing::after_verdict(base::TimePoint now) {
  give_answers(now);
  stop_content_if_refused();
}

// Whether the first recipient may be accepted unseen the next time: not when others were deferred for it.
void Outgoing::remember_first() {
  if (context_.refused == nullptr || lmtp_ || recipients_.empty() || !policy_.has_verdict(0)) return;
  if (!policy_.is_refused_by_far(0))
    context_.refused->accepted(doubt_.address_digest(0));
  else if (recipients_.size() > 1)
    context_.refused->refused(doubt_.address_digest(0));
}

void Outgoing::on(FinalVerdict&& record, base::TimePoint now) {
  if (phase_ != Phase::kCommitted) return;  // said before it was asked: P1 forbids to believe it
  const smtp::Reply reply = final_or_451(std::move(record.reply));
  stages_.reached(Stage::kReplied, now);
  far_mta_took_ = std::chrono::milliseconds(record.took_ms);
  if (!reply.is_positive()) doubt_.drop();
  answer_end(reply, now);
}

void Outgoing::stream_lost(const std::string& cause, base::TimePoint now) {
  stream_.lost();
  switch (phase_) {
    case Phase::kEnvelope:
      envelope_loss_ = cause;
      return end(policy_.own(421, "4.4.1", cause), now);
    case Phase::kContent:
    case Phase::kChecking:
      // The client hears replies only at the end of content, and then when recorded() has seen to the doubt.
      if (!policy_.known_refusal()) policy_.refuse(policy_.own(451, "4.4.2", cause));
      return;
    case Phase::kAsking:
      return postpone(policy_.own(451, "4.4.2", cause), now);
    case Phase::kCommitted:
      doubt_.mark();
      return answer_end(
          policy_.own(451, "4.4.2",
                      cause + "; whether it was delivered will be asked when it is tried again"),
          now);
    case Phase::kAnswered:
    case Phase::kOver:
      return;
  }
}

bool Outgoing::awaits_far() const {
  switch (phase_) {
    case Phase::kEnvelope:
      return policy_.owes_data() || policy_.owes_envelope();
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

}  // namespace tsmtp::mail
