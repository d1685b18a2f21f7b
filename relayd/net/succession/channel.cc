#include "relayd/net/succession/channel.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <utility>

namespace tsmtp::net {
namespace {

// The other one reads at once, or is as good as gone.
constexpr timeval kWordPatience{.tv_sec = 5, .tv_usec = 0};

}  // namespace

SuccessionChannel::SuccessionChannel(const boost::asio::any_io_executor& executor, base::Descriptor socket)
    : socket_(executor) {
  setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &kWordPatience, sizeof kWordPatience);
  boost::system::error_code error;
  socket_.assign(socket.get(), error);
  if (!error) (void)socket.release();
}

bool SuccessionChannel::say(std::string_view word, int descriptor) {
  return socket_.is_open() &&
         send_message(socket_.native_handle(), word.substr(0, kMaxWordBytes), descriptor, 0);
}

void SuccessionChannel::mention(std::string_view word) {
  if (socket_.is_open()) (void)send_message(socket_.native_handle(), word, -1, MSG_DONTWAIT);
}

std::optional<DescriptorMessage> SuccessionChannel::wait_for_word(base::Duration patience) {
  if (!socket_.is_open()) return std::nullopt;
  pollfd one{.fd = socket_.native_handle(), .events = POLLIN, .revents = 0};
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(patience);
  int ready = 0;
  do {
    ready = poll(&one, 1, static_cast<int>(milliseconds.count()));
  } while (ready < 0 && errno == EINTR);
  if (ready <= 0) return std::nullopt;
  auto message = receive_message(socket_.native_handle());
  if (!message || message->text.empty()) return std::nullopt;
  return message;
}

void SuccessionChannel::listen(Heard heard) {
  heard_ = std::move(heard);
  wait();
}

void SuccessionChannel::wait() {
  using Descriptor = boost::asio::posix::stream_descriptor;
  socket_.async_wait(Descriptor::wait_read, lifetime_.guard([this](const boost::system::error_code& error) {
    if (error) return;
    auto message = receive_message(socket_.native_handle());
    // Of one that has ended without reading all, that is told first, and its last words after that.
    if (!message && errno == ECONNRESET) message = receive_message(socket_.native_handle());
    if (!message) message = DescriptorMessage();
    if (!message->text.empty()) wait();
    const auto heard = heard_;
    heard(message->text, std::move(message->descriptor));  // this may be gone then
  }));
}

}  // namespace tsmtp::net
