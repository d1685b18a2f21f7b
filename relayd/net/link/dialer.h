// Dials a site until a connection with the pinned key stands: its addresses in turn, names resolved anew each
// time and each of what they stand for tried, with backoff between the rounds. Knows why each address failed.
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
#include "relayd/net/io/resolver.h"
#include "relayd/net/link/backoff.h"
#include "relayd/net/tls/handshake.h"

namespace tsmtp::net {

class Dialer : public std::enable_shared_from_this<Dialer> {
 public:
  /// How the last try of an address ended.
  struct Failure {
    /// How far it got.
    enum class Reached { kNowhere, kName, kHost, kProgram };

    std::string address;  ///< as it was configured
    base::WallTime when;
    std::string cause;  ///< of each of what the name stands for
    Reached reached = Reached::kNowhere;
    std::string brief;  ///< the cause of the one that got so far, first, and its address
  };
  struct Callbacks {
    TlsStream::AcceptPeer accept_peer;
    std::function<void(std::unique_ptr<TlsStream>)> connected;
    /// One address failed; dialling goes on. `news`: not what it failed of the last time.
    std::function<void(const Failure& failure, bool news)> failed;
  };
  struct Settings {
    std::vector<base::HostPort> addresses;  ///< at least one
    std::chrono::milliseconds longest_wait{30'000};
  };

  /// `tls` is borrowed and outlives the dialer.
  Dialer(const boost::asio::any_io_executor& executor, const TlsContext& tls, Settings settings,
         Callbacks callbacks);
  /// With a resolver of the caller's.
  Dialer(std::unique_ptr<Resolver> resolver, const boost::asio::any_io_executor& executor,
         const TlsContext& tls, Settings settings, Callbacks callbacks);

  /// Begins a round now; no effect while one is under way. After connected() it rests until started again.
  void start();
  /// Begins after the next backoff step.
  void start_later();
  /// The connection that was handed over last came to nothing: goes on with the next address.
  void came_to_nothing(const std::string& cause);
  /// The link is up: gives up whatever is under way or planned, forgets all failures, and starts from the
  /// shortest wait the next time.
  void rest();
  /// For good: no callback follows.
  void stop();

  /// When the next round begins; nothing while one is under way or none is planned.
  [[nodiscard]] std::optional<base::WallTime> next_try() const { return next_try_; }
  /// One for each address that has been tried since the link was last up, in their order.
  [[nodiscard]] const std::vector<Failure>& failures() const { return failures_; }
  /// The one that says most in few words, "CAUSE, ADDRESS": mailq cuts at 100 characters. That is the one
  /// that got furthest.
  [[nodiscard]] std::string cause() const;

 private:
  void dial(std::size_t target);
  void connect_next();
  void handshake();
  void attempt_failed(const std::string& cause, Failure::Reached reached);
  void target_failed(const std::string& cause);
  void set_deadline(const std::string& cause, Failure::Reached reached);
  void cancel();

  const TlsContext& tls_;
  Settings settings_;
  Callbacks callbacks_;
  Backoff backoff_;
  std::unique_ptr<Resolver> resolver_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;
  std::shared_ptr<Handshake> handshake_;
  std::optional<base::WallTime> next_try_;
  std::vector<Failure> failures_;

  // The try that is under way.
  std::size_t target_ = 0;        // of settings_.addresses
  Resolver::Addresses to_try_;    // what it stands for
  std::size_t next_address_ = 0;  // of to_try_
  std::string causes_so_far_;
  Failure::Reached reached_so_far_ = Failure::Reached::kNowhere;
  std::string brief_so_far_;
  unsigned step_ = 0;  // makes callbacks of a step that was given up recognisable
  bool dialling_ = false;
  bool stopped_ = false;
};

}  // namespace tsmtp::net
