#include "relayd/net/intake_connection.h"

#include "relayd/mail/service.h"
#include "relayd/net/io/clocks.h"
#include "relayd/net/ledger/doubt_recording.h"

namespace tsmtp::net {
namespace {

// A client that has read a reply is given this time to make note of it.
constexpr std::chrono::seconds kReadingTime{2};

}  // namespace

IntakeConnection::IntakeConnection(ByteChannel::Socket socket, const Surroundings& surroundings,
                                   mail::IntakeSettings settings, const mail::Intake::Beginning& beginning,
                                   Callbacks callbacks)
    : shared_(surroundings.shared),
      site_(surroundings.site),
      hubs_(surroundings.hubs),
      turns_(surroundings.turns),
      taker_(surroundings.taker),
      callbacks_(std::move(callbacks)),
      announced_(settings.offered),
      channel_(std::move(socket), *this),
      intake_(std::move(settings), *this, shared_.digests, now(), beginning),
      idle_since_(now()),
      turn_timer_(shared_.executor) {}

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

void IntakeConnection::go_on_without(const SiteHub& hub) {
  if (gone_ || !intake_.in_transaction()) return;
  std::vector<mux::StreamKey> given_up(questions_.begin(), questions_.end());
  given_up.push_back(current_);
  std::erase_if(given_up, [&](mux::StreamKey stream) { return hub_of(stream) != &hub; });
  const std::string cause = hubs_.cause_of(hub, hub.link().down_text());
  for (const mux::StreamKey stream : given_up) {
    SiteHub* const its = hub_of(stream);
    if (its == nullptr) continue;  // it went with the one before
    its->link().reset(stream, mux::ResetCode::kCancelled, "given up by the near side");
    on_stream_lost(stream, cause);
  }
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

// What it says now is for the one that takes it, and shows that it has read what we said.
bool IntakeConnection::gives_away() {
  if (gone_ || leaving_ || !taker_ || !intake_.resting() || !channel_->has_bytes()) return false;
  intake_.client_has_read();
  give_away();
  return gone_;
}

void IntakeConnection::give_away() {
  if (gone_ || leaving_ || intake_.awaits_confirmation()) return;
  const auto dialogue = intake_.resting();
  if (!taker_ || !dialogue || !can_be_told(*dialogue)) return;
  const int socket = channel_->descriptor();
  if (!taker_({.dialogue = *dialogue, .announced = announced_}, socket)) return;
  channel_->let_go();
  on_closed(true, "");
}

void IntakeConnection::on_closed(bool clean, const std::string&) {
  if (std::exchange(gone_, true)) return;
  turns_.leave(this);
  intake_.client_closed(clean, now());
  count_mail();
  callbacks_.gone(*this);
}

void IntakeConnection::on_stream_bytes(mux::StreamKey stream, std::string_view bytes) {
  if (gone_) return consumed(stream, bytes.size());
  intake_.stream_received(stream, bytes, now());
  after_event();
}

void IntakeConnection::on_stream_finished(mux::StreamKey stream) {
  // The far side finishes only after us. Otherwise there is nothing more to be had from it, and the link must
  // forget us.
  if (SiteHub* const hub = hub_of(stream))
    hub->link().reset(stream, mux::ResetCode::kFailed, "finished before its end");
  on_stream_lost(stream, "the far side ended the transaction");
}

void IntakeConnection::on_stream_writable(mux::StreamKey) {
  after_event();
}

void IntakeConnection::on_stream_lost(mux::StreamKey stream, const std::string& cause) {
  if (gone_) {
    streams_.erase(stream);
    return;
  }
  intake_.stream_lost(stream, cause, now());  // which may ask whose it was
  streams_.erase(stream);
  questions_.erase(stream);
  after_event();
}

SiteHub* IntakeConnection::hub_of(mux::StreamKey stream) const {
  const auto found = streams_.find(stream);
  return found == streams_.end() ? nullptr : found->second;
}

// Writes, reads on or holds back, and closes: whatever the last event made possible.
void IntakeConnection::after_event() {
  if (gone_) return;
  count_mail();
  if (intake_.in_transaction()) idle_since_ = now();
  channel_->flush(intake_.output());
  if (intake_.finished() && intake_.output().empty())
    return channel_->close_gently(intake_.awaits_confirmation());
  channel_->set_reading(intake_.wants_input());
  set_turn_timer();
}

void IntakeConnection::count_mail() {
  SiteHub* const has_it = !gone_ && intake_.in_transaction() ? hub_of(current_) : nullptr;
  if (has_it == counts_at_) return;
  if (counts_at_ != nullptr) counts_at_->mail_ends();
  if (has_it != nullptr) hubs_.mail_begins(*has_it);
  counts_at_ = has_it;
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
  const SiteLink& link = hubs_.for_mail(announced_).link();
  if (link.is_full()) {
    callbacks_.link_full(*this);
    return false;
  }
  if (link.resets_left() < mail::ClientStanding::resets_wanted(rank)) return false;
  turns_.leave(this);
  return true;
}

base::Result<mux::StreamKey> IntakeConnection::open_stream() {
  turns_.leave(this);  // it may have waited for too long to wait any longer
  SiteHub& hub = hubs_.for_mail(announced_);
  auto stream = hub.link().open(mail::kService, *this);
  if (!stream) return base::Error{hubs_.cause_of(hub, stream.error().message)};
  streams_[*stream] = &hub;
  current_ = *stream;
  return stream;
}

bool IntakeConnection::has_other_hub(mux::StreamKey stream) const {
  const SiteHub* const hub = hub_of(stream);
  return hub != nullptr && hubs_.has_other_than(*hub, announced_);
}

base::Result<mail::IntakeHost::Question> IntakeConnection::open_question(const std::string& transaction,
                                                                         mux::StreamKey stream) {
  SiteHub* const own = hub_of(stream);
  if (own == nullptr) return Question{.stream = stream};
  const auto hub = hubs_.of_doubt(transaction, *own);
  if (!hub) return hub.error();
  const mail::Ask::Went went = hubs_.went(**hub, transaction);
  if (*hub == own) return Question{.stream = stream, .went = went};
  const auto question = (*hub)->link().open(mail::kService, *this);
  if (!question) return base::Error{hubs_.cause_of(**hub, question.error().message)};
  streams_[*question] = *hub;
  questions_.insert(*question);
  return Question{.stream = *question, .went = went};
}

std::size_t IntakeConnection::stream_writable(mux::StreamKey stream) const {
  const SiteHub* const hub = hub_of(stream);
  return hub == nullptr ? 0 : hub->link().writable(stream);
}

void IntakeConnection::write_stream(mux::StreamKey stream, std::string_view bytes) {
  if (SiteHub* const hub = hub_of(stream)) hub->link().write(stream, bytes);
}

void IntakeConnection::consumed(mux::StreamKey stream, std::size_t bytes) {
  if (SiteHub* const hub = hub_of(stream)) hub->link().consumed(stream, bytes);
}

bool IntakeConnection::stream_takes_compressed(mux::StreamKey stream) const {
  const SiteHub* const hub = hub_of(stream);
  return hub != nullptr && hub->link().compresses(stream);
}

void IntakeConnection::finish_stream(mux::StreamKey stream) {
  if (questions_.erase(stream) == 0) turns_.finished_mail(source());
  SiteHub* const hub = hub_of(stream);
  if (hub == nullptr) return;
  hub->link().finish(stream);
  hub->link().forget(stream);
  streams_.erase(stream);
}

void IntakeConnection::reset_stream(mux::StreamKey stream) {
  SiteHub* const hub = hub_of(stream);
  if (questions_.erase(stream) == 0 && !is_wasteful_)
    turns_.gave_up(source(), now());  // else it is known for it by itself
  if (hub == nullptr) return;
  hub->link().reset(stream, mux::ResetCode::kCancelled, "given up by the near side");
  streams_.erase(stream);
}

ledger::DoubtPlace IntakeConnection::place_of_doubt() const {
  const SiteHub* const hub = hub_of(current_);
  return hub == nullptr ? ledger::DoubtPlace() : hub->place_of_doubt();
}

void IntakeConnection::record_doubt(const std::string& transaction,
                                    const std::vector<ledger::DoubtfulRecipient>& recipients) {
  if (!client_) {
    const auto user = channel_->user();
    client_ = user ? ledger::Client(*user) : ledger::Client(ledger::Client::kNoUser, channel_->network());
  }
  if (shared_.shared_doubts != nullptr) return share_doubt(transaction, recipients);
  shared_.ledger.record_doubt(
      site_.name, transaction, recipients,
      [self = shared_from_this(), transaction](const base::Result<void>& result) {
        if (self->gone_) return;
        self->intake_.recorded(transaction, result, now());
        self->after_event();
      },
      *client_, place_of_doubt());
}

void IntakeConnection::share_doubt(const std::string& transaction,
                                   const std::vector<ledger::DoubtfulRecipient>& recipients) {
  const ledger::DoubtPlace place = place_of_doubt();
  record_in_both(
      {.site = site_.name, .transaction = transaction, .recipients = recipients, .place = place},
      {.ledger = shared_.ledger, .client = *client_, .shared = *shared_.shared_doubts},
      [self = shared_from_this(), transaction](const base::Result<SharedDoubts::Recorded>& result) {
        if (self->gone_) return;
        if (result && *result == SharedDoubts::Recorded::kAlone) self->alone_ = transaction;
        if (result && *result == SharedDoubts::Recorded::kTriedBefore) {
          self->intake_.tried_before(transaction, now());
        } else {
          self->intake_.recorded(transaction, result ? base::Result<void>() : result.error(), now());
        }
        self->after_event();
      });
}

std::optional<ledger::DoubtKey> IntakeConnection::claim_doubt(const std::string& mail) {
  return shared_.ledger.claim_doubt(site_.name, mail);
}

bool IntakeConnection::is_in_doubt(const std::string& address) const {
  return shared_.ledger.is_in_doubt(site_.name, address);
}

bool IntakeConnection::is_anybody_in_doubt() const {
  return shared_.ledger.is_anybody_in_doubt(site_.name);
}

std::set<std::string> IntakeConnection::transactions_to_split(const std::string& address) const {
  return shared_.ledger.transactions_to_split(site_.name, address);
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
  callbacks_.ended(with_hub(summary));
}

std::optional<mail::Summary> IntakeConnection::so_far(base::TimePoint now) const {
  const auto summary = intake_.so_far(now);
  return summary ? std::optional(with_hub(*summary)) : std::nullopt;
}

// Which hub has it, and whether etcd knows of it, the intake does not know.
mail::Summary IntakeConnection::with_hub(const mail::Summary& summary) const {
  mail::Summary out = summary;
  if (counts_at_ != nullptr) out.hub = counts_at_->name_among_several();
  out.without_etcd = !alone_.empty() && alone_ == summary.transaction;
  return out;
}

}  // namespace tsmtp::net
