#include "relayd/net/mta/mta_dialer.h"

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "relayd/smtp/origin.h"

namespace tsmtp::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// Whatever the MTA does, this machine cannot make one more connection now.
bool is_want(const error_code& error) {
  switch (error.value()) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case EADDRINUSE:
    case EADDRNOTAVAIL:  // of connect(): no port is free
      return true;
    default:
      return false;
  }
}

}  // namespace

void MtaDialer::dial(const MtaTarget& target, bool is_probe, Callbacks callbacks) {
  target_ = target;
  is_probe_ = is_probe;
  callbacks_ = std::move(callbacks);
  const base::HostPort& where = target_.address;
  if (where.is_unix()) return connect_to(asio::local::stream_protocol::endpoint(where.unix_path));
  error_code not_numeric;
  const auto address = asio::ip::make_address(where.host, not_numeric);
  if (not_numeric) return resolve();
  connect_tcp({address, where.port});
}

void MtaDialer::cancel() {
  callbacks_ = {};
  resolver_.cancel();
  error_code ignored;
  socket_.close(ignored);
}

void MtaDialer::resolve() {
  resolver_.resolve(target_.address,
                    [self = shared_from_this()](const base::Result<Resolver::Addresses>& found) {
                      if (!self->callbacks_.failed) return;
                      if (!found) return self->fail(found.error().message, false);
                      self->connect_tcp(found->front());
                    });
}

void MtaDialer::connect_tcp(const tcp::endpoint& to) {
  if (target_.origin == settings::Origin::kProxy)
    proxy_header_ = smtp::proxy_header(is_probe_ ? "" : target_.source, to.address().to_string(), to.port());
  if (bind_to_source(to)) connect_to(to);
}

// The site address is on loopback; from there only loopback can be reached.
bool MtaDialer::bind_to_source(const tcp::endpoint& to) {
  const bool reaches = target_.is_bound || (to.address().is_v4() && to.address().is_loopback());
  if (target_.source.empty() || !reaches) return true;
  error_code error;
  const asio::ip::address source = asio::ip::make_address(target_.source, error);
  if (!error) socket_.open(to.protocol(), error);
  if (!error) socket_.bind(tcp::endpoint(source, 0), error);
  if (!error) return true;
  asio::post(executor_, [self = shared_from_this(), error] {
    if (!self->callbacks_.failed) return;
    const std::string cause = error.message() + ": cannot bind to the site address " + self->target_.source;
    // There is no such address here: no want, but an error that stays.
    return error.value() == EADDRNOTAVAIL ? self->fail(cause, false) : self->fail(error, cause);
  });
  return false;
}

void MtaDialer::connect_to(const ByteChannel::Socket::endpoint_type& to) {
  socket_.async_connect(to, [self = shared_from_this()](const error_code& error) {
    if (!self->callbacks_.failed) return;
    if (error) return self->fail(error, error.message());
    const auto callbacks = std::exchange(self->callbacks_, {});
    callbacks.connected(std::move(self->socket_), self->proxy_header_);
  });
}

void MtaDialer::fail(const error_code& error, const std::string& cause) {
  const bool is_here = is_want(error);
  fail(is_here ? cause + ": this hub can make no connection to it" : cause, is_here);
}

void MtaDialer::fail(const std::string& cause, bool is_want_here) {
  std::exchange(callbacks_, {}).failed(cause, is_want_here);
}

}  // namespace tsmtp::net
