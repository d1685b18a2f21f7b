#include "relayd/net/control/request_server.h"

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <list>
#include <map>

#include "relayd/net/io/socket_peer.h"

namespace tsmtp::net {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t kMaxRequestBytes = 8 * 1024;
constexpr std::size_t kMaxClients = 32;
constexpr std::chrono::seconds kToAsk{5};
constexpr std::chrono::seconds kToRead{10};
constexpr std::chrono::seconds kToAnswer{120};
constexpr unsigned kControlMode = 0600;
constexpr char kRoot[] = "user 0";

class Client;
using Clients = std::list<std::weak_ptr<Client>>;  // the one that came first, first

class Client : public std::enable_shared_from_this<Client> {
 public:
  using Socket = asio::generic::stream_protocol::socket;

  Client(Socket socket, RequestServer::Handler handler, RequestServer::SlowHandler slow)
      : socket_(std::move(socket)),
        timer_(socket_.get_executor()),
        handler_(std::move(handler)),
        slow_(std::move(slow)),
        source_(source_of(socket_)) {
    if (const auto user = user_of_peer(socket_)) user_ = *user;
  }

  void start() {
    set_deadline(kToAsk);
    read();
  }
  void close() {
    timer_.cancel();
    error_code ignored;
    socket_.close(ignored);
  }

  [[nodiscard]] const std::string& source() const { return source_; }
  [[nodiscard]] bool is_open() const { return socket_.is_open(); }
  /// Has said nothing that is not read yet, and not asked.
  [[nodiscard]] bool is_silent() {
    int bytes = 0;
    return reply_.empty() && (ioctl(socket_.native_handle(), FIONREAD, &bytes) != 0 || bytes == 0);
  }

 private:
  void set_deadline(std::chrono::seconds time) {
    timer_.expires_after(time);
    timer_.async_wait([self = shared_from_this()](const error_code& error) {
      if (!error) self->close();
    });
  }

  void read() {
    socket_.async_read_some(
        asio::buffer(buffer_), [self = shared_from_this()](const error_code& error, std::size_t bytes) {
          if (error) return self->done();
          self->received_.append(self->buffer_.data(), bytes);
          if (self->slow_ && self->slow_({.text = self->received_, .user = self->user_}, self->later())) {
            return self->set_deadline(kToAnswer);
          }
          auto reply = self->handler_({.text = self->received_, .user = self->user_});
          if (reply) return self->write(std::move(*reply));
          if (self->received_.size() > kMaxRequestBytes) return self->done();
          self->read();
        });
  }

  // The client may have gone by then.
  RequestServer::Reply later() {
    return [client = weak_from_this()](std::string reply) {
      if (const auto self = client.lock(); self && self->is_open()) self->write(std::move(reply));
    };
  }

  void write(std::string reply) {
    reply_ = std::move(reply);
    set_deadline(kToRead);
    asio::async_write(socket_, asio::buffer(reply_),
                      [self = shared_from_this()](const error_code&, std::size_t) { self->done(); });
  }

  void done() {
    error_code ignored;
    socket_.shutdown(Socket::shutdown_both, ignored);
    close();
  }

  Socket socket_;
  asio::steady_timer timer_;
  RequestServer::Handler handler_;
  RequestServer::SlowHandler slow_;
  std::string source_;
  std::optional<uid_t> user_;
  std::array<char, 1024> buffer_{};
  std::string received_;
  std::string reply_;
};

// The oldest of the source that has the most, and of those that say nothing before those that read slowly;
// root's only for root's own: a user that comes with many drives out its own, and an administrator is always
// served.
void make_room(Clients& clients, const Client& newcomer) {
  std::erase_if(clients, [](const auto& known) { return known.expired() || !known.lock()->is_open(); });
  if (clients.size() < kMaxClients) return;
  std::map<std::string, std::size_t> counts;
  for (const auto& known : clients)
    ++counts[known.lock()->source()];
  using Rank = std::tuple<bool, bool, std::size_t>;
  const auto rank = [&](Client& client) {
    return Rank(client.source() != kRoot || newcomer.source() == kRoot, client.is_silent(),
                counts[client.source()]);
  };
  std::shared_ptr<Client> victim;
  for (const auto& known : clients) {
    const auto client = known.lock();
    if (!victim || rank(*client) > rank(*victim)) victim = client;
  }
  victim->close();
}

}  // namespace

RequestServer::RequestServer(const asio::any_io_executor& executor, Handler handler, Shortages* shortages,
                             SlowHandler slow)
    : handler_(std::move(handler)),
      slow_(std::move(slow)),
      endpoint_(std::make_shared<Endpoint>(executor, shortages)) {}

base::Result<void> RequestServer::bind(const base::HostPort& address, std::optional<Owner> owner) {
  return endpoint_->bind(address, {.mode = kControlMode, .group = {}, .owner = owner});
}

// On the last descriptor too: somebody has to be able to ask what is going on.
void RequestServer::start() {
  endpoint_->start([handler = handler_, slow = slow_, clients = std::make_shared<Clients>()](
                       ByteChannel::Socket socket, bool) {
    const auto client = std::make_shared<Client>(std::move(socket), handler, slow);
    make_room(*clients, *client);
    clients->push_back(client);
    client->start();
  });
}

void RequestServer::stop() {
  endpoint_->stop();
}

}  // namespace tsmtp::net
