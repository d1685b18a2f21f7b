#include "relayd/net/link/proxy_handshake.h"

#include <array>
#include <utility>

#include "relayd/net/io/shortage.h"

namespace tsmtp::net {
namespace {

using boost::system::error_code;

constexpr std::chrono::seconds kHandshakeDeadline{10};
constexpr std::size_t kPieceBytes = 4096;

}  // namespace

ProxyHandshake::ProxyHandshake(Socket socket, std::unique_ptr<proxy::Dialogue> dialogue, Done done)
    : socket_(std::move(socket)),
      dialogue_(std::move(dialogue)),
      done_(std::move(done)),
      timer_(socket_.get_executor()) {}

void ProxyHandshake::start() {
  error_code error;
  socket_.non_blocking(true, error);
  timer_.expires_after(kHandshakeDeadline);
  timer_.async_wait([self = shared_from_this()](const error_code& cancelled) {
    if (!cancelled) self->finish("the proxy has not answered within 10 seconds");
  });
  go_on();
}

void ProxyHandshake::cancel() {
  done_ = nullptr;
  timer_.cancel();
  error_code ignored;
  socket_.close(ignored);
}

// Until it is over, or the socket lets us wait.
void ProxyHandshake::go_on() {
  while (done_ && write() && read()) {
  }
}

// Whether all is written.
bool ProxyHandshake::write() {
  output_ += dialogue_->take_output();
  while (!output_.empty()) {
    error_code error;
    const std::size_t bytes = socket_.write_some(boost::asio::buffer(output_), error);
    if (error == boost::asio::error::would_block) {
      wait(Socket::wait_write);
      return false;
    }
    if (error) {
      fail(error);
      return false;
    }
    output_.erase(0, bytes);
  }
  return true;
}

// Looks at what is there, and takes what was the proxy's. Whether there may be more.
bool ProxyHandshake::read() {
  std::array<char, kPieceBytes> piece{};
  error_code error;
  const std::size_t there = socket_.receive(boost::asio::buffer(piece), Socket::message_peek, error);
  if (error == boost::asio::error::would_block) {
    wait(Socket::wait_read);
    return false;
  }
  if (error) {
    fail(error);
    return false;
  }
  const auto taken = dialogue_->receive({piece.data(), there});
  if (!taken) {
    finish("the proxy " + taken.error().message);
    return false;
  }
  (void)socket_.receive(boost::asio::buffer(piece.data(), *taken), 0, error);
  if (error) {
    fail(error);
    return false;
  }
  if (dialogue_->is_done()) finish({});
  return true;
}

void ProxyHandshake::wait(Socket::wait_type what) {
  socket_.async_wait(what, [self = shared_from_this()](const error_code& error) {
    if (!error) self->go_on();
  });
}

void ProxyHandshake::fail(const error_code& error) {
  finish(error == boost::asio::error::eof ? "the proxy closed the connection before it had answered"
                                          : "the proxy broke the connection off (" + cause_of(error) + ')');
}

void ProxyHandshake::finish(const std::string& error) {
  if (!done_) return;
  const Done done = std::exchange(done_, nullptr);
  timer_.cancel();
  done(std::move(socket_), error);
}

}  // namespace tsmtp::net
