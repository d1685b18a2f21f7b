// Dials a site until a connection with the pinned key stands: its addresses in turn, names resolved anew each
// time, with backoff between the rounds.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "relayd/base/clock.h"
#include "relayd/base/host_port.h"
#include "relayd/net/backoff.h"
#include "relayd/net/handshake.h"

namespace tsmtp::net {

class Dialer : public std::enable_shared_from_this<Dialer> {
 public:
  struct Callbacks {
    TlsStream::AcceptPeer accept_peer;
    std::function<void(std::unique_ptr<TlsStream>)> connected;
    /// One address failed; dialling goes on.
    std::function<void(const std::string& cause)> failed;
  };

  /// `tls` is borrowed and outlives the dialer. `targets` must not be empty.
  Dialer(const boost::asio::any_io_executor& executor, const TlsContext& tls,
         std::vector<base::HostPort> targets, Callbacks callbacks);

  /// Begins a round now; no effect while one is under way. After connected() it rests until started again.
  void start();
  /// Begins after the next backoff step.
  void start_later();
  /// The link is up: gives up whatever is under way or planned, and starts from the shortest wait the next
  /// time.
  void rest();
  /// For good: no callback follows.
  void stop();

  /// When the next round begins; nothing while one is under way or none is planned.
  [[nodiscard]] std::optional<base::WallTime> next_try() const { return next_try_; }

 private:
  void dial(std::size_t target);
  void connect(std::size_t target, const boost::asio::ip::tcp::resolver::results_type& addresses);
  void handshake(std::size_t target);
  void failed(std::size_t target, const std::string& cause);
  void cancel();

  const TlsContext& tls_;
  std::vector<base::HostPort> targets_;
  Callbacks callbacks_;
  Backoff backoff_;
  boost::asio::ip::tcp::resolver resolver_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;
  std::shared_ptr<Handshake> handshake_;
  std::optional<base::WallTime> next_try_;
  unsigned round_ = 0;  // makes callbacks of a try that was given up recognisable
  bool dialling_ = false;
  bool stopped_ = false;
};

}  // namespace tsmtp::net
