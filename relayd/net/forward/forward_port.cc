#include "relayd/net/forward/forward_port.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "relayd/base/system_cause.h"

namespace tsmtp::net {
namespace {

// Where it is set, another user's socket may be bound to the same port while ours does not listen. It must be
// set for listen() all the same, for connections from before may still be there.
void allow_reuse(int socket, int yes) {
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
}

// Linux keeps the address of a socket that was bound to it, and listen() can follow again.
void stop_listening(int socket) {
  ::shutdown(socket, SHUT_RDWR);
  allow_reuse(socket, 0);
}

}  // namespace

ForwardPort::ForwardPort(base::HostPort address, SocketAccess access,
                         const boost::asio::any_io_executor& executor, Shortages* shortages)
    : address_(std::move(address)), access_(access), executor_(executor), shortages_(shortages) {}

base::Result<std::shared_ptr<ForwardPort>> ForwardPort::bind(const base::HostPort& address,
                                                             const SocketAccess& access,
                                                             const boost::asio::any_io_executor& executor,
                                                             Shortages* shortages, base::Descriptor lent) {
  const std::shared_ptr<ForwardPort> port(new ForwardPort(address, access, executor, shortages));
  if (lent.is_open()) {
    port->is_suspended_ = true;
    (address.is_unix() ? port->lent_ : port->bound_) = std::move(lent);
    return base::Result<std::shared_ptr<ForwardPort>>(port);
  }
  if (address.is_unix()) {  // what is wrong with the path is found out now, as with a port
    Endpoint trial(executor);
    if (auto ok = trial.bind(address, access); !ok) return ok.error();
    trial.stop();
    return base::Result<std::shared_ptr<ForwardPort>>(port);
  }
  auto socket = listen_tcp(address);
  if (!socket) return socket.error();
  port->bound_ = std::move(*socket);
  stop_listening(port->bound_.get());
  return base::Result<std::shared_ptr<ForwardPort>>(port);
}

base::Result<void> ForwardPort::open(Endpoint::Accepted accepted) {
  if (is_suspended_) return {};
  if (!is_open()) {
    auto endpoint = std::make_shared<Endpoint>(executor_, shortages_);
    if (auto ok = listen(*endpoint); !ok) return ok;
    endpoint_ = std::move(endpoint);
  }
  endpoint_->start(std::move(accepted));
  return {};
}

base::Result<void> ForwardPort::listen(Endpoint& endpoint) {
  if (lent_.is_open()) return endpoint.take_over(address_, std::move(lent_));
  if (address_.is_unix()) return endpoint.bind(address_, access_);
  allow_reuse(bound_.get(), 1);
  base::Descriptor listening(fcntl(bound_.get(), F_DUPFD_CLOEXEC, 0));
  if (listening.is_open() && ::listen(bound_.get(), boost::asio::socket_base::max_listen_connections) == 0)
    return endpoint.take_over(address_, std::move(listening));
  const int error = errno;
  allow_reuse(bound_.get(), 0);
  return base::Error{"cannot listen on " + address_.to_string() + ": " + base::system_cause(error)};
}

base::Result<void> ForwardPort::change(const SocketAccess& access) {
  access_ = access;
  return is_open() ? endpoint_->change(access) : base::Result<void>();
}

void ForwardPort::suspend() {
  is_suspended_ = true;
  if (is_open()) endpoint_->suspend();
}

// What is to listen is opened next. A unix socket that nobody listens on does not stay.
void ForwardPort::resume() {
  if (!std::exchange(is_suspended_, false)) return;
  if (is_open()) return endpoint_->resume();
  if (bound_.is_open()) stop_listening(bound_.get());
}

int ForwardPort::descriptor() const {
  if (address_.is_unix()) return is_open() ? endpoint_->descriptor() : -1;
  return bound_.get();
}

void ForwardPort::close() {
  if (!is_open()) return;
  if (is_suspended_) return std::exchange(endpoint_, nullptr)->stop();
  if (bound_.is_open()) stop_listening(bound_.get());
  std::exchange(endpoint_, nullptr)->stop();
}

}  // namespace tsmtp::net
