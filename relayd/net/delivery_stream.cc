#include "relayd/net/delivery_stream.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "relayd/net/io/clocks.h"
#include "relayd/smtp/shown_cause.h"

namespace tsmtp::net {
namespace {

// Each takes up to 64 KiB to our MTA.
constexpr int kStepsAtATime = 16;

}  // namespace

DeliveryStream::DeliveryStream(mux::StreamKey stream, const SharedBySites& shared, SiteLink& link,
                               MtaPool& pool, mail::DeliverySettings settings, Callbacks callbacks)
    : stream_(stream),
      shared_(shared),
      link_(link),
      pool_(pool),
      pin_(shared.ledger.pin_of(link.site())),
      hub_(settings.hub),
      mta_(settings.mta),
      callbacks_(std::move(callbacks)),
      delivery_(std::move(settings), *this, now()) {}

DeliveryStream::~DeliveryStream() {
  release_connection(false);
}

void DeliveryStream::tick() {
  if (gone_) return;
  delivery_.tick(now());
  if (connection_) connection_->flush();
  after_event();
}

void DeliveryStream::abort() {
  gone_ = true;
  if (commit_) commit_->leave();  // what relayd cannot wait for, its witness can
  if (claim_) static_cast<void>(claim_->leave());
  release_connection(false);
}

void DeliveryStream::on_stream_bytes(mux::StreamKey, std::string_view bytes) {
  delivery_.receive(bytes, now());
  after_event();
}

void DeliveryStream::on_stream_finished(mux::StreamKey) {
  delivery_.peer_finished(now());
  after_event();
}

void DeliveryStream::on_stream_writable(mux::StreamKey) {
  if (delivery_.wants_step()) delivery_.step(now());
  after_event();
}

void DeliveryStream::on_stream_lost(mux::StreamKey, const std::string&) {
  delivery_.stream_lost(now());
  after_event();
}

void DeliveryStream::give_up(const std::string& transaction) {
  if (!in_transaction() || delivery_.is_committing() || delivery_.transaction() != transaction) return;
  link_.reset(stream_, mux::ResetCode::kCancelled, "tried again by another transaction");
  delivery_.stream_lost(now());
  after_event();
}

void DeliveryStream::on_mta_ready(const std::shared_ptr<MtaConnection>& connection,
                                  smtp::ClientSession& session) {
  request_.reset();
  connection_ = connection;
  delivery_.connected(session, now());
  after_event();
}

void DeliveryStream::on_mta_failed(const std::string& cause, const std::optional<smtp::Reply>& said) {
  request_.reset();
  // Always 4yz: a near MTA must not bounce mail because a far one is out of order for the moment.
  const std::string before = hub_ + (said ? ": its MTA answered: " : ": its MTA: ");
  const std::string what = said ? said->summary() : cause.empty() ? "no cause is known" : cause;
  const std::size_t other = smtp::make_reply(451, "4.4.1", before).summary().size();
  const std::string shown = smtp::shown_cause(what + ", " + mta_, other);
  delivery_.connection_failed(smtp::make_reply(451, "4.4.1", before + shown), now());
  after_event();
}

void DeliveryStream::on_mta_step() {
  delivery_.step(now());
  after_event();
}

void DeliveryStream::on_mta_lost(const std::string& cause) {
  connection_.reset();
  delivery_.connection_lost(cause, {}, now());
  after_event();
}

void DeliveryStream::on_mta_wanted(base::Duration silence) {
  delivery_.give_up_silent(silence, now());
  after_event();
}

void DeliveryStream::after_event() {
  write_mta();
  for (int steps = 0; connection_ && delivery_.wants_step(); ++steps) {
    if (steps == kStepsAtATime) return go_on_later();
    delivery_.step(now());
    if (connection_) connection_->flush();
  }
  if (!delivery_.is_committing()) {
    commit_.reset();
    claim_.reset();
  }
  if (!delivery_.is_over() || gone_) return;
  gone_ = true;
  callbacks_.gone(*this);
}

void DeliveryStream::write_mta() {
  if (!connection_ || delivery_.gathers_content()) return;
  if (delivery_.has_room_for_content()) return connection_->flush_soon();
  connection_->flush();
}

// A few compressed bytes may stand for very many: others have their turn between them.
void DeliveryStream::go_on_later() {
  if (std::exchange(goes_on_, true)) return;
  boost::asio::post(shared_.executor, [self = shared_from_this()] {
    self->goes_on_ = false;
    if (self->gone_) return;
    self->delivery_.step(now());
    self->after_event();
  });
}

void DeliveryStream::request_connection(const std::string& helo, bool fresh) {
  request_ = pool_.request(helo, fresh, *this);
}

void DeliveryStream::release_connection(bool reusable) {
  if (request_) pool_.withdraw(*std::exchange(request_, {}));
  if (!connection_) return;
  if (reusable) connection_->flush();
  connection_->release(reusable);
  connection_.reset();
}

void DeliveryStream::begin_commit(const std::string& transaction, const std::vector<std::uint16_t>& refused) {
  commit_ = connection_->begin_commit({.name = link_.site(), .pin = pin_}, transaction, refused);
}

bool DeliveryStream::claim(const std::string& transaction) {
  if (shared_.outcomes == nullptr) return false;
  claim_ = shared_.outcomes->claim({.site = link_.site(), .transaction = transaction}, commit_ != nullptr,
                                   [self = shared_from_this()](const std::optional<smtp::Reply>& refusal) {
                                     if (self->gone_) return;
                                     self->is_without_etcd_ = self->claim_ && self->claim_->is_without();
                                     self->delivery_.claimed(refusal, now());
                                     self->after_event();
                                   });
  is_without_etcd_ = claim_->is_without();
  return claim_->is_awaited();
}

void DeliveryStream::write_stream(std::string_view bytes) {
  link_.write(stream_, bytes);
}

void DeliveryStream::consumed(std::size_t bytes) {
  link_.consumed(stream_, bytes);
}

std::size_t DeliveryStream::stream_writable() const {
  return link_.writable(stream_);
}

std::optional<base::TimePoint> DeliveryStream::carried_since() const {
  return link_.carried_since(stream_);
}

void DeliveryStream::finish_stream() {
  link_.finish(stream_);
  link_.forget(stream_);
}

void DeliveryStream::reset_stream(const std::string& cause) {
  shared_.log.log_provoked(base::Provoked::kPeer, link_.site(), base::LogLevel::kWarning,
                           link_.site() + ": a mail from there was ended: " + cause);
  link_.reset(stream_, mux::ResetCode::kFailed, cause);
}

void DeliveryStream::record_outcome(const std::string& transaction, const mail::Outcome& outcome) {
  const std::string known = mail::encode_known(outcome);
  writes_under_way_ = claim_ ? 2 : 1;
  shared_.ledger.record_outcome(
      link_.site(), transaction, known,
      [self = shared_from_this()](const base::Result<void>& result) { self->written(result.has_value()); },
      pin_);
  if (!claim_) return;
  site_value_ = shared_.outcomes->own_value(known);
  of_transaction_ = transaction;
  shared_.outcomes->end(*std::exchange(claim_, nullptr), known,
                        [self = shared_from_this()](bool is_there) { self->written(is_there); });
}

// Not on disk is no reason to keep it from the near side: the mail is delivered.
void DeliveryStream::written(bool is_there) {
  is_written_ = is_written_ || is_there;
  if (--writes_under_way_ > 0 || gone_) return;
  if (!is_written_ && shared_.outcomes != nullptr && commit_) commit_->leave();  // it is written nowhere else
  delivery_.recorded(now());
  after_event();
}

std::optional<mail::Outcome> DeliveryStream::end_earlier(const mail::Ask& question) {
  return callbacks_.end_earlier(question, [self = shared_from_this(), transaction = question.transaction](
                                              const mail::Outcome& outcome, const std::string& value) {
    if (self->gone_) return;
    self->site_value_ = value;
    self->of_transaction_ = transaction;
    self->delivery_.earlier_ended(outcome, now());
    self->after_event();
  });
}

void DeliveryStream::forget_outcome(const std::string& transaction) {
  if (shared_.outcomes != nullptr) {
    const auto known = shared_.ledger.find_outcome(link_.site(), transaction);
    const std::string value = transaction == of_transaction_ ? std::exchange(site_value_, {})
                              : known                        ? shared_.outcomes->own_value(*known)
                                                             : std::string();
    if (!value.empty()) shared_.outcomes->settled({.site = link_.site(), .transaction = transaction}, value);
  }
  shared_.ledger.forget_outcome(link_.site(), transaction);
}

std::optional<std::string> DeliveryStream::ledger_trouble() const {
  if (const auto& trouble = shared_.ledger.trouble()) return trouble->cause;
  if (shared_.outcomes != nullptr)
    if (auto refusal = shared_.outcomes->refusal()) return refusal;
  return shared_.ledger.too_many_outcomes(link_.site());
}

void DeliveryStream::ended(const mail::Summary& summary) {
  mail::Summary marked = summary;
  marked.without_etcd = is_without_etcd_;
  callbacks_.ended(marked);
}

}  // namespace tsmtp::net
