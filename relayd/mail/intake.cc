#include "relayd/mail/intake.h"

#include <algorithm>
#include <utility>

namespace tsmtp::mail {
namespace {

// More content than this waiting for the link, and the client waits too.
constexpr std::size_t kLeastWritableBytes = 16 * 1024;

// A MAIL that has no turn asks again so often, and so long.
constexpr std::chrono::milliseconds kLookAgain{50};
constexpr std::chrono::seconds kLongestWaitForTurn{60};

constexpr char kClientGone[] = "the connection from our MTA ended before it had the reply";

// While somebody is in doubt, a mail that was delivered may come again: neither we nor its client refuse it
// by rules that are newer than it before it is known which mail it is.
smtp::ServerOptions server_options(const IntakeSettings& settings, const IntakeHost& host) {
  // Never our near MTA's own name, which sendmail takes for a mail loop.
  return {.name = settings.site + ".tsmtp",
          .offered = settings.offered,
          .sessions = settings.sessions,
          .leaves_refusals = true,
          .hides_size_limit = host.is_anybody_in_doubt()};
}

smtp::ServerSession session_that_begins(const Intake::Beginning& beginning, smtp::ServerOptions options) {
  if (const auto* const refusal = std::get_if<smtp::Reply>(&beginning))
    return smtp::ServerSession::refusing(*refusal);
  if (const auto* const resting = std::get_if<smtp::Resting>(&beginning))
    return {std::move(options), *resting};
  return smtp::ServerSession(std::move(options));
}

}  // namespace

Intake::Intake(IntakeSettings settings, IntakeHost& host, const base::DigestMaker& digests,
               base::TimePoint now, const Beginning& beginning)
    : settings_(std::move(settings)),
      host_(host),
      digests_(digests),
      session_(session_that_begins(beginning, server_options(settings_, host_))),
      last_step_(now) {
  draw_requests(now);
}

std::optional<smtp::Resting> Intake::resting() const {
  return current_ || waiting_ || shutting_down_ || finished_ ? std::nullopt : session_.resting();
}

void Intake::receive(std::string_view bytes, base::TimePoint now) {
  last_step_ = now;
  // Bytes that come after the final reply was written show that the client has gone on: it has read the
  // reply.
  if (!bytes.empty() && output().empty()) client_has_read();
  session_.receive(bytes);
  draw_requests(now);
}

void Intake::client_has_read() {
  for (const auto& outgoing : unconfirmed_)
    outgoing->confirm();
  unconfirmed_.clear();
}

void Intake::client_closed(bool clean, base::TimePoint now) {
  for (const auto& outgoing : unconfirmed_) {
    if (clean && output().empty()) {
      outgoing->confirm();
    } else {
      outgoing->give_up(kClientGone, now);
    }
  }
  unconfirmed_.clear();
  if (current_) current_->give_up(kClientGone, now);
  current_.reset();
  finished_ = true;
}

bool Intake::wants_input() const {
  if (finished_ || waiting_ || !session_.wants_input()) return false;
  return !in_transaction() || !current_->is_streaming() ||
         host_.stream_writable(current_->stream()) >= kLeastWritableBytes;
}

void Intake::shut_down(const smtp::Reply& reply, base::TimePoint now) {
  shutting_down_ = reply;
  after_event(now);
}

void Intake::dismiss(const smtp::Reply& reply, const std::string& cause, base::TimePoint now) {
  if (current_) current_->give_up(cause, now);
  waiting_.reset();
  session_.close(reply);
  after_event(now);
  draw_requests(now);
}

void Intake::draw_requests(base::TimePoint now) {
  while (!finished_ && !(current_ && current_->is_leaving())) {
    const auto request = waiting_ ? std::exchange(waiting_, {}) : session_.next();
    if (!request) break;
    if (std::holds_alternative<smtp::MailRequest>(*request) && !take_turn(now)) {
      waiting_ = request;
      break;
    }
    std::visit([&](const auto& r) { on(r, now); }, *request);
    after_event(now);
  }
}

// A client that has begun mails and given them up waits for it, so that others need not.
bool Intake::take_turn(base::TimePoint now) {
  if (waits_since_ == base::TimePoint{}) waits_since_ = now;
  const bool has_turn = now >= standing_.not_before() &&
                        (host_.take_turn(standing_.rank()) || now >= waits_since_ + kLongestWaitForTurn);
  if (has_turn || shutting_down_) {
    waits_since_ = {};
    return true;
  }
  next_look_ = std::max(standing_.not_before(), now + kLookAgain);
  return false;
}

std::optional<base::TimePoint> Intake::next_turn() const {
  return waiting_ && !finished_ ? std::optional(next_look_) : std::nullopt;
}

void Intake::on(const smtp::MailRequest& request, base::TimePoint now) {
  held_ = request.refusal;
  if (!held_)
    held_ = policy::check_size(settings_.rules, settings_.site, smtp::declared_size(request.command));
  if (held_ && !host_.is_anybody_in_doubt()) return session_.reply(request.ticket, *held_);
  if (settings_.is_short_of_memory != nullptr && *settings_.is_short_of_memory)
    return session_.reply(request.ticket, site_reply(452, "4.3.1", "this hub is out of memory"));
  if (settings_.rate != nullptr)
    if (const auto refusal = settings_.rate->begin_mail(settings_.site, now))
      return session_.reply(request.ticket, *refusal);
  const auto stream = host_.open_stream();
  if (!stream) return session_.close(site_reply(421, "4.4.1", stream.error().message));
  current_ =
      std::make_unique<Outgoing>(OutgoingContext{.host = host_,
                                                 .session = session_,
                                                 .site = settings_.site,
                                                 .digests = digests_,
                                                 .max_message_bytes = settings_.rules.max_message_bytes,
                                                 .early_reply = settings_.sessions.early_reply,
                                                 .compression = settings_.compression,
                                                 .refused = settings_.refused,
                                                 .memory = settings_.memory},
                                 *stream, request, now);
}

void Intake::on(const smtp::RcptRequest& request, base::TimePoint now) {
  if (!current_)
    return session_.reply(request.ticket, smtp::make_reply(503, "5.5.1", "MAIL was refused, no RCPT now"));
  std::optional<smtp::Reply> refusal = held_ ? held_ : request.refusal;
  if (!refusal)
    refusal = policy::check_outgoing_recipient(settings_.rules, settings_.site, request.command.path);
  if (!refusal && current_->recipient_count() >= kMaxRecipients)
    return session_.reply(request.ticket, site_reply(452, "4.5.3", "too many recipients for one mail"));
  current_->add_recipient(request, refusal, now);
}

void Intake::on(const smtp::DataRequest& request, base::TimePoint now) {
  if (!current_)
    return session_.reply(request.ticket, smtp::make_reply(503, "5.5.1", "MAIL was refused, no DATA now"));
  current_->data(request, now);
}

void Intake::on(const smtp::ContentPiece& piece, base::TimePoint now) {
  if (settings_.rate != nullptr) settings_.rate->count_bytes(piece.bytes.size(), now);
  if (current_) current_->content(piece.bytes, now);
}

void Intake::on(const smtp::ContentEnd& end, base::TimePoint now) {
  if (current_) current_->content_end(end, now);
}

void Intake::on(const smtp::Abandoned&, base::TimePoint now) {
  if (current_) standing_.gave_up(now);
  if (current_) current_->abandon(now);
}

void Intake::on(const smtp::Finished&, base::TimePoint) {
  finished_ = true;
}

void Intake::stream_received(mux::StreamKey stream, std::string_view bytes, base::TimePoint now) {
  host_.consumed(stream, bytes.size());
  Outgoing* outgoing = find(stream);
  if (outgoing == nullptr) return;
  if (outgoing->question() == stream) {
    outgoing->question_received(bytes, now);
  } else {
    outgoing->receive(bytes, now);
  }
  after_event(now);
  draw_requests(now);
}

void Intake::stream_lost(mux::StreamKey stream, const std::string& cause, base::TimePoint now) {
  Outgoing* outgoing = find(stream);
  if (outgoing == nullptr) return;
  if (outgoing->question() == stream) {
    outgoing->question_lost(cause, now);
  } else if (!move(*outgoing)) {
    outgoing->stream_lost(cause, now);
  }
  after_event(now);
  draw_requests(now);
}

bool Intake::move(Outgoing& outgoing) {
  if (!outgoing.can_move() || !host_.has_other_hub(outgoing.stream())) return false;
  const auto stream = host_.open_stream();
  if (stream) outgoing.move_to(*stream);
  return stream.has_value();
}

void Intake::recorded(const std::string& transaction, const base::Result<void>& result, base::TimePoint now) {
  if (!current_ || current_->transaction() != transaction) return;
  current_->recorded(result, now);
  after_event(now);
  draw_requests(now);
}

void Intake::tried_before(const std::string& transaction, base::TimePoint now) {
  if (!current_ || current_->transaction() != transaction) return;
  current_->tried_before(now);
  after_event(now);
  draw_requests(now);
}

void Intake::tick(base::TimePoint now) {
  if (current_) current_->send_unsent();
  if (waiting_ && now >= next_look_) draw_requests(now);
  if (now < deadline() || finished_) return;
  const bool far_is_late = current_ && current_->awaits_far();
  const std::string cause = far_is_late ? "no verdict from the far MTA in time"
                                        : "nothing heard from the client for " +
                                              std::to_string(settings_.sessions.client_timeout.count()) +
                                              " s, closing";
  dismiss(site_reply(421, "4.4.2", cause), cause, now);
}

base::TimePoint Intake::deadline() const {
  return last_step_ +
         (current_ && current_->awaits_far() ? settings_.far_timeout : settings_.sessions.client_timeout);
}

// Moves transactions on in their life after anything that may have changed it.
void Intake::after_event(base::TimePoint now) {
  if (current_ && current_->is_answered()) {
    standing_.finished_mail();
    unconfirmed_.push_back(std::move(current_));
    last_step_ = now;
  } else if (current_ && current_->is_over()) {
    if (const auto& cause = current_->envelope_loss()) session_.close(site_reply(421, "4.4.1", *cause));
    current_.reset();
    last_step_ = now;
  }
  if (shutting_down_ && !current_) {
    session_.close(*shutting_down_);
    shutting_down_.reset();
    draw_requests(now);
  }
}

Outgoing* Intake::find(mux::StreamKey stream) {
  if (stream == 0) return nullptr;
  const auto has_it = [stream](const std::unique_ptr<Outgoing>& outgoing) {
    return outgoing->stream() == stream || outgoing->question() == stream;
  };
  if (current_ && has_it(current_)) return current_.get();
  const auto found = std::find_if(unconfirmed_.begin(), unconfirmed_.end(), has_it);
  return found == unconfirmed_.end() ? nullptr : found->get();
}

smtp::Reply Intake::site_reply(int code, std::string_view enhanced, const std::string& text) const {
  return smtp::make_reply(code, enhanced, settings_.site + ": " + text);
}

}  // namespace tsmtp::mail
