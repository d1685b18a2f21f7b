#include "relayd/net/io/byte_channel.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <utility>

#include "relayd/net/io/socket_options.h"
#include "relayd/net/io/socket_peer.h"

namespace tsmtp::net {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t kReadBytes = 64 * 1024;
constexpr int kReadsInARow = 4;  // then others get their turn
constexpr std::chrono::seconds kLinger{2};
constexpr std::chrono::milliseconds kBetweenLooks{500};

// One buffer for all channels: everything runs on one thread, and what is read is dealt with before the next
// read.
std::array<char, kReadBytes>& read_buffer() {
  static std::array<char, kReadBytes> buffer;
  return buffer;
}

}  // namespace

ByteChannel::Socket connected_socket(const asio::any_io_executor& executor, base::Descriptor connected) {
  int family = AF_UNSPEC;
  socklen_t length = sizeof family;
  (void)getsockopt(connected.get(), SOL_SOCKET, SO_DOMAIN, &family, &length);
  ByteChannel::Socket socket(executor);
  error_code error;
  socket.assign(asio::generic::stream_protocol(family, 0), connected.get(), error);
  if (!error) (void)connected.release();
  return socket;
}

OwnedChannel::OwnedChannel(ByteChannel::Socket socket, ByteChannelOwner& owner)
    : channel_(new ByteChannel(std::move(socket), owner)) {}

OwnedChannel::~OwnedChannel() {
  if (channel_) channel_->detach();
}

OwnedChannel& OwnedChannel::operator=(OwnedChannel&& other) noexcept {
  if (channel_ && channel_ != other.channel_) channel_->detach();
  channel_ = std::exchange(other.channel_, nullptr);
  return *this;
}

ByteChannel::ByteChannel(Socket socket, ByteChannelOwner& owner)
    : socket_(std::move(socket)),
      owner_(&owner),
      lingering_(socket_.get_executor()),
      pause_(socket_.get_executor()) {
  set_mta_options(socket_);
}

void ByteChannel::set_reading(bool reading) {
  reading_ = reading;
  if (reading_ && !waiting_read_ && !ended_ && owner_ != nullptr) wait_read();
}

void ByteChannel::wait_read() {
  waiting_read_ = true;
  socket_.async_wait(Socket::wait_read, [self = shared_from_this()](const error_code& error) {
    self->waiting_read_ = false;
    if (error || self->owner_ == nullptr) return;
    if (self->reading_ && !self->closing_ && self->owner_->gives_away()) return;
    self->read_ready();
  });
}

void ByteChannel::read_ready() {
  const auto self = shared_from_this();  // the owner may let go of us
  for (int i = 0; i < kReadsInARow && owner_ != nullptr && (reading_ || closing_); ++i) {
    error_code error;
    std::span<char> buffer = owner_->room();
    if (buffer.empty()) buffer = read_buffer();
    const std::size_t bytes = socket_.read_some(asio::buffer(buffer.data(), buffer.size()), error);
    if (error == asio::error::would_block) break;
    if (error == asio::error::eof) {
      // What could not be sent has told of a reset already, and the kernel tells of it once.
      if (send_failed_) return closed(false, "reset by peer");
      if (closing_ || !owner_->on_end()) return closed(all_was_read(), "closed by peer");
      ended_ = true;
      return watches_ ? void() : wait_reset();
    }
    if (error) return closed(false, error.message());
    sent_since_read_ = false;
    if (!closing_) owner_->on_bytes({buffer.data(), bytes});
    if (owner_ == nullptr) return;
    // An answer acknowledges by itself. Where none comes yet, a client may be waiting for the
    // acknowledgement: one that writes the final dot apart, with Nagle's algorithm.
    if (bytes < buffer.size() && !sent_since_read_ && owner_->awaits_more()) acknowledge_now(socket_);
    if (bytes < buffer.size()) break;  // there was no more; if that changed, the wait ends at once
  }
  if (owner_ != nullptr && (reading_ || closing_) && !waiting_read_) wait_read();
}

void ByteChannel::flush(std::string& output) {
  if (waiting_write_ || closing_ || owner_ == nullptr) return;
  while (sent_ < output.size()) {
    error_code error;
    const std::size_t bytes =
        socket_.send(asio::buffer(output.data() + sent_, output.size() - sent_), MSG_NOSIGNAL, error);
    if (error == asio::error::would_block) {
      wait_write();
      break;
    }
    if (error) {  // reading tells the owner what happened; until then the connection swallows
      send_failed_ = true;
      sent_ = output.size();
      set_reading(true);
    } else {
      sent_ += bytes;
      sent_since_read_ = true;
    }
  }
  if (sent_ < output.size() / 2) return;  // to move what stays would cost more than it frees
  output.erase(0, std::exchange(sent_, 0));
}

