#include "tests/support/tcp_proxy.h"

#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <stdexcept>

#include "tests/support/connection.h"
#include "tests/support/wait_until.h"

namespace tsmtp::support {

TcpProxy::TcpProxy(std::uint16_t port, std::uint16_t target)
    : target_(target), listener_(listen_on(port)), acceptor_([this] { accept_loop(); }) {}

TcpProxy::~TcpProxy() {
  ending_ = true;
  holding = false;
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  close(listener_);
  cut();
  for (std::thread& thread : threads_)
    thread.join();
  for (const int fd : open_)
    close(fd);
}

void TcpProxy::cut() {
  const std::lock_guard lock(mutex_);
  for (const int fd : open_)
    shutdown(fd, SHUT_RDWR);
}

void TcpProxy::cut_one() {
  const std::lock_guard lock(mutex_);
  shutdown(open_.at(open_.size() - 1), SHUT_RDWR);
  shutdown(open_.at(open_.size() - 2), SHUT_RDWR);
}

void TcpProxy::accept_loop() {
  while (!ending_) {
    const int near = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (near < 0) continue;
    (void)wait_until([this] { return !leading_nowhere || ending_; }, std::chrono::minutes(5));
    int far = -1;
    try {
      far = dup(Connection("127.0.0.1", target_).fd());
    } catch (const std::runtime_error&) {
      close(near);
      continue;
    }
    const bool is_whole = break_after == 0 || whole_first-- > 0;
    const Left left = is_whole ? nullptr : std::make_shared<std::atomic<std::int64_t>>(break_after.load());
    const auto directions = std::make_shared<std::atomic<int>>(2);
    const auto pass_all = [=, this](int from, int to, bool to_target) {
      pass(from, to, to_target, left);
      if (--*directions > 0) return;
      shutdown(near, SHUT_RDWR);
      shutdown(far, SHUT_RDWR);
      --connections;
    };
    const std::lock_guard lock(mutex_);
    open_.insert(open_.end(), {near, far});
    ++connections;
    threads_.emplace_back([=] { pass_all(near, far, true); });
    threads_.emplace_back([=] { pass_all(far, near, false); });
  }
}

// One that closes may have said something last, which the other direction still passes on.
void TcpProxy::pass(int from, int to, bool to_target, const Left& left) {
  char buffer[16384];
  for (;;) {
    ssize_t bytes = recv(from, buffer, sizeof buffer, 0);
    if (left && bytes > 0) {
      const std::int64_t before = left->fetch_sub(bytes);
      if (before < bytes) {
        if (before > 0) (void)send(to, buffer, static_cast<std::size_t>(before), MSG_NOSIGNAL);
        shutdown(from, SHUT_RDWR);
        shutdown(to, SHUT_RDWR);
        bytes = 0;
      }
    }
    if (to_target && bytes > 0 && holding) {
      ++held;
      (void)wait_until([this] { return !holding; }, std::chrono::minutes(5));
      --held;
    }
    if (to_target && bytes > 0) bytes_to_target += static_cast<std::uint64_t>(bytes);
    if (bytes <= 0 || send(to, buffer, static_cast<std::size_t>(bytes), MSG_NOSIGNAL) != bytes) break;
  }
  shutdown(to, SHUT_WR);
}

}  // namespace tsmtp::support
