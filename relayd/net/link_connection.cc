#include "relayd/net/link_connection.h"

#include <array>
#include <boost/asio/post.hpp>

namespace tsmtp::net {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t kReadBytes = 64 * 1024;
constexpr std::size_t kWriteBytes = 64 * 1024;
constexpr int kReadsInARow = 16;  // then others get their turn

base::TimePoint now() {
  return std::chrono::steady_clock::now();
}

}  // namespace

LinkConnection::LinkConnection(std::unique_ptr<TlsStream> stream, mux::Settings settings,
                               LinkConnectionOwner& owner)
    : stream_(std::move(stream)),
      role_(settings.role),
      session_(std::move(settings), now()),
      owner_(&owner),
      timer_(stream_->socket().get_executor()) {}

void LinkConnection::start() {
  schedule_flush();
  read();
}

void LinkConnection::schedule_flush() {
  if (flush_scheduled_ || owner_ == nullptr) return;
  flush_scheduled_ = true;
  boost::asio::post(stream_->socket().get_executor(), [self = shared_from_this()] {
    self->flush_scheduled_ = false;
    self->flush();
  });
}

void LinkConnection::close(const std::string& reason) {
  if (owner_ == nullptr) return;
  session_.close(reason);
  write_session();
  stream_->shut_down();
  owner_ = nullptr;
  timer_.cancel();
  error_code ignored;
  stream_->socket().close(ignored);
}

void LinkConnection::wait_read() {
  if (waiting_read_ || owner_ == nullptr) return;
  waiting_read_ = true;
  stream_->socket().async_wait(tcp::socket::wait_read, [self = shared_from_this()](const error_code& error) {
    self->waiting_read_ = false;
    if (!error) self->read();
  });
}

void LinkConnection::wait_write() {
  if (waiting_write_ || owner_ == nullptr) return;
  waiting_write_ = true;
  stream_->socket().async_wait(tcp::socket::wait_write, [self = shared_from_this()](const error_code& error) {
    self->waiting_write_ = false;
    if (!error) self->flush();
  });
}

void LinkConnection::read() {
  static std::array<char, kReadBytes> buffer;
  const auto self = shared_from_this();
  for (int i = 0; i < kReadsInARow && owner_ != nullptr; ++i) {
    std::size_t bytes = 0;
    const TlsStream::Status status = stream_->read(buffer.data(), buffer.size(), bytes);
    if (status == TlsStream::Status::kWantRead) {
      wait_read();
      return flush();
    }
    if (status == TlsStream::Status::kWantWrite) return wait_write();
    if (status != TlsStream::Status::kDone) return lost(stream_->error());
    const auto ok = session_.receive({buffer.data(), bytes}, now());
    dispatch();
    if (owner_ != nullptr && !ok) return lost(ok.error().message);
  }
  flush();
  // More may be waiting inside OpenSSL, which the socket's readiness does not show: come back by way of the
  // loop.
  boost::asio::post(stream_->socket().get_executor(), [self] {
    if (self->owner_ != nullptr && !self->waiting_read_) self->read();
  });
}

void LinkConnection::dispatch() {
  while (owner_ != nullptr) {
    auto event = session_.next_event();
    if (!event) break;
    if (const auto* established = std::get_if<mux::Established>(&*event)) {
      peer_instance_ = established->peer_instance;
      peer_name_ = established->peer_name;
    }
    owner_->on_event(*this, std::move(*event));
  }
}

void LinkConnection::flush() {
  if (owner_ == nullptr) return;
  write_session();
  dispatch();
  if (owner_ != nullptr) set_timer();
}

// Frames are made late, when TLS can take them, so that the session's choice of stream is the latest
// possible.
void LinkConnection::write_session() {
  while (!waiting_write_) {
    if (written_ == output_.size()) {
      output_.clear();
      written_ = 0;
      session_.produce(output_, kWriteBytes, now());
    }
    if (output_.empty()) return;
    std::size_t bytes = 0;
    const TlsStream::Status status = stream_->write(std::string_view(output_).substr(written_), bytes);
    if (status == TlsStream::Status::kWantWrite) return wait_write();
    if (status != TlsStream::Status::kDone) return wait_read();  // reading will find out what happened
    written_ += bytes;
  }
}

void LinkConnection::set_timer() {
  const base::TimePoint deadline = session_.deadline();
  if (deadline == timer_set_for_) return;
  timer_set_for_ = deadline;
  timer_.expires_at(deadline);
  timer_.async_wait([self = shared_from_this()](const error_code& error) {
    if (error || self->owner_ == nullptr) return;
    self->timer_set_for_ = {};
    if (const auto alive = self->session_.tick(now()); !alive) return self->lost(alive.error().message);
    self->flush();
  });
}

void LinkConnection::lost(const std::string& cause) {
  if (owner_ == nullptr) return;
  LinkConnectionOwner* owner = owner_;
  write_session();  // a Close frame, if the session has one to say
  const auto self = shared_from_this();
  owner_ = nullptr;
  timer_.cancel();
  stream_->shut_down();
  error_code ignored;
  stream_->socket().close(ignored);
  owner->on_connection_lost(*this, cause);
}

}  // namespace tsmtp::net
