#include "relayd/net/io/event_loop.h"

#include <boost/asio/post.hpp>
#include <csignal>
#include <memory>

namespace tsmtp::net {

using boost::system::error_code;

EventLoop::EventLoop() : signals_(context_) {
  // OpenSSL writes to sockets without MSG_NOSIGNAL.
  std::signal(SIGPIPE, SIG_IGN);
  // A file at its size limit is an error of that file's, not the end of everything.
  std::signal(SIGXFSZ, SIG_IGN);
  // A parent that ignores it has us inherit that, and no exit status of a child would be known.
  std::signal(SIGCHLD, SIG_DFL);
}

void EventLoop::later(std::function<void()> task) {
  boost::asio::post(context_, std::move(task));
}

void EventLoop::on_signals(std::function<void(int)> handler) {
  signal_handler_ = std::move(handler);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    error_code ignored;
    signals_.add(signal, ignored);
  }
  wait_signal();
}

void EventLoop::wait_signal() {
  signals_.async_wait([this](const error_code& error, int signal) {
    if (error) return;
    signal_handler_(signal);
    wait_signal();
  });
}

void EventLoop::every(std::chrono::milliseconds interval, std::function<bool()> tick) {
  auto timer = std::make_shared<boost::asio::steady_timer>(context_, interval);
  timer->async_wait([this, timer, interval, tick = std::move(tick)](const error_code& error) mutable {
    if (!error && tick()) every(interval, std::move(tick));
  });
}

}  // namespace tsmtp::net
