// What an end of a control connection needs of its driver: the sockets of data connections. The driver
// accepts a data connection from the peer of the control connection alone, once, and for a limited time.
#pragma once

#include <string>

#include "relayd/base/host_port.h"
#include "relayd/forward/ftp/token.h"

namespace tsmtp::forward::ftp {

/// Commands downwards only; none calls the protocol back.
class FtpHost {
 public:
  virtual ~FtpHost() = default;

  /// Listens for one data connection of the program beside us, which the other end then gets under `token`;
  /// at the address on our side of the control connection. Returns that address with the port.
  [[nodiscard]] virtual base::Result<base::HostPort> listen(Token token) = 0;
  /// The other end may have one connection from us to `where`, under `token`.
  virtual void expect(Token token, const base::HostPort& where) = 0;
  /// What listen() or expect() began ends, if no data connection has come of it yet.
  virtual void forget(Token token) = 0;
  /// A sentence for the log: something was refused. It holds nothing of the content.
  virtual void refused(const std::string& what) = 0;
};

/// The two addresses of the control connection beside us, canonical_host of each; empty at a unix socket.
struct Sides {
  std::string own;
  std::string peer;
};

}  // namespace tsmtp::forward::ftp
