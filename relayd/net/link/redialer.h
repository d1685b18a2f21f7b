// Dials the address of a connection that stands still or broke, beside it, until a new one stands: each try
// is short and with a packet of its own soon, so that a line that is there again is found within some hundred
// milliseconds, however long it was away. Says nothing of failures: what is wrong for longer, Dialer tells.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <random>

#include "relayd/net/link/backoff.h"
#include "relayd/net/tls/handshake.h"

namespace tsmtp::net {

class Redialer : public std::enable_shared_from_this<Redialer> {
 public:
  using Milliseconds = std::chrono::milliseconds;
  /// A try to connect lasts twice the round trip, at least the first of these, and up to a half more by
  /// chance; then the next one follows.
  static constexpr Milliseconds kShortestTry{250};
  static constexpr Milliseconds kLongestTry{3000};

  struct Callbacks {
    TlsStream::AcceptPeer accept_peer;
    /// Last call, unless started again.
    std::function<void(std::unique_ptr<TlsStream>)> connected;
  };

  /// `tls` is borrowed and outlives the redialer. `round_trip`: as it was known of the path.
  Redialer(const boost::asio::any_io_executor& executor, const TlsContext& tls,
           const boost::asio::ip::tcp::endpoint& address, Milliseconds round_trip, Callbacks callbacks);

  /// Begins now; no effect while it is under way.
  void start();
  /// Begins when a try would be over.
  void start_later();
  /// The connection that was handed over last came to nothing, or may yet: goes on after a pause, a longer
  /// one each time.
  void came_to_nothing();
  /// For good: no callback follows.
  void stop();

 private:
  void connect();
  void handshake();
  void wait(Milliseconds time);
  [[nodiscard]] Milliseconds length_of_try();

  const TlsContext& tls_;
  boost::asio::ip::tcp::endpoint address_;
  Milliseconds shortest_try_;
  Callbacks callbacks_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;
  std::shared_ptr<Handshake> handshake_;
  Backoff backoff_;    // between handshakes that come to nothing
  unsigned step_ = 0;  // makes callbacks of a step that was given up recognisable
  bool dialling_ = false;
  bool stopped_ = false;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace tsmtp::net
