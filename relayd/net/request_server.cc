#include "relayd/net/request_server.h"

#include <unistd.h>

#include <array>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/write.hpp>

#include "relayd/net/listening.h"

namespace tsmtp::net {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t kMaxRequestBytes = 8 * 1024;
constexpr int kMaxClients = 32;
constexpr std::chrono::seconds kDeadline{10};
constexpr SocketAccess kControlAccess{.mode = 0600, .group = {}};

class Client : public std::enable_shared_from_this<Client> {
 public:
  using Socket = asio::generic::stream_protocol::socket;

  Client(Socket socket, RequestServer::Handler handler, std::shared_ptr<int> clients)
      : socket_(std::move(socket)),
        timer_(socket_.get_executor()),
        handler_(std::move(handler)),
        clients_(std::move(clients)) {
    ++*clients_;
  }
  ~Client() { --*clients_; }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void start() {
    timer_.expires_after(kDeadline);
    timer_.async_wait([self = shared_from_this()](const error_code& error) {
      error_code ignored;
      if (!error) self->socket_.close(ignored);
    });
    read();
  }

 private:
  void read() {
    socket_.async_read_some(asio::buffer(buffer_),
                            [self = shared_from_this()](const error_code& error, std::size_t bytes) {
                              if (error) return self->done();
                              self->received_.append(self->buffer_.data(), bytes);
                              auto reply = self->handler_(self->received_);
                              if (reply) return self->write(std::move(*reply));
                              if (self->received_.size() > kMaxRequestBytes) return self->done();
                              self->read();
                            });
  }

  void write(std::string reply) {
    reply_ = std::move(reply);
    asio::async_write(socket_, asio::buffer(reply_),
                      [self = shared_from_this()](const error_code&, std::size_t) { self->done(); });
  }

  void done() {
    timer_.cancel();
    error_code ignored;
    socket_.shutdown(Socket::shutdown_both, ignored);
    socket_.close(ignored);
  }

  Socket socket_;
  asio::steady_timer timer_;
  RequestServer::Handler handler_;
  std::shared_ptr<int> clients_;
  std::array<char, 1024> buffer_{};
  std::string received_;
  std::string reply_;
};

}  // namespace

RequestServer::RequestServer(const asio::any_io_executor& executor, Handler handler)
    : handler_(std::move(handler)), tcp_(executor), unix_(executor), pause_(executor) {}

base::Result<void> RequestServer::bind(const base::HostPort& address) {
  address_ = address;
  return address.is_unix() ? listen_unix(unix_, address.unix_path, kControlAccess)
                           : listen_tcp(tcp_, address);
}

void RequestServer::start() {
  if (address_.is_unix()) {
    accept(unix_);
  } else {
    accept(tcp_);
  }
}

void RequestServer::stop() {
  stopped_ = true;
  pause_.cancel();
  error_code ignored;
  tcp_.close(ignored);
  if (unix_.is_open()) unlink(address_.unix_path.c_str());
  unix_.close(ignored);
}

template <typename Acceptor>
void RequestServer::accept(Acceptor& acceptor) {
  using Socket = typename Acceptor::protocol_type::socket;
  acceptor.async_accept([self = shared_from_this(), &acceptor](const error_code& error, Socket socket) {
    if (self->stopped_) return;
    if (!error && *self->clients_ < kMaxClients)
      std::make_shared<Client>(Client::Socket(std::move(socket)), self->handler_, self->clients_)->start();
    if (!error) return self->accept(acceptor);
    self->pause_.expires_after(kAcceptPause);
    self->pause_.async_wait([self, &acceptor](const error_code& cancelled) {
      if (!cancelled && !self->stopped_) self->accept(acceptor);
    });
  });
}

}  // namespace tsmtp::net
