#include "relayd/net/request_server.h"

#include <array>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

namespace tsmtp::net {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t kMaxRequestBytes = 8 * 1024;
constexpr int kMaxClients = 32;
constexpr std::chrono::seconds kDeadline{10};
constexpr unsigned kControlMode = 0600;

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
    : handler_(std::move(handler)), endpoint_(std::make_shared<Endpoint>(executor)) {}

base::Result<void> RequestServer::bind(const base::HostPort& address, std::optional<Owner> owner) {
  return endpoint_->bind(address, {.mode = kControlMode, .group = {}, .owner = owner});
}

void RequestServer::start() {
  endpoint_->start([handler = handler_, clients = std::make_shared<int>(0)](ByteChannel::Socket socket) {
    if (*clients < kMaxClients) std::make_shared<Client>(std::move(socket), handler, clients)->start();
  });
}

void RequestServer::stop() {
  endpoint_->stop();
}

}  // namespace tsmtp::net
