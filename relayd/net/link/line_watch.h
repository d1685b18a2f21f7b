// Looks some times a second, while something that was sent waits for its acknowledgement, whether the line
// under a connection stands still, and has the kernel try more often then. Costs nothing while nothing is
// sent.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>

#include "relayd/mux/standstill.h"

namespace tsmtp::net {

class LineWatch : public std::enable_shared_from_this<LineWatch> {
 public:
  /// Called when the line has come to stand still, and when it moves again.
  using Changed = std::function<void(mux::Standstill::Change)>;

  /// `socket` is borrowed until stop().
  LineWatch(boost::asio::ip::tcp::socket& socket, Changed changed);

  /// Something was handed to the kernel.
  void sent();
  /// For good: nothing is called any more.
  void stop();

  /// Since when the line stands still; nothing while it does not.
  [[nodiscard]] std::optional<base::TimePoint> stands_still_since() const { return standstill_.since(); }

 private:
  void look_later();
  void look();

  boost::asio::ip::tcp::socket& socket_;
  boost::asio::steady_timer timer_;
  Changed changed_;
  mux::Standstill standstill_;
  std::chrono::milliseconds longest_retry_{};  // as it was before the line stood still
};

}  // namespace tsmtp::net
