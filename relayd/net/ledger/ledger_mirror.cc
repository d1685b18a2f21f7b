#include "relayd/net/ledger/ledger_mirror.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <utility>

#include "relayd/net/io/clocks.h"

namespace tsmtp::net {
namespace {

using UnixSocket = boost::asio::local::stream_protocol::socket;
using boost::system::error_code;

// One that reads nothing any more is as good as gone: our memory is not its.
constexpr std::size_t kMaxUnreadBytes = 512UL * 1024 * 1024;

}  // namespace

LedgerMirror::LedgerMirror(const boost::asio::any_io_executor& executor, base::Descriptor socket, Host host)
    : socket_(executor), host_(std::move(host)) {
  error_code error;
  socket_.assign(boost::asio::local::stream_protocol(), socket.get(), error);
  if (!error) (void)socket.release();
  socket_.non_blocking(true, error);
}

void LedgerMirror::tell(const ledger::News& news) {
  if (is_gone_) return;
  ledger::append(out_, news);
  if (!waits_to_write_) flush();
  if (out_.size() > kMaxUnreadBytes) lost();
}

void LedgerMirror::flush() {
  std::size_t done = 0;
  while (done < out_.size()) {
    const ssize_t sent =
        ::send(socket_.native_handle(), out_.data() + done, out_.size() - done, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
    if (sent < 0) return lost();
    done += static_cast<std::size_t>(sent);
  }
  out_.erase(0, done);
  if (out_.empty() || std::exchange(waits_to_write_, true)) return;
  socket_.async_wait(UnixSocket::wait_write, lifetime_.guard([this](const error_code& error) {
    waits_to_write_ = false;
    if (!error && !is_gone_) flush();
  }));
}

void LedgerMirror::wait_to_read() {
  socket_.async_wait(UnixSocket::wait_read, lifetime_.guard([this](const error_code& error) {
    if (error || is_gone_) return;
    read();
    if (!is_gone_) wait_to_read();
  }));
}

void LedgerMirror::catch_up() {
  if (!is_gone_) read();
}

void LedgerMirror::read() {
  std::array<char, 65536> buffer;
  for (;;) {
    const ssize_t received = ::recv(socket_.native_handle(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (received < 0 && errno == EINTR) continue;
    if (received < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (received <= 0) return lost();
    in_.append(buffer.data(), static_cast<std::size_t>(received));
    std::string_view rest = in_;
    bool is_broken = false;
    while (auto news = ledger::take_news(rest, is_broken)) {
      if (is_wanted_ && !wanted_ && is_wanted_(*news))
        wanted_ = std::move(*news);
      else
        host_.told(*news);
    }
    if (is_broken) return lost();
    in_.erase(0, in_.size() - rest.size());
  }
}

std::optional<ledger::News> LedgerMirror::wait_for(const std::function<bool(const ledger::News&)>& is_wanted,
                                                   base::Duration patience) {
  const base::TimePoint deadline = now() + patience;
  is_wanted_ = is_wanted;
  wanted_.reset();
  for (;;) {
    catch_up();
    if (!out_.empty() && !is_gone_) flush();
    const base::TimePoint at = now();
    if (wanted_ || is_gone_ || at >= deadline) break;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - at);
    pollfd one{.fd = socket_.native_handle(),
               .events = static_cast<short>(POLLIN | (out_.empty() ? 0 : POLLOUT)),
               .revents = 0};
    poll(&one, 1, static_cast<int>(left.count()));
  }
  is_wanted_ = nullptr;
  return std::exchange(wanted_, std::nullopt);
}

// The caller may be in the midst of something.
void LedgerMirror::lost() {
  if (std::exchange(is_gone_, true)) return;
  out_.clear();
  error_code ignored;
  socket_.cancel(ignored);
  boost::asio::post(socket_.get_executor(), lifetime_.guard([this] { host_.gone(); }));
}

}  // namespace tsmtp::net
