// A limit to what libldap does with a connection before it gives control back: GnuTLS is asked again and
// again until a handshake has ended, however long the server says nothing (tls_g.c). When the time is over
// the socket is shut down, which ends whatever waits for it.
#pragma once

#include <chrono>

namespace tsmtp::mailertable {

/// At most one at a time in a process; it has SIGALRM and the real-time timer to itself.
class TimeLimit {
 public:
  explicit TimeLimit(std::chrono::seconds time);
  ~TimeLimit();
  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;

  /// The socket that it is about, once there is one.
  static void watch(int socket);
  [[nodiscard]] static bool is_over();
};

}  // namespace tsmtp::mailertable
