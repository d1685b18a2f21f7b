#include "relayd/mail/delivery.h"

#include <algorithm>
#include <utility>

#include "relayd/base/utf8.h"
#include "relayd/mail/delivery_tags.h"
#include "relayd/mail/storage_reply.h"
#include "relayd/smtp/extensions.h"

namespace tsmtp::mail {
namespace {

// More than this waiting for the MTA, and the link waits too.
constexpr std::size_t kMaxUnsentBytes = 64 * 1024;
// So much of content is not written by itself.
constexpr std::size_t kSmallContentBytes = 16 * 1024;
constexpr std::size_t kInputPieceBytes = 16 * 1024;
// Less room for answers than this, and no record is read that asks for one.
constexpr std::size_t kLeastAnswerRoomBytes = 16 * 1024;
// RFC 5321 section 4.5.3.2: ten minutes for the final reply, five for others.
constexpr base::Duration kFinalTimeout = std::chrono::minutes(10);
constexpr base::Duration kStepTimeout = std::chrono::minutes(5);

}  // namespace

Delivery::Delivery(DeliverySettings settings, DeliveryHost& host, base::TimePoint now)
    : settings_(std::move(settings)),
      host_(host),
      reader_(settings_.takes_compressed),
      input_(kInputPieceBytes),
      started_(now),
      last_step_(now),
      envelope_(settings_.memory) {}

void Delivery::receive(std::string_view bytes, base::TimePoint now) {
  note_progress(bytes.size(), now);
  last_step_ = now;
  if (!input_.empty()) {
    input_.append(bytes);
    return process(now);
  }
  const std::size_t read = read_records(bytes, now);
  input_.append(bytes.substr(read));
  if (stream_open_ && read > 0) host_.consumed(read);
}

// Reads the bytes that waited for their turn. The rest stays without credit, so that the peer cannot make it
// grow.
void Delivery::process(base::TimePoint now) {
  std::size_t bytes = 0;
  bool is_all_read = true;
  do {  // what is compressed may have more without further bytes
    const std::size_t read = read_records(input_.front(), now);
    is_all_read = read == input_.front().size();
    input_.take(read);
    bytes += read;
  } while (is_all_read && !input_.empty());
  if (stream_open_ && bytes > 0) host_.consumed(bytes);
}

// Reads records as far as their turn has come, and says how many bytes those were.
std::size_t Delivery::read_records(std::string_view input, base::TimePoint now) {
  const std::size_t before = input.size();
  while (stream_open_ && may_read()) {
    const auto record = reader_.read(input);
    if (!record) {
      protocol_error(record.error().message, now);
      break;
    }
    if (!*record) break;
    std::visit(
        [&](const auto& r) {
          if constexpr (requires { this->on(r, now); }) {
            this->on(r, now);
          } else {
            protocol_error("peer sent a record that only the far side sends", now);
          }
        },
        **record);
  }
  return before - input.size();
}

bool Delivery::may_read() const {
  if (is_asking_) return false;
  switch (state_) {
    case State::kConnecting:
    case State::kDataSent:
      return false;
    case State::kContent:
      return has_room_for_content();
    case State::kEnvelope:
    case State::kRefused:
      return host_.stream_writable() >= kLeastAnswerRoomBytes;  // a peer that asks reads the answers too
    case State::kStart:
    case State::kClaiming:
    case State::kCommitting:
    case State::kRecording:
    case State::kReported:
      return true;
    case State::kOver:
      return false;
  }
  return false;
}

bool Delivery::gathers_content() const {
  const bool may_have_more = state_ == State::kContent || state_ == State::kClaiming;
  return may_have_more && session_->unsent_bytes() < kSmallContentBytes;
}

bool Delivery::has_room_for_content() const {
  return state_ == State::kContent && session_->unsent_bytes() < kMaxUnsentBytes;
}

void Delivery::on(const Mail& record, base::TimePoint now) {
  if (state_ != State::kStart) return protocol_error("peer sent a second Mail record", now);
  auto mail = smtp::parse_mail(record.argument);
  transaction_ = record.transaction;
  stages_.reached(Stage::kBegun, now);
  helo_ = record.helo;
  std::optional<smtp::Reply> refusal;
  if (mail) {
    envelope_.set_mail(std::move(*mail));
    refusal = policy::check_incoming_sender(settings_.rules, settings_.hub, envelope_.mail().path);
    if (!refusal)
      refusal = policy::check_size(settings_.rules, settings_.hub, smtp::declared_size(envelope_.mail()));
    if (!refusal && settings_.rate != nullptr) refusal = settings_.rate->begin_mail(settings_.hub, now);
  } else {
    refusal = mail.error();
  }
  if (!refusal && settings_.is_short_of_memory != nullptr && *settings_.is_short_of_memory)
    refusal = own_reply(452, "4.3.1", "this hub is out of memory");
  if (!refusal)
    if (const auto trouble = host_.ledger_trouble()) refusal = storage_reply(*trouble);
  if (host_.is_disowned(transaction_))
    refusal = own_reply(451, "4.4.2", "this try was given up; it has been said that it is not known here");
  if (refusal) return refuse_all(*refusal);
  connect(false, now);
}

void Delivery::on(const Rcpt& record, base::TimePoint now) {
  if ((state_ != State::kEnvelope && state_ != State::kRefused) || had_data_)
    return protocol_error("peer sent a Rcpt record out of turn", now);
  if (envelope_.recipients().size() >= kMaxRecipients)
    return protocol_error("peer sent more than 1,000 recipients", now);
  if (!envelope_.take_room(record.argument.size())) return no_room(now);
  auto rcpt = smtp::parse_rcpt(record.argument, envelope_.mail().has("SMTPUTF8"));
  std::optional<smtp::Reply> refusal = refusal_;
  if (!refusal && !rcpt) refusal = rcpt.error();
  if (!refusal) refusal = policy::check_incoming_recipient(settings_.rules, settings_.hub, rcpt->path);
  const auto index =
      envelope_.add({.rcpt = rcpt ? std::move(*rcpt) : smtp::PathCommand{}, .argument = record.argument});
  if (refusal) return refuse_rcpt(index, *refusal);
  send_rcpt(index);
}

void Delivery::refuse_rcpt(DeliveryEnvelope::Index index, const smtp::Reply& reply) {
  envelope_.set_verdict(index, reply);
  send(RcptVerdict{.index = index, .reply = reply});
}

// The whole mail is refused, for its recipients would come again one by one. One that goes on all the same is
// cut off.
void Delivery::no_room(base::TimePoint now) {
  const smtp::Reply full = own_reply(452, "4.3.1", "memory for mails under way is used up; try again later");
  if (state_ != State::kRefused) refuse_all(full);
  if (!envelope_.take_room_of_reserve()) return protocol_error("memory for mails under way is used up", now);
  refuse_rcpt(envelope_.add({.rcpt = {}, .argument = {}}), full);
}

// Each record that is answered comes once: a peer that asks again and again and reads no answer would fill
// our memory with them (P6).
void Delivery::on(const Data&, base::TimePoint now) {
  const bool may_come = state_ == State::kEnvelope || state_ == State::kRefused;
  if (!may_come || envelope_.recipients().empty() || std::exchange(had_data_, true))
    return protocol_error("peer sent a Data record out of turn", now);
  if (state_ == State::kRefused) return send(DataVerdict{*refusal_});
  state_ = State::kDataSent;
  if (takes_chunks() || envelope_.refusal_for_all()) return answer_data(now);
  send_data();
}

void Delivery::on(const Content& record, base::TimePoint now) {
  if (settings_.rate != nullptr) settings_.rate->count_bytes(record.bytes.size(), now);
  if (state_ == State::kRefused && had_data_) return;
  if (state_ != State::kContent) return protocol_error("peer sent content out of turn", now);
  size_bytes_ += record.bytes.size();
  std::optional<smtp::Reply> refusal = policy::check_size(settings_.rules, settings_.hub, size_bytes_);
  if (!refusal && !session_->extensions().eight_bit_mime && base::has_eighth_bit(record.bytes))
    refusal = own_reply(554, "5.6.3", "content has bytes beyond ASCII, and its MTA does not offer 8BITMIME");
  if (!refusal && !session_->content(record.bytes))
    refusal = own_reply(554, "5.6.0", "content has a CR or LF that is not part of a CRLF");
  if (!refusal) return;
  give_up_transaction();
  refuse(*refusal);
}

void Delivery::on(const Commit&, base::TimePoint now) {
  committed_ = now;
  stages_.reached(Stage::kEndOfContent, now);
  if (state_ == State::kRefused && had_data_) return report(*refusal_, now);
  if (state_ != State::kContent) return protocol_error("peer sent a Commit record out of turn", now);
  // A delivery that cannot be recorded might be repeated (P4).
  if (const auto trouble = host_.ledger_trouble()) {
    give_up_transaction();
    return report(storage_reply(*trouble), now);
  }
  host_.begin_commit(transaction_, envelope_.refused());
  state_ = State::kClaiming;
  ledger_.begin(now);
  if (!host_.claim(transaction_)) finish_content(now);
}

void Delivery::claimed(const std::optional<smtp::Reply>& refusal, base::TimePoint now) {
  if (state_ != State::kClaiming) return;  // its MTA is gone meanwhile
  if (!refusal) {
    stages_.reached(Stage::kClaimed, now);
    return finish_content(now);
  }
  give_up_transaction();
  report(*refusal, now);
}

void Delivery::finish_content(base::TimePoint now) {
  ledger_.end(now);
  if (!session_->finish_content(kFinalTag)) {
    give_up_transaction();
    return report(own_reply(554, "5.6.0", "content ends in a CR without LF"), now);
  }
  state_ = State::kCommitting;
  last_step_ = now;
}

void Delivery::protocol_error(const std::string& what, base::TimePoint now) {
  if (stream_open_) host_.reset_stream(what);
  lost(own_reply(451, "4.5.0", what), now);
}

void Delivery::peer_finished(base::TimePoint now) {
  if (state_ == State::kReported) {
    host_.finish_stream();
    stream_open_ = false;
    state_ = State::kOver;
    return;
  }
  protocol_error("peer finished a transaction before its end", now);
}

void Delivery::stream_lost(base::TimePoint now) {
  lost(own_reply(451, "4.4.2", "given up by the near side, or link lost, in the content"), now);
}

void Delivery::lost(const smtp::Reply& why, base::TimePoint now) {
  stream_open_ = false;
  is_asking_ = false;
  if (is_committing() || state_ == State::kOver) return;
  const bool was_open = state_ != State::kReported && state_ != State::kStart;
  give_up_transaction();
  if (was_open) end(refusal_.value_or(why), now);
  state_ = State::kOver;
}

void Delivery::refuse(const smtp::Reply& reply) {
  refusal_ = reply;
  state_ = State::kRefused;
  reader_.pass_over_content();
}

// Refuses whatever has been asked and not answered yet.
void Delivery::refuse_all(const smtp::Reply& reply) {
  // On the second connection, DATA may have been asked before there is one.
  const bool data_asked = state_ == State::kDataSent || (state_ == State::kConnecting && had_data_);
  give_up_transaction();
  refuse(reply);
  if (!envelope_.mail_verdict()) {
    envelope_.set_mail_verdict(reply);
    send(MailVerdict{reply});
  }
  for (std::size_t i = 0; i < envelope_.recipients().size(); ++i)
    if (!envelope_.recipients()[i].verdict) refuse_rcpt(static_cast<DeliveryEnvelope::Index>(i), reply);
  if (data_asked) send(DataVerdict{reply});
}

void Delivery::report(const smtp::Reply& reply, base::TimePoint now) {
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(now - committed_.value_or(now));
  send(FinalVerdict{.reply = reply, .took_ms = static_cast<std::uint32_t>(took.count())});
  end(reply, now);
  state_ = stream_open_ ? State::kReported : State::kOver;
}

// Makes the MTA forget what it heard of this transaction.
void Delivery::give_up_transaction() {
  if (session_ == nullptr) {
    if (state_ == State::kConnecting) host_.release_connection(false);
    return;
  }
  // There is no way out of DATA but to close; between chunks there is.
  session_->give_up_chunks();
  if (!data_sent_) session_->send("RSET", kResetTag);
  release(!data_sent_);
}

void Delivery::release(bool reusable) {
  if (session_ == nullptr) return;
  session_ = nullptr;
  host_.release_connection(reusable);
}

void Delivery::tick(base::TimePoint now) {
  if (now < deadline()) return;
  last_step_ = now;
  may_try_again_ = false;  // the near MTA has waited long enough
  asked_afresh_ = true;
  if (state_ == State::kConnecting)
    return connection_failed(own_reply(451, "4.4.1", "no connection to its MTA in time"), now);
  if (state_ == State::kClaiming || state_ == State::kCommitting || state_ == State::kEnvelope ||
      state_ == State::kDataSent)
    return connection_lost("no reply in time", {}, now);
  protocol_error("nothing heard of this transaction for too long", now);
}

base::TimePoint Delivery::deadline() const {
  return last_step_ + (state_ == State::kCommitting ? kFinalTimeout : kStepTimeout);
}

void Delivery::end(const smtp::Reply& reply, base::TimePoint now) {
  stages_.reached(Stage::kAnswered, now);
  host_.ended(summary(reply, now));
}

Summary Delivery::summary(const smtp::Reply& reply, base::TimePoint now) const {
  const base::TimePoint whole = committed_.value_or(now);
  const base::Duration connecting = connecting_.all(now);
  const base::Duration ledger = ledger_.all(now);
  Summary summary{.direction = Direction::kIn,
                  .site = settings_.site,
                  .hub = settings_.site_hub,
                  .transaction = transaction_,
                  .helo = helo_,
                  .lmtp = false,
                  .sender = envelope_.mail().path.text,
                  .recipients = {},
                  .size_bytes = size_bytes_,
                  .link_bytes = reader_.content_bytes(),
                  .reply = reply,
                  .took = {.total = now - started_,
                           .ledger = ledger,
                           .link = whole - started_ - connecting,
                           .far_mta = connecting + (now - whole) - ledger,
                           .connecting = connecting},
                  .stages = stages_,
                  .repeated = was_delivered_before_};
  for (const auto& recipient : envelope_.recipients()) {
    const bool refused = recipient.verdict && !recipient.verdict->is_positive();
    summary.recipients.push_back(
        {.address = recipient.rcpt.path.text, .reply = refused ? *recipient.verdict : reply});
  }
  return summary;
}

void Delivery::send(const Record& record) {
  if (stream_open_) host_.write_stream(encode(record));
}

// The MTA's reply, if it can be the end of something: a 3yz cannot.
smtp::Reply Delivery::final_reply(const smtp::Reply& reply, const std::string& to) const {
  if (!reply.is_intermediate()) return reply;
  return own_reply(451, "4.5.0", "its MTA answered " + to + " with " + reply.summary());
}

smtp::Reply Delivery::own_reply(int code, std::string_view enhanced, const std::string& text) const {
  return smtp::make_reply(code, enhanced, settings_.hub + ": " + text);
}

}  // namespace tsmtp::mail
