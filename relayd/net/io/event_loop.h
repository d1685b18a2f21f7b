// The event loop everything runs on, one thread, with timers and signals. daemon/ uses it without knowing
// Asio.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>

namespace tsmtp::net {

class EventLoop {
 public:
  EventLoop();

  [[nodiscard]] boost::asio::any_io_executor executor() { return context_.get_executor(); }
  /// Runs until stop().
  void run() { context_.run(); }
  void stop() { context_.stop(); }

  /// Calls `task` from the loop, behind what it is about to do.
  void later(std::function<void()> task);
  /// Calls `handler` with the number of each SIGTERM, SIGINT and SIGHUP.
  void on_signals(std::function<void(int)> handler);
  /// Calls `tick` every `interval` until it returns false.
  void every(std::chrono::milliseconds interval, std::function<bool()> tick);

 private:
  void wait_signal();

  boost::asio::io_context context_{1};
  boost::asio::signal_set signals_;
  std::function<void(int)> signal_handler_;
};

}  // namespace tsmtp::net
