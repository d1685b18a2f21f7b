#include "relayd/net/pairing/exchange.h"

#include <utility>

#include "relayd/pairing/message.h"

namespace tsmtp::net {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::seconds kExchangeDeadline{10};
constexpr std::size_t kMostReceived = pairing::kMaxMessageBytes + 1024;

}  // namespace

Exchange::Exchange(std::unique_ptr<TlsStream> stream, Callbacks callbacks)
    : stream_(std::move(stream)),
      callbacks_(std::move(callbacks)),
      timer_(stream_->socket().get_executor()) {}

void Exchange::start(std::string words) {
  output_ = std::move(words);
  timer_.expires_after(kExchangeDeadline);
  timer_.async_wait([self = shared_from_this()](const error_code& error) {
    if (!error) self->end("no answer within 10 seconds");
  });
  go_on();
}

void Exchange::cancel() {
  is_over_ = true;
  timer_.cancel();
  error_code ignored;
  stream_->socket().close(ignored);
}

void Exchange::go_on() {
  while (!is_over_) {
    if (!write()) return;
    if (has_heard_) return end({});
    if (!read()) return;
  }
}

// Whether all has been written.
bool Exchange::write() {
  while (written_ < output_.size()) {
    std::size_t bytes = 0;
    const auto status = stream_->write(std::string_view(output_).substr(written_), bytes);
    if (status != TlsStream::Status::kDone) return wait_for(status), false;
    written_ += bytes;
  }
  const auto status = stream_->flush();
  if (status != TlsStream::Status::kDone) return wait_for(status), false;
  return true;
}

// Whether there is something to do.
bool Exchange::read() {
  std::string buffer(std::size_t{2} * 16 * 1024, '\0');
  std::size_t bytes = 0;
  const auto status = stream_->read(buffer.data(), buffer.size(), bytes);
  if (status != TlsStream::Status::kDone) return wait_for(status), false;
  received_.append(buffer, 0, bytes);
  auto answer = callbacks_.heard(received_);
  if (!answer && received_.size() > kMostReceived) return end("too many bytes"), false;
  if (!answer) return true;
  has_heard_ = true;
  output_ = std::move(*answer);
  written_ = 0;
  return true;
}

void Exchange::wait_for(TlsStream::Status status) {
  const auto again = [self = shared_from_this()](const error_code& error) {
    if (!error) self->go_on();
  };
  switch (status) {
    case TlsStream::Status::kWantRead:
      return stream_->socket().async_wait(tcp::socket::wait_read, again);
    case TlsStream::Status::kWantWrite:
      return stream_->socket().async_wait(tcp::socket::wait_write, again);
    case TlsStream::Status::kClosed:
    case TlsStream::Status::kFailed:
      return end(stream_->error());
    case TlsStream::Status::kDone:
      break;
  }
}

void Exchange::end(const std::string& error) {
  if (std::exchange(is_over_, true)) return;
  timer_.cancel();
  stream_->shut_down();
  (void)stream_->flush();
  error_code ignored;
  stream_->socket().shutdown(tcp::socket::shutdown_send, ignored);
  stream_->socket().close(ignored);
  callbacks_.ended(error);
}

}  // namespace tsmtp::net
