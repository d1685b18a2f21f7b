#include "relayd/net/endpoint/endpoint.h"

#include <unistd.h>

#include <utility>

#include "relayd/net/io/listening.h"

namespace tsmtp::net {

Endpoint::Endpoint(const boost::asio::any_io_executor& executor, Shortages* shortages)
    : shortages_(shortages), tcp_(executor), unix_(executor) {}

base::Result<void> Endpoint::bind(const base::HostPort& address, const SocketAccess& access) {
  address_ = address;
  return address.is_unix() ? listen_unix(unix_.acceptor(), address.unix_path, access)
                           : listen_tcp(tcp_.acceptor(), address);
}

base::Result<void> Endpoint::take_over(const base::HostPort& address, base::Descriptor socket) {
  address_ = address;
  return address.is_unix() ? adopt(unix_.acceptor(), std::move(socket))
                           : adopt(tcp_.acceptor(), std::move(socket));
}

base::Result<void> Endpoint::change(const SocketAccess& access) {
  return address_.is_unix() ? set_access(address_.unix_path, access) : base::Result<void>();
}

void Endpoint::start(Accepted accepted) {
  accepted_ = std::move(accepted);
  if (std::exchange(started_, true)) return;
  const auto hand_over = [this](auto socket, bool is_last) {
    accepted_(ByteChannel::Socket(std::move(socket)), is_last);
  };
  if (address_.is_unix()) {
    unix_.start(shared_from_this(), address_.to_string(), hand_over);
  } else {
    tcp_.start(shared_from_this(), address_.to_string(), hand_over);
  }
}

void Endpoint::suspend() {
  is_suspended_ = true;
  address_.is_unix() ? unix_.suspend() : tcp_.suspend();
}

void Endpoint::resume() {
  is_suspended_ = false;
  address_.is_unix() ? unix_.resume(shared_from_this()) : tcp_.resume(shared_from_this());
}

void Endpoint::stop() {
  accepted_ = nullptr;
  if (unix_.acceptor().is_open() && !is_suspended_) unlink(address_.unix_path.c_str());
  tcp_.stop();
  unix_.stop();
}

}  // namespace tsmtp::net
