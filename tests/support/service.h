// A service of a test: listens on a loopback port until it is closed, and hands out its connections.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tests/support/connection.h"

namespace tsmtp::support {

class Service {
 public:
  explicit Service(std::uint16_t port);
  ~Service() { close(); }
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  /// The next connection; throws (and so fails the test) if none comes in time.
  [[nodiscard]] Connection accept();
  /// Nobody listens any more; connections stay.
  void close();
  /// Listens again.
  void open();
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  std::uint16_t port_;
  int listener_ = -1;
};

/// Where the other end is, "127.0.0.1".
[[nodiscard]] std::string peer_address(const Connection& connection);

/// How a connection has ended, when it has: in order, or broken off. What it still sends is thrown away.
enum class Ending { kInOrder, kReset, kStillOpen };
[[nodiscard]] Ending ending_of(const Connection& connection);
/// The same within half a second.
[[nodiscard]] Ending ending_of_now(const Connection& connection);

/// Sends nothing more; reading goes on.
void finish(const Connection& connection);

/// Whether a program can connect there now, and why not: 0 or an errno.
[[nodiscard]] int try_to_connect(const std::string& host, std::uint16_t port);

}  // namespace tsmtp::support
