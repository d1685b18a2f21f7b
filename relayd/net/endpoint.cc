#include "relayd/net/endpoint.h"

#include <unistd.h>

#include <utility>

#include "relayd/net/listening.h"

namespace tsmtp::net {
namespace {

using boost::system::error_code;

}  // namespace

Endpoint::Endpoint(const boost::asio::any_io_executor& executor)
    : tcp_(executor), unix_(executor), pause_(executor) {}

base::Result<void> Endpoint::bind(const base::HostPort& address, const SocketAccess& access) {
  address_ = address;
  return address.is_unix() ? listen_unix(unix_, address.unix_path, access) : listen_tcp(tcp_, address);
}

base::Result<void> Endpoint::take_over(const base::HostPort& address, base::Descriptor socket) {
  address_ = address;
  return adopt(tcp_, std::move(socket));
}

base::Result<void> Endpoint::change(const SocketAccess& access) {
  return address_.is_unix() ? set_access(address_.unix_path, access) : base::Result<void>();
}

void Endpoint::start(Accepted accepted) {
  accepted_ = std::move(accepted);
  if (std::exchange(started_, true)) return;
  if (address_.is_unix()) {
    accept(unix_);
  } else {
    accept(tcp_);
  }
}

void Endpoint::stop() {
  accepted_ = nullptr;
  pause_.cancel();
  error_code ignored;
  tcp_.close(ignored);
  if (unix_.is_open()) unlink(address_.unix_path.c_str());
  unix_.close(ignored);
}

template <typename Acceptor>
void Endpoint::accept(Acceptor& acceptor) {
  using Socket = typename Acceptor::protocol_type::socket;
  acceptor.async_accept([self = shared_from_this(), &acceptor](const error_code& error, Socket socket) {
    if (!self->accepted_) return;
    if (!error) self->accepted_(ByteChannel::Socket(std::move(socket)));
    if (!error && self->accepted_) return self->accept(acceptor);
    // Out of descriptors, mostly: give others time to close some.
    self->pause_.expires_after(kAcceptPause);
    self->pause_.async_wait([self, &acceptor](const error_code& cancelled) {
      if (!cancelled && self->accepted_) self->accept(acceptor);
    });
  });
}

}  // namespace tsmtp::net
