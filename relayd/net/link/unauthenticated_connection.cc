#include "relayd/net/link/unauthenticated_connection.h"

#include <poll.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "relayd/base/bytes.h"
#include "relayd/net/io/socket_options.h"

namespace tsmtp::net {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::seconds kParting{1};
constexpr std::size_t kMaxThrownAway = 64 * 1024;
constexpr int kHeaderBytes = 5;  // of a TLS record: type, version, length (RFC 8446 section 5.1)
constexpr int kMaxLooks = 16;

constexpr char kClosed[] = "connection closed by peer during the TLS handshake";

bool may_be_tls(std::string_view header) {
  return header[0] == '\x16' && header[1] == '\x03';
}

int record_bytes(std::string_view header) {
  return kHeaderBytes + static_cast<unsigned char>(header[3]) * 256 + static_cast<unsigned char>(header[4]);
}

bool peer_has_ended(int fd) {
  pollfd poll_for{fd, POLLRDHUP, 0};
  return poll(&poll_for, 1, 0) == 1;
}

}  // namespace

UnauthenticatedConnection::UnauthenticatedConnection(tcp::socket socket, const TlsContext& tls,
                                                     AdmissionControl& admission, Callbacks callbacks)
    : socket_(std::move(socket)),
      tls_(tls),
      admission_(admission),
      callbacks_(std::move(callbacks)),
      peer_(peer_name(socket_)),
      timer_(socket_.get_executor()) {}

void UnauthenticatedConnection::start() {
  error_code error;
  from_ = socket_.remote_endpoint(error).address();
  place_ = admission_.admit(from_, [this] {
    refuse("too many connections at once that have not shown a key");
    done();
  });
  socket_.non_blocking(true, error);
  const auto time = admission_.limits().time;
  timer_.expires_after(time);
  timer_.async_wait([self = shared_from_this(), time](const error_code& cancelled) {
    if (cancelled) return;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time).count();
    self->refuse("no TLS handshake within " + std::to_string(seconds) + " seconds");
  });
  wait_for(kHeaderBytes);
}

void UnauthenticatedConnection::cancel() {
  ended_ = true;
  done();
}

tcp::socket& UnauthenticatedConnection::socket() {
  return refused_ ? refused_->socket() : socket_;
}

// The kernel wakes us when so much is there, and not for every byte.
void UnauthenticatedConnection::wait_for(int bytes) {
  wanted_bytes_ = bytes;
  setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof bytes);
  socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](const error_code& error) {
    if (!error && !self->ended_) self->look();
  });
}

void UnauthenticatedConnection::look() {
  char header[kHeaderBytes];
  const ssize_t seen = recv(socket_.native_handle(), header, sizeof header, MSG_PEEK);
  if (seen < 0 && errno != EAGAIN && errno != EINTR)
    return refuse(std::strerror(errno) + std::string(" during the TLS handshake"));
  int available = 0;
  ioctl(socket_.native_handle(), FIONREAD, &available);
  if (seen == 0) return refuse(kClosed);
  if (available < wanted_bytes_) {
    if (peer_has_ended(socket_.native_handle()) || ++looks_ == kMaxLooks) return refuse(kClosed);
    return wait_for(wanted_bytes_);
  }
  const std::string_view began(header, sizeof header);
  if (!may_be_tls(began))
    return refuse("peer does not speak TLS 1.3 (it began with \"" + base::escaped(began) + "\")");
  const int wanted = record_bytes(began);
  if (wanted > static_cast<int>(kMaxFirstMessageBytes))
    return refuse("peer announced a first message of " + std::to_string(wanted) + " bytes, more than the " +
                  std::to_string(kMaxFirstMessageBytes) + " it may send before it shows a key");
  if (available < wanted) return wait_for(wanted);
  const int one = 1;
  setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVLOWAT, &one, sizeof one);
  shake_hands();
}

void UnauthenticatedConnection::shake_hands() {
  if (!admission_.begin_handshake(from_, std::chrono::steady_clock::now()))
    return refuse("too many handshakes with this address in ten seconds");
  const bool pairs = callbacks_.takes_pairing && callbacks_.takes_pairing();
  handshake_ = std::make_shared<Handshake>(
      std::make_unique<TlsStream>(std::move(socket_), tls_, TlsStream::Role::kServer, callbacks_.accept_peer,
                                  pairs ? TlsStream::Speaks::kEither : TlsStream::Speaks::kLink),
      [self = shared_from_this()](std::unique_ptr<TlsStream> stream, const std::string& error) {
        self->handshake_.reset();
        if (!error.empty()) {
          self->refused_ = std::move(stream);
          return self->refuse(error);
        }
        self->ended_ = true;
        self->done();
        self->callbacks_.connected(std::move(stream));
      });
  handshake_->start();
}

void UnauthenticatedConnection::refuse(const std::string& cause) {
  if (std::exchange(ended_, true)) return;
  if (handshake_) refused_ = std::exchange(handshake_, nullptr)->cancel();
  error_code ignored;
  socket().shutdown(tcp::socket::shutdown_send, ignored);
  timer_.expires_after(kParting);
  timer_.async_wait([self = shared_from_this()](const error_code& error) {
    if (!error) self->done();
  });
  part();
  callbacks_.refused(peer_, cause);
}

void UnauthenticatedConnection::part() {
  while (!closed_) {
    const ssize_t bytes = recv(socket().native_handle(), nullptr, kMaxThrownAway, MSG_TRUNC);
    if (bytes < 0 && errno == EAGAIN) break;
    if (bytes <= 0) return done();
    thrown_away_ += static_cast<std::size_t>(bytes);
    if (thrown_away_ > kMaxThrownAway) return done();
  }
  if (closed_) return;
  socket().async_wait(tcp::socket::wait_read, [self = shared_from_this()](const error_code& error) {
    if (!error) self->part();
  });
}

void UnauthenticatedConnection::done() {
  closed_ = true;
  timer_.cancel();
  if (handshake_) (void)handshake_->cancel();
  handshake_.reset();
  refused_.reset();
  error_code ignored;
  socket_.close(ignored);
  place_ = {};
}

}  // namespace tsmtp::net
