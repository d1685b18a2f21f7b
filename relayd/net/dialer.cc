#include "relayd/net/dialer.h"

#include <boost/asio/connect.hpp>

namespace tsmtp::net {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr Backoff::Milliseconds kFirstWait{250};
constexpr Backoff::Milliseconds kLongestWait{30'000};
constexpr std::chrono::seconds kConnectTimeout{10};

}  // namespace

Dialer::Dialer(const boost::asio::any_io_executor& executor, const TlsContext& tls,
               std::vector<base::HostPort> targets, Callbacks callbacks)
    : tls_(tls),
      targets_(std::move(targets)),
      callbacks_(std::move(callbacks)),
      backoff_(kFirstWait, kLongestWait),
      resolver_(executor),
      socket_(executor),
      timer_(executor) {}

void Dialer::start() {
  if (dialling_ || stopped_) return;
  dialling_ = true;
  next_try_.reset();
  timer_.cancel();
  dial(0);
}

void Dialer::start_later() {
  if (dialling_ || stopped_) return;
  const auto wait = backoff_.next();
  next_try_ = std::chrono::system_clock::now() + wait;
  timer_.expires_after(wait);
  timer_.async_wait([self = shared_from_this()](const error_code& error) {
    if (!error) self->start();
  });
}

void Dialer::rest() {
  cancel();
  backoff_.reset();
}

void Dialer::stop() {
  stopped_ = true;
  cancel();
}

void Dialer::cancel() {
  ++round_;
  dialling_ = false;
  next_try_.reset();
  timer_.cancel();
  resolver_.cancel();
  if (handshake_) handshake_->cancel();
  error_code ignored;
  socket_.close(ignored);
}

void Dialer::dial(std::size_t target) {
  const unsigned round = ++round_;
  timer_.expires_after(kConnectTimeout);
  timer_.async_wait([self = shared_from_this(), target, round](const error_code& error) {
    if (!error && round == self->round_) self->failed(target, "connection timed out");
  });
  const base::HostPort& to = targets_[target];
  resolver_.async_resolve(
      to.host, std::to_string(to.port),
      [self = shared_from_this(), target, round](const error_code& error, const auto& addresses) {
        if (round != self->round_) return;
        if (error) return self->failed(target, "name not resolved: " + error.message());
        self->connect(target, addresses);
      });
}

void Dialer::connect(std::size_t target, const tcp::resolver::results_type& addresses) {
  boost::asio::async_connect(
      socket_, addresses,
      [self = shared_from_this(), target, round = round_](const error_code& error, const tcp::endpoint&) {
        if (round != self->round_) return;
        if (error) return self->failed(target, error.message());
        self->handshake(target);
      });
}

void Dialer::handshake(std::size_t target) {
  timer_.cancel();
  auto stream =
      std::make_unique<TlsStream>(std::move(socket_), tls_, TlsStream::Role::kClient, callbacks_.accept_peer);
  socket_ = tcp::socket(timer_.get_executor());
  handshake_ = std::make_shared<Handshake>(
      std::move(stream),
      [self = shared_from_this(), target](base::Result<std::unique_ptr<TlsStream>> result) {
        if (!result) return self->failed(target, result.error().message);
        self->dialling_ = false;
        self->callbacks_.connected(std::move(*result));
      });
  handshake_->start();
}

void Dialer::failed(std::size_t target, const std::string& cause) {
  ++round_;
  timer_.cancel();
  error_code ignored;
  socket_.close(ignored);
  callbacks_.failed(targets_[target].to_string() + ": " + cause);
  if (stopped_) return;
  if (target + 1 < targets_.size()) return dial(target + 1);
  dialling_ = false;
  start_later();
}

}  // namespace tsmtp::net
