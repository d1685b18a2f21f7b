#include "relayd/net/forward/data_listener.h"

#include <utility>

#include "relayd/net/forward/pump.h"
#include "relayd/net/io/host_address.h"

namespace tsmtp::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::seconds kOpenFor{60};

}  // namespace

DataListener::DataListener(const asio::any_io_executor& executor, Guest guest, Callbacks callbacks)
    : acceptor_(executor), timer_(executor), guest_(std::move(guest)), callbacks_(std::move(callbacks)) {
  guest_.host = unmapped(guest_.host);
}

base::Result<std::shared_ptr<DataListener>> DataListener::open(const asio::any_io_executor& executor,
                                                               const asio::ip::address& own, Guest guest,
                                                               Callbacks callbacks) {
  std::shared_ptr<DataListener> listener(new DataListener(executor, std::move(guest), std::move(callbacks)));
  if (auto ok = listener->listen(unmapped(own)); !ok) return ok.error();
  listener->timer_.expires_after(kOpenFor);
  listener->timer_.async_wait([listener](const error_code& error) {
    if (!error) listener->close();
  });
  listener->wait();
  return base::Result<std::shared_ptr<DataListener>>(std::move(listener));
}

base::Result<void> DataListener::listen(const asio::ip::address& own) {
  error_code error;
  const tcp::endpoint where(own, 0);
  acceptor_.open(where.protocol(), error);
  if (!error) acceptor_.bind(where, error);
  if (!error) acceptor_.listen(4, error);
  if (!error) port_ = acceptor_.local_endpoint(error).port();
  if (error)
    return base::Error{"cannot listen on " + own.to_string() + " for a data connection: " + error.message()};
  return {};
}

void DataListener::wait() {
  acceptor_.async_accept([self = shared_from_this()](const error_code& error, tcp::socket socket) {
    if (!self->acceptor_.is_open()) return;
    if (!error) return self->accepted(std::move(socket));
    self->close();  // this hub has no descriptor to give; the client is told so by a refused connection
  });
}

void DataListener::accepted(tcp::socket socket) {
  error_code error;
  const asio::ip::address from = unmapped(socket.remote_endpoint(error).address());
  ByteChannel::Socket one(std::move(socket));
  const std::string cause = error ? "it was gone at once" : why_not(one, from);
  if (cause.empty()) {
    const auto hand_over = std::exchange(callbacks_, {}).accepted;
    close();
    return hand_over(std::move(one));
  }
  break_off(std::move(one));
  if (const auto tell = std::exchange(callbacks_.turned_away, {})) tell(cause);
  if (acceptor_.is_open()) wait();
}

std::string DataListener::why_not(ByteChannel::Socket& socket, const asio::ip::address& from) const {
  if (from != guest_.host)
    return "a data connection from " + from.to_string() + " was broken off: it is not from " +
           guest_.host.to_string();
  if (!guest_.user) return {};
  const auto user = user_of_peer(socket);
  if (user && *user == *guest_.user) return {};
  return "a data connection of another user than that of the control connection was broken off";
}

void DataListener::close() {
  callbacks_ = {};
  timer_.cancel();
  error_code ignored;
  acceptor_.close(ignored);
}

}  // namespace tsmtp::net
