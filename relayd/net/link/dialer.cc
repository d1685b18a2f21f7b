#include "relayd/net/link/dialer.h"

#include <sstream>
#include <utility>

#include "relayd/net/io/shortage.h"
#include "relayd/proxy/dialogue.h"

namespace tsmtp::net {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;
using Reached = link::Dialling::Reached;

// Somebody answered that nobody listens; of other errors it is not known how far they are from us.
Reached reached_by(const error_code& error) {
  return error == boost::asio::error::connection_refused || error == boost::asio::error::connection_reset
             ? Reached::kHost
             : Reached::kName;
}

std::string text_of(const tcp::endpoint& address) {
  std::ostringstream text;
  text << address;
  return text.str();
}

std::vector<std::string> texts(const Resolver::Addresses& addresses) {
  std::vector<std::string> out;
  for (const tcp::endpoint& address : addresses)
    out.push_back(text_of(address));
  return out;
}

}  // namespace

std::string Dialer::Route::to_string() const {
  return proxy ? hub.to_string() + " through " + proxy->to_string() : text_of(address);
}

Dialer::Dialer(std::unique_ptr<Resolver> resolver, const boost::asio::any_io_executor& executor,
               const TlsContext& tls, Callbacks callbacks)
    : tls_(tls), callbacks_(std::move(callbacks)), resolver_(std::move(resolver)), socket_(executor) {}

void Dialer::give_up() {
  ++step_;
  resolver_->cancel();
  if (proxy_handshake_) proxy_handshake_->cancel();
  proxy_handshake_.reset();
  if (handshake_) (void)handshake_->cancel();
  handshake_.reset();
  error_code ignored;
  socket_.close(ignored);
}

void Dialer::resolve(const base::HostPort& name, const std::optional<settings::Proxy>& proxy) {
  give_up();
  route_ = {.hub = name, .proxy = proxy};
  resolver_->resolve(proxy ? proxy->address : name, [self = shared_from_this(),
                                                     step = step_](base::Result<Resolver::Addresses> found) {
    if (step != self->step_) return;
    if (!found) return self->callbacks_.resolved(found.error());
    self->addresses_ = std::move(*found);
    self->callbacks_.resolved(base::Result<std::vector<std::string>>(texts(self->addresses_)));
  });
}

void Dialer::connect(std::size_t address) {
  route_.address = addresses_.at(address);
  connect(Route(route_));
}

void Dialer::connect(const Route& route) {
  give_up();
  route_ = route;
  socket_.async_connect(route_.address, [self = shared_from_this(), step = step_](const error_code& error) {
    if (step != self->step_) return;
    if (error) return self->callbacks_.failed(cause_of(error), reached_by(error));
    self->callbacks_.connected();
    if (step != self->step_) return;
    if (self->route_.proxy) return self->ask_proxy();
    self->shake_hands();
  });
}

void Dialer::ask_proxy() {
  const auto executor = socket_.get_executor();
  proxy_handshake_ = std::make_shared<ProxyHandshake>(
      std::move(socket_), proxy::begin(*route_.proxy, route_.hub),
      [self = shared_from_this(), step = step_](tcp::socket connected, const std::string& error) {
        if (step != self->step_) return;
        self->proxy_handshake_.reset();
        if (!error.empty()) return self->callbacks_.failed(error, Reached::kHost);
        self->socket_ = std::move(connected);
        self->shake_hands();
      });
  socket_ = tcp::socket(executor);
  proxy_handshake_->start();
}

void Dialer::shake_hands() {
  auto stream = std::make_unique<TlsStream>(std::move(socket_), tls_, TlsStream::Role::kClient,
                                            callbacks_.accept_peer, callbacks_.speaks);
  socket_ = tcp::socket(stream->socket().get_executor());
  handshake_ = std::make_shared<Handshake>(
      std::move(stream), [self = shared_from_this(), step = step_](std::unique_ptr<TlsStream> connected,
                                                                   const std::string& error) {
        if (step != self->step_) return;
        self->handshake_.reset();
        if (!error.empty()) return self->callbacks_.failed(error, Reached::kProgram);
        self->callbacks_.dialled(std::move(connected), self->route_);
      });
  handshake_->start();
}

}  // namespace tsmtp::net
