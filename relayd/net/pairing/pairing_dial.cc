#include "relayd/net/pairing/pairing_dial.h"

#include <algorithm>
#include <boost/asio/post.hpp>

#include <utility>

namespace tsmtp::net {
namespace {

using boost::system::error_code;

constexpr std::chrono::seconds kToConnect{10};
constexpr std::chrono::milliseconds kBetweenRounds{500};
constexpr int kRounds = 3;
// The maker of the line chooses the name, and how many addresses it has: no join may keep others waiting.
constexpr std::chrono::seconds kInAll{60};
constexpr std::size_t kMaxAddressesTried = 8;

}  // namespace

PairingDial::PairingDial(Means means, pairing::Token token, pairing::Request request, Done done)
    : means_(std::move(means)),
      token_(std::move(token)),
      request_(std::move(request)),
      done_(std::move(done)),
      timer_(means_.executor),
      deadline_(means_.executor) {}

void PairingDial::start() {
  dialer_ = std::make_shared<Dialer>(
      std::make_unique<SystemResolver>(means_.executor), means_.executor, means_.tls,
      Dialer::Callbacks{
          .accept_peer = [self = shared_from_this()](const keys::Shown& shown,
                                                     const std::string&) { return self->judge(shown); },
          .resolved =
              [self = shared_from_this()](const base::Result<std::vector<std::string>>& found) {
                if (!self->done_) return;
                if (!found) return self->failed(found.error().message);
                self->addresses_ = std::min(found->size(), kMaxAddressesTried);
                self->next_ = 0;
                self->connect_next();
              },
          .connected = [self = shared_from_this()] { self->timer_.cancel(); },
          .failed = [self = shared_from_this()](const std::string& cause,
                                                link::Dialling::Reached) { self->failed(cause); },
          .dialled = [self = shared_from_this()](std::unique_ptr<TlsStream> stream,
                                                 const Dialer::Route&) { self->ask(std::move(stream)); },
          .speaks = TlsStream::Speaks::kPairing});
  deadline_.expires_after(kInAll);
  deadline_.async_wait([self = shared_from_this()](const error_code& cancelled) {
    if (cancelled || !self->done_) return;
    self->finish(base::Error{self->token_.dial.to_string() + ": given up after " +
                             std::to_string(kInAll.count()) + " seconds: " + self->last_cause_});
  });
  resolve();
}

void PairingDial::cancel() {
  if (!done_) return;
  done_ = [](const base::Result<Answered>&) {};
  finish(base::Error{"cancelled"});
}

// It may have rotated its key since it made the line.
keys::Verdict PairingDial::judge(const keys::Shown& shown) const {
  for (const std::string& pin : shown.pins)
    if (token_.is_for(pin)) return means_.judge(shown, pin);
  return keys::Verdict::kUnpinned;
}

void PairingDial::resolve() {
  ++rounds_;
  dialer_->resolve(token_.dial);
}

void PairingDial::connect_next() {
  timer_.expires_after(kToConnect);
  timer_.async_wait([self = shared_from_this()](const error_code& cancelled) {
    if (cancelled || !self->done_) return;
    self->dialer_->give_up();
    self->failed("no answer within 10 seconds");
  });
  dialer_->connect(next_++);
}

void PairingDial::ask(std::unique_ptr<TlsStream> stream) {
  if (!done_) return;
  const std::string inviter_pin = stream->peer_pin();
  request_.proof =
      pairing::proof_of(means_.crypto, token_.secret,
                        {.exporter = stream->exported(pairing::kExporterLabel, pairing::kExporterBytes),
                         .inviter_pin = inviter_pin,
                         .joiner_pin = stream->own_keys().pin()});
  auto answer = std::make_shared<std::optional<base::Result<pairing::Answer>>>();
  exchange_ = std::make_shared<Exchange>(
      std::move(stream),
      Exchange::Callbacks{.heard = [answer](std::string_view received) -> std::optional<std::string> {
                            *answer = pairing::read_answer(received);
                            if (!*answer) return std::nullopt;
                            return std::string();
                          },
                          .ended =
                              [self = shared_from_this(), answer, inviter_pin](const std::string& error) {
                                if (!*answer) return self->failed(error);
                                if (!**answer) return self->finish((*answer)->error());
                                self->finish(Answered{***answer, inviter_pin});
                              }});
  exchange_->start(pairing::encode(request_));
}

void PairingDial::failed(const std::string& cause) {
  if (!done_) return;
  timer_.cancel();
  last_cause_ = cause;
  if (next_ < addresses_) return connect_next();
  if (rounds_ >= kRounds) return finish(base::Error{token_.dial.to_string() + ": " + last_cause_});
  timer_.expires_after(kBetweenRounds);
  timer_.async_wait([self = shared_from_this()](const error_code& cancelled) {
    if (!cancelled && self->done_) self->resolve();
  });
}

void PairingDial::finish(const base::Result<Answered>& answer) {
  if (!done_) return;
  timer_.cancel();
  deadline_.cancel();
  const Done done = std::exchange(done_, nullptr);
  if (exchange_) std::exchange(exchange_, nullptr)->cancel();
  // Its callbacks keep us alive, so it goes when its present work is done.
  boost::asio::post(means_.executor, [dialer = std::exchange(dialer_, nullptr)] { dialer->give_up(); });
  done(answer);
}

}  // namespace tsmtp::net
