#include "relayd/net/link/dialer.h"

#include <sstream>
#include <utility>

#include "relayd/net/io/shortage.h"

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

std::vector<std::string> texts(const Resolver::Addresses& addresses) {
  std::vector<std::string> out;
  for (const tcp::endpoint& address : addresses) {
    std::ostringstream text;
    text << address;
    out.push_back(text.str());
  }
  return out;
}

}  // namespace

Dialer::Dialer(std::unique_ptr<Resolver> resolver, const boost::asio::any_io_executor& executor,
               const TlsContext& tls, Callbacks callbacks)
    : tls_(tls), callbacks_(std::move(callbacks)), resolver_(std::move(resolver)), socket_(executor) {}

void Dialer::give_up() {
  ++step_;
  resolver_->cancel();
  if (handshake_) (void)handshake_->cancel();
  handshake_.reset();
  error_code ignored;
  socket_.close(ignored);
}

void Dialer::resolve(const base::HostPort& name) {
  give_up();
  resolver_->resolve(
      name, [self = shared_from_this(), step = step_](base::Result<Resolver::Addresses> found) {
        if (step != self->step_) return;
        if (!found) return self->callbacks_.resolved(found.error());
        self->addresses_ = std::move(*found);
        self->callbacks_.resolved(base::Result<std::vector<std::string>>(texts(self->addresses_)));
      });
}

void Dialer::connect(std::size_t address) {
  connect(tcp::endpoint(addresses_.at(address)));
}

void Dialer::connect(const tcp::endpoint& address) {
  give_up();
  socket_.async_connect(address, [self = shared_from_this(), step = step_](const error_code& error) {
    if (step != self->step_) return;
    if (error) return self->callbacks_.failed(cause_of(error), reached_by(error));
    self->shake_hands();
  });
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
        self->callbacks_.dialled(std::move(connected));
      });
  callbacks_.connected();
  if (handshake_) handshake_->start();
}

}  // namespace tsmtp::net
