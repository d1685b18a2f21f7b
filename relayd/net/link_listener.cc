#include "relayd/net/link_listener.h"

#include "relayd/net/listening.h"
#include "relayd/net/socket_options.h"

namespace tsmtp::net {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t kMaxHandshakes = 64;

}  // namespace

LinkListener::LinkListener(const boost::asio::any_io_executor& executor, const TlsContext& tls,
                           Callbacks callbacks)
    : tls_(tls), callbacks_(std::move(callbacks)), acceptor_(executor), pause_(executor) {}

base::Result<void> LinkListener::bind(const base::HostPort& address) {
  return listen_tcp(acceptor_, address);
}

void LinkListener::start() {
  accept();
}

void LinkListener::stop() {
  stopped_ = true;
  for (const auto& handshake : handshakes_)
    handshake->cancel();
  handshakes_.clear();
  pause_.cancel();
  error_code ignored;
  acceptor_.close(ignored);
}

void LinkListener::accept() {
  if (stopped_) return;
  acceptor_.async_accept([self = shared_from_this()](const error_code& error, tcp::socket socket) {
    if (self->stopped_) return;
    if (!error) self->accepted(std::move(socket));
    if (!error) return self->accept();
    // Out of descriptors, mostly: give others time to close some.
    self->pause_.expires_after(kAcceptPause);
    self->pause_.async_wait([self](const error_code& cancelled) {
      if (!cancelled) self->accept();
    });
  });
}

void LinkListener::accepted(tcp::socket socket) {
  const std::string peer = peer_name(socket);
  if (handshakes_.size() >= kMaxHandshakes) return callbacks_.refused(peer, "too many handshakes under way");
  auto stream =
      std::make_unique<TlsStream>(std::move(socket), tls_, TlsStream::Role::kServer, callbacks_.accept_peer);
  auto slot = std::make_shared<std::weak_ptr<Handshake>>();
  auto handshake = std::make_shared<Handshake>(
      std::move(stream),
      [self = shared_from_this(), slot, peer](base::Result<std::unique_ptr<TlsStream>> result) {
        self->handshakes_.erase(slot->lock());
        if (self->stopped_) return;
        if (!result) return self->callbacks_.refused(peer, result.error().message);
        self->callbacks_.connected(std::move(*result));
      });
  *slot = handshake;
  handshakes_.insert(handshake);
  handshake->start();
}

}  // namespace tsmtp::net
