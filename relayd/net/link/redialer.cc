#include "relayd/net/link/redialer.h"

#include <algorithm>
#include <utility>

namespace tsmtp::net {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

// Somebody is there: who does not take us now is not to be asked several times a second.
constexpr Backoff::Milliseconds kFirstPause{1000};
constexpr Backoff::Milliseconds kLongestPause{30'000};

}  // namespace

Redialer::Redialer(const boost::asio::any_io_executor& executor, const TlsContext& tls,
                   const tcp::endpoint& address, Milliseconds round_trip, Callbacks callbacks)
    : tls_(tls),
      address_(address),
      shortest_try_(std::clamp(2 * round_trip, kShortestTry, kLongestTry)),
      callbacks_(std::move(callbacks)),
      socket_(executor),
      timer_(executor),
      backoff_(kFirstPause, kLongestPause) {}

void Redialer::start() {
  if (stopped_ || std::exchange(dialling_, true)) return;
  connect();
}

void Redialer::start_later() {
  if (stopped_ || std::exchange(dialling_, true)) return;
  wait(length_of_try());
}

void Redialer::came_to_nothing() {
  if (stopped_ || std::exchange(dialling_, true)) return;
  wait(backoff_.next());
}

void Redialer::stop() {
  stopped_ = true;
  ++step_;
  timer_.cancel();
  if (handshake_) (void)handshake_->cancel();
  error_code ignored;
  socket_.close(ignored);
}

// By chance, so that not everybody dials in step after an outage.
Redialer::Milliseconds Redialer::length_of_try() {
  std::uniform_int_distribution<Milliseconds::rep> length(shortest_try_.count(),
                                                          shortest_try_.count() * 3 / 2);
  return Milliseconds(length(random_));
}

// Then a new try: whatever is under way is given up.
void Redialer::wait(Milliseconds time) {
  timer_.expires_after(time);
  timer_.async_wait([self = shared_from_this(), step = ++step_](const error_code& error) {
    if (!error && step == self->step_) self->connect();
  });
}

// A socket of its own for each try: TCP itself would wait one second, then two, four and eight.
void Redialer::connect() {
  wait(length_of_try());
  error_code ignored;
  socket_.close(ignored);
  socket_.async_connect(address_, [self = shared_from_this(), step = step_](const error_code& error) {
    if (!error && step == self->step_) self->handshake();
  });
}

void Redialer::handshake() {
  ++step_;
  timer_.cancel();
  auto stream =
      std::make_unique<TlsStream>(std::move(socket_), tls_, TlsStream::Role::kClient, callbacks_.accept_peer);
  socket_ = tcp::socket(timer_.get_executor());
  handshake_ = std::make_shared<Handshake>(
      std::move(stream),
      [self = shared_from_this()](std::unique_ptr<TlsStream> connected, const std::string& error) {
        if (self->stopped_) return;
        if (!error.empty()) return self->wait(self->backoff_.next());
        self->dialling_ = false;
        self->callbacks_.connected(std::move(connected));
      });
  handshake_->start();
}

}  // namespace tsmtp::net