// A peer that died before our last words reached it shows as an orderly end too, if its FIN came first; then
// sending failed, or the socket holds the error of the reset that answered it.
bool ByteChannel::all_was_read() const {
  int pending = 0;
  socklen_t length = sizeof pending;
  const bool known =
      getsockopt(const_cast<Socket&>(socket_).native_handle(), SOL_SOCKET, SO_ERROR, &pending, &length) == 0;
  return known && pending == 0 && !send_failed_;
}

bool ByteChannel::was_read_here() {
  return !closing_ && sent_ == 0 && user() && peer_has_read_all(socket_) && all_was_read();
}

std::optional<std::uint32_t> ByteChannel::user() {
  const auto found = user_of_peer(socket_);
  return found ? std::optional<std::uint32_t>(*found) : std::nullopt;
}

std::string ByteChannel::network() {
  return network_of_peer(socket_);
}

// Urgent data (telnet's Synch) ends the wait too, and so does the end of both halves while what came before
// it is not read. Neither is a reset, and both last: the next look is a moment later, or it would find them
// again at once, and for ever.
void ByteChannel::wait_reset() {
  socket_.async_wait(Socket::wait_error, [self = shared_from_this()](const error_code& error) {
    if (error || self->owner_ == nullptr) return;
    pollfd state{.fd = self->socket_.native_handle(), .events = 0, .revents = 0};
    (void)poll(&state, 1, 0);
    const bool is_gone = (state.revents & POLLERR) != 0 || (self->ended_ && (state.revents & POLLHUP) != 0);
    if (is_gone) return self->closed(false, "reset by peer");
    self->pause_.expires_after(kBetweenLooks);
    self->pause_.async_wait([self](const error_code& cancelled) {
      if (!cancelled && self->owner_ != nullptr) self->wait_reset();
    });
  });
}

void ByteChannel::watch_for_reset() {
  watches_ = true;
  wait_reset();
}

void ByteChannel::break_off_unless_in_order() {
  error_code ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
}

void ByteChannel::finish() {
  error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
}

// What was written may still be on its way.
void ByteChannel::close_in_order() {
  error_code ignored;
  socket_.set_option(asio::socket_base::linger(false, 0), ignored);
  detach();
}

void ByteChannel::abort() {
  error_code ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  detach();
}

void ByteChannel::wait_write() {
  waiting_write_ = true;
  socket_.async_wait(Socket::wait_write, [self = shared_from_this()](const error_code& error) {
    self->waiting_write_ = false;
    if (!error && self->owner_ != nullptr) self->owner_->on_writable();
  });
}

void ByteChannel::close_gently(bool until_read) {
  if (closing_ || owner_ == nullptr) return;
  closing_ = true;
  if (ended_ && !until_read) return closed(all_was_read(), "closed by peer");
  // Our own end would make the kernel of a side that has ended forget the connection, and no reset could tell
  // us any more that our last words were not read.
  error_code ignored;
  if (!ended_) socket_.shutdown(Socket::shutdown_send, ignored);
  lingering_.expires_after(kLinger);
  lingering_.async_wait([self = shared_from_this()](const error_code& error) {
    if (!error)
      // In this order: an end that goes away unread, between the two, is seen by the second.
      self->closed(self->ended_ && peer_has_read_all(self->socket_) && self->all_was_read(),
                   "the other side did not close");
  });
  if (!ended_ && !waiting_read_) wait_read();
}

void ByteChannel::closed(bool clean, const std::string& cause) {
  if (owner_ == nullptr) return;
  ByteChannelOwner* owner = owner_;
  detach();
  owner->on_closed(clean, cause);
}

bool ByteChannel::has_bytes() const {
  char one = 0;
  return recv(const_cast<Socket&>(socket_).native_handle(), &one, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

// Asio leaves it to the kernel to take a socket that is closed out of epoll(7), which it does when nobody has
// it any more: until then events would come for what is gone.
void ByteChannel::let_go() {
  error_code ignored;
  const base::Descriptor ours(socket_.release(ignored));
  detach();
}

void ByteChannel::detach() {
  owner_ = nullptr;
  lingering_.cancel();
  pause_.cancel();
  error_code ignored;
  socket_.close(ignored);
}

}  // namespace tsmtp::net
