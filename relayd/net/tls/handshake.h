// The TLS handshake of one new connection, within a deadline. Nothing but TLS is spoken before the peer's key
// is known.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>

#include "relayd/net/tls/tls_stream.h"

namespace tsmtp::net {

class Handshake : public std::enable_shared_from_this<Handshake> {
 public:
  /// `error` is empty if all went well. If not, the stream is given back so that it can be closed with care.
  using Done = std::function<void(std::unique_ptr<TlsStream> stream, const std::string& error)>;

  Handshake(std::unique_ptr<TlsStream> stream, Done done);
  /// Calls `done` once, later. Keeps itself alive until then.
  void start();
  /// Gives up and gives the stream back: `done` is not called any more.
  std::unique_ptr<TlsStream> cancel();

 private:
  void step();
  void finish(const std::string& error);

  std::unique_ptr<TlsStream> stream_;
  Done done_;
  boost::asio::steady_timer timer_;
};

}  // namespace tsmtp::net
