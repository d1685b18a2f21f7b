// The TLS handshake of one new connection, within a deadline. Nothing but TLS is spoken before the peer's key
// is known.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>

#include "relayd/base/result.h"
#include "relayd/net/tls_stream.h"

namespace tsmtp::net {

class Handshake : public std::enable_shared_from_this<Handshake> {
 public:
  using Done = std::function<void(base::Result<std::unique_ptr<TlsStream>>)>;

  Handshake(std::unique_ptr<TlsStream> stream, Done done);
  /// Calls `done` once, later. Keeps itself alive until then.
  void start();
  /// Gives up: `done` is not called any more.
  void cancel();

 private:
  void step();
  void finish(base::Result<std::unique_ptr<TlsStream>> result);

  std::unique_ptr<TlsStream> stream_;
  Done done_;
  boost::asio::steady_timer timer_;
};

}  // namespace tsmtp::net
