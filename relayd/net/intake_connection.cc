#include "relayd/net/intake_connection.h"

#include "relayd/mail/service.h"
#include "relayd/net/io/clocks.h"
#include "relayd/net/ledger/doubt_recording.h"

namespace tsmtp::net {
namespace {

// A client that has read a reply is given this time to make note of it.
constexpr std::chrono::seconds kReadingTime{2};

mail::Intake make_intake(mail::IntakeSettings settings, const std::optional<smtp::Reply>& refusal,
                         mail::IntakeHost& host, const base::DigestMaker& digests) {
  if (refusal) return {std::move(settings), *refusal, host, digests, now()};
  return {std::move(settings), host, digests, now()};
}

}  // namespace

IntakeConnection::IntakeConnection(ByteChannel::Socket socket, const SharedBySites& shared, SiteLink& link,
                                   mail::Turns& turns, mail::IntakeSettings settings,
                                   const std::optional<smtp::Reply>& refusal, Callbacks callbacks)
    : shared_(shared),
      link_(link),
      turns_(turns),
      callbacks_(std::move(callbacks)),
      channel_(std::move(socket), *this),
      intake_(make_intake(std::move(settings), refusal, *this, shared.digests)),
      idle_since_(now()),
      turn_timer_(shared.executor) {}

void IntakeConnection::start() {
  after_event();
}

void IntakeConnection::tick() {
  if (gone_) return;
  // A client that is idle and has read its reply may be killed, and so may we, with nothing in doubt.
  if (intake_.awaits_confirmation() && !intake_.in_transaction() && intake_.output().empty() &&
      now() >= intake_.last_step() + kReadingTime && channel_->was_read_here())
    intake_.client_has_read();
  intake_.tick(now());
  after_event();
}

void IntakeConnection::shut_down(const smtp::Reply& reply) {
  if (gone_) return;
  leaving_ = true;
  intake_.shut_down(reply, now());
  after_event();
}

void IntakeConnection::dismiss(const smtp::Reply& reply, const std::string& cause) {
  if (gone_) return;
  leaving_ = true;
  intake_.dismiss(reply, cause, now());
  after_event();
}

void IntakeConnection::abort() {
  if (gone_) return;
  channel_->detach();
  on_closed(false, "relayd is stopping");
}

void IntakeConnection::on_bytes(std::string_view bytes) {
  intake_.receive(bytes, now());
  after_event();
}

void IntakeConnection::on_writable() {
  after_event();
}

bool IntakeConnection::on_end() {
  return intake_.goes_on_without_input();
}

void IntakeConnection::on_closed(bool clean, const std::string&) {
  if (std::exchange(gone_, true)) return;
  turns_.leave(this);
  intake_.client_closed(clean, now());
  callbacks_.gone(*this);
}

void IntakeConnection::on_stream_bytes(mux::StreamKey stream, std::string_view bytes) {
  if (gone_) return link_.consumed(stream, bytes.size());
  intake_.stream_received(stream, bytes, now());
  after_event();
}

void IntakeConnection::on_stream_finished(mux::StreamKey stream) {
  // The far side finishes only after us. Otherwise there is nothing more to be had from it, and the link must
  // forget us.
  link_.reset(stream, mux::ResetCode::kFailed, "finished before its end");
  if (gone_) return;
  intake_.stream_lost(stream, "the far side ended the transaction", now());
  after_event();
}

void IntakeConnection::on_stream_writable(mux::StreamKey) {
  after_event();
}

void IntakeConnection::on_stream_lost(mux::StreamKey stream, const std::string& cause) {
  if (gone_) return;
  intake_.stream_lost(stream, cause, now());
  after_event();
}

// Writes, reads on or holds back, and closes: whatever the last event made possible.
void IntakeConnection::after_event() {
  if (gone_) return;
  if (intake_.in_transaction()) idle_since_ = now();
  channel_->flush(intake_.output());
  if (intake_.finished() && intake_.output().empty())
    return channel_->close_gently(intake_.awaits_confirmation());
  channel_->set_reading(intake_.wants_input());
  set_turn_timer();
}

void IntakeConnection::set_turn_timer() {
  const auto next = intake_.next_turn();
  if (!next || std::exchange(waits_for_turn_, true)) return;
  turn_timer_.expires_at(*next);
  turn_timer_.async_wait([self = shared_from_this()](const boost::system::error_code&) {
    self->waits_for_turn_ = false;
    self->tick();
  });
}

// Read while it is there: one that gives a mail up by going cannot be asked any more.
const std::string& IntakeConnection::source() {
  if (source_.empty()) source_ = channel_->source();
  return source_;
}

bool IntakeConnection::take_turn(mail::ClientStanding::Rank own) {
  const mail::ClientStanding::Rank rank = turns_.rank(source(), own, now());
  is_wasteful_ = own == mail::ClientStanding::Rank::kWasteful;
  if (!turns_.stand_in_line(this, source(), rank)) return false;
  if (link_.is_full()) {
    callbacks_.link_full(*this);
    return false;
  }
  if (link_.resets_left() < mail::ClientStanding::resets_wanted(rank)) return false;
  turns_.leave(this);
  return true;
}

base::Result<mux::StreamKey> IntakeConnection::open_stream() {
  turns_.leave(this);  // it may have waited for too long to wait any longer
  return link_.open(mail::kService, *this);
}

std::size_t IntakeConnection::stream_writable(mux::StreamKey stream) const {
  return link_.writable(stream);
}

void IntakeConnection::write_stream(mux::StreamKey stream, std::string_view bytes) {
  link_.write(stream, bytes);
}

void IntakeConnection::consumed(mux::StreamKey stream, std::size_t bytes) {
  link_.consumed(stream, bytes);
}

bool IntakeConnection::stream_takes_compressed(mux::StreamKey stream) const {
  return link_.compresses(stream);
}

void IntakeConnection::finish_stream(mux::StreamKey stream) {
  turns_.finished_mail(source());
  link_.finish(stream);
  link_.forget(stream);
}

void IntakeConnection::reset_stream(mux::StreamKey stream) {
  if (!is_wasteful_) turns_.gave_up(source(), now());  // else it is known for it by itself
  link_.reset(stream, mux::ResetCode::kCancelled, "given up by the near side");
}

void IntakeConnection::record_doubt(const std::string& transaction,
                                    const std::vector<ledger::DoubtfulRecipient>& recipients) {
  if (!client_) {
    const auto user = channel_->user();
    client_ = user ? ledger::Client(*user) : ledger::Client(ledger::Client::kNoUser, channel_->network());
  }
  if (shared_.shared_doubts != nullptr) return share_doubt(transaction, recipients);
  shared_.ledger.record_doubt(
      link_.site(), transaction, recipients,
      [self = shared_from_this(), transaction](const base::Result<void>& result) {
        if (self->gone_) return;
        self->intake_.recorded(transaction, result, now());
        self->after_event();
      },
      *client_);
}

void IntakeConnection::share_doubt(const std::string& transaction,
                                   const std::vector<ledger::DoubtfulRecipient>& recipients) {
  record_in_both(
      {.site = link_.site(), .transaction = transaction, .recipients = recipients},
      {.ledger = shared_.ledger, .client = *client_, .shared = *shared_.shared_doubts},
      [self = shared_from_this(), transaction](const base::Result<SharedDoubts::Recorded>& result) {
        if (self->gone_) return;
        if (result && *result == SharedDoubts::Recorded::kTriedBefore) {
          self->intake_.tried_before(transaction, now());
        } else {
          self->intake_.recorded(transaction, result ? base::Result<void>() : result.error(), now());
        }
        self->after_event();
      });
}

std::optional<ledger::DoubtKey> IntakeConnection::claim_doubt(const std::string& mail) {
  return shared_.ledger.claim_doubt(link_.site(), mail);
}

bool IntakeConnection::is_in_doubt(const std::string& address) const {
  return shared_.ledger.is_in_doubt(link_.site(), address);
}

bool IntakeConnection::is_anybody_in_doubt() const {
  return shared_.ledger.is_anybody_in_doubt(link_.site());
}

std::set<std::string> IntakeConnection::transactions_to_split(const std::string& address) const {
  return shared_.ledger.transactions_to_split(link_.site(), address);
}

void IntakeConnection::must_go_alone(const ledger::DoubtKey& key) {
  shared_.ledger.must_go_alone(key);
}

void IntakeConnection::mark_in_doubt(const std::string& transaction) {
  shared_.ledger.mark_in_doubt(transaction);
}

void IntakeConnection::mark_in_doubt(const ledger::DoubtKey& key) {
  shared_.ledger.mark_in_doubt(key);
}

void IntakeConnection::settle_doubt(const std::string& transaction) {
  shared_.ledger.settle_doubt(transaction);
}

bool IntakeConnection::settle_doubt(const ledger::DoubtKey& key) {
  return shared_.ledger.settle_doubt(key);
}

void IntakeConnection::ended(const mail::Summary& summary) {
  callbacks_.ended(summary);
}

}  // namespace tsmtp::net
