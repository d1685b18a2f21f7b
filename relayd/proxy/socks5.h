// SOCKS version 5 (RFC 1928) with user and password (RFC 1929), the client's side of CONNECT. The proxy is
// given the name, and resolves it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "relayd/proxy/dialogue.h"

namespace tsmtp::proxy {

class Socks5 : public Dialogue {
 public:
  Socks5(const settings::Proxy& proxy, const base::HostPort& hub);

  [[nodiscard]] base::Result<std::size_t> receive(std::string_view bytes) override;

 private:
  enum class State {
    kMethod,  // which way to log in the proxy chooses
    kLogin,   // whether it takes user and password
    kReply,   // whether it has connected
    kDone,
  };

  [[nodiscard]] std::size_t answer_bytes() const;
  [[nodiscard]] base::Result<void> check_beginning() const;
  [[nodiscard]] base::Result<void> take_answer();
  [[nodiscard]] base::Result<void> on_method(std::uint8_t method);
  void ask();
  void log_in();

  State state_ = State::kMethod;
  std::string user_, password_;
  base::HostPort hub_;
  std::string answer_;  // as far as it has come
};

}  // namespace tsmtp::proxy
