#include "relayd/net/tls/handshake.h"

namespace tsmtp::net {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::seconds kHandshakeDeadline{10};

}  // namespace

Handshake::Handshake(std::unique_ptr<TlsStream> stream, Done done)
    : stream_(std::move(stream)), done_(std::move(done)), timer_(stream_->socket().get_executor()) {}

void Handshake::start() {
  timer_.expires_after(kHandshakeDeadline);
  timer_.async_wait([self = shared_from_this()](const error_code& error) {
    if (!error) self->finish("no TLS handshake within 10 seconds");
  });
  step();
}

void Handshake::step() {
  if (!done_) return;
  const TlsStream::Status status = stream_->handshake();
  const auto again = [self = shared_from_this()](const error_code& error) {
    if (!error) self->step();
  };
  switch (status) {
    case TlsStream::Status::kDone:
      return finish({});
    case TlsStream::Status::kWantRead:
      return stream_->socket().async_wait(tcp::socket::wait_read, again);
    case TlsStream::Status::kWantWrite:
      return stream_->socket().async_wait(tcp::socket::wait_write, again);
    case TlsStream::Status::kClosed:
    case TlsStream::Status::kFailed:
      return finish(stream_->error());
  }
}

void Handshake::finish(const std::string& error) {
  if (!done_) return;
  // NOLINTNEXTLINE(performance-unnecessary-copy-initialization): it may be the stream's, which moves
  const std::string why = error;
  const Done done = std::exchange(done_, nullptr);
  timer_.cancel();
  done(std::move(stream_), why);
}

std::unique_ptr<TlsStream> Handshake::cancel() {
  done_ = nullptr;
  timer_.cancel();
  if (stream_) {
    boost::system::error_code ignored;
    stream_->socket().cancel(ignored);
  }
  return std::move(stream_);
}

}  // namespace tsmtp::net
