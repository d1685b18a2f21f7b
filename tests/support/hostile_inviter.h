// A hub that invites, has the right key, and means ill: it answers as the test says, by docs/protocol.md
// alone.
#pragma once

#include <openssl/ssl.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

namespace tsmtp::support {

class HostileInviter {
 public:
  /// What to say to a request: all that was received, and which one it is, from 0 on.
  using Answer = std::function<std::string(std::string_view request, int number)>;

  /// `identity`: a PEM file with key and certificate. Serves until it is destroyed.
  HostileInviter(const std::string& identity, std::uint16_t port, Answer answer);
  ~HostileInviter();
  HostileInviter(const HostileInviter&) = delete;
  HostileInviter& operator=(const HostileInviter&) = delete;

  [[nodiscard]] int requests() const { return requests_; }

 private:
  void serve();
  void converse(SSL* ssl);

  Answer answer_;
  SSL_CTX* context_;
  int listener_;
  std::atomic<int> requests_{0};
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

}  // namespace tsmtp::support
