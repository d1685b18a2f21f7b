#include "relayd/net/succession/channel.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace tsmtp::net {
namespace {

bool is_for_lack_of_room(int error) {
  return error == EAGAIN || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

SuccessionChannel::SuccessionChannel(const boost::asio::any_io_executor& executor, base::Descriptor socket)
    : socket_(executor) {
  boost::system::error_code error;
  socket_.assign(socket.get(), error);
  if (!error) (void)socket.release();
}

bool SuccessionChannel::say(std::string_view word, int descriptor) {
  if (!socket_.is_open()) return false;
  word = word.substr(0, kMaxWordBytes);
  if (waiting_.empty()) {
    if (send_message(socket_.native_handle(), word, descriptor, MSG_DONTWAIT)) return true;
    if (!is_for_lack_of_room(errno)) return false;
  }
  base::Descriptor own(descriptor < 0 ? -1 : fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
  if (descriptor >= 0 && !own.is_open()) return false;
  waiting_.push_back({.text = std::string(word), .descriptor = std::move(own)});
  if (waiting_.size() == 1) wait_for_room();
  return true;
}

void SuccessionChannel::mention(std::string_view word) {
  if (socket_.is_open() && waiting_.empty())
    (void)send_message(socket_.native_handle(), word, -1, MSG_DONTWAIT);
}

void SuccessionChannel::wait_for_room() {
  using Descriptor = boost::asio::posix::stream_descriptor;
  socket_.async_wait(Descriptor::wait_write, lifetime_.guard([this](const boost::system::error_code& error) {
    if (!error) send_waiting();
  }));
}

void SuccessionChannel::send_waiting() {
  while (!waiting_.empty()) {
    const DescriptorMessage& next = waiting_.front();
    const bool is_sent =
        send_message(socket_.native_handle(), next.text, next.descriptor.get(), MSG_DONTWAIT);
    if (!is_sent && is_for_lack_of_room(errno)) return wait_for_room();
    if (!is_sent) return waiting_.clear();  // its end is heard, too
    waiting_.pop_front();
  }
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
