// What is said to a proxy until it passes bytes on to a hub, and what its answers mean. Bytes in, bytes out:
// no socket, no clock. It must never take a byte behind the proxy's yes, which is the hub's, and never show a
// password.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "relayd/base/host_port.h"
#include "relayd/base/result.h"
#include "relayd/settings/proxy.h"

namespace tsmtp::proxy {

class Dialogue {
 public:
  Dialogue() = default;
  virtual ~Dialogue() = default;
  Dialogue(const Dialogue&) = delete;
  Dialogue& operator=(const Dialogue&) = delete;

  /// What is to be sent now; empty when the proxy has to answer first.
  [[nodiscard]] std::string take_output() { return std::exchange(output_, {}); }
  /// Takes what the proxy has said, in pieces of any size, and tells how much of it was its own: less than
  /// all only when it is done. An error ends the dialogue; it goes on behind "the proxy ", and may be shown.
  [[nodiscard]] virtual base::Result<std::size_t> receive(std::string_view bytes) = 0;
  /// The proxy has said yes: from here on its connection is one to the hub.
  [[nodiscard]] bool is_done() const { return is_done_; }

 protected:
  void say(std::string_view bytes) { output_ += bytes; }
  void finish() { is_done_ = true; }

 private:
  std::string output_;
  bool is_done_ = false;
};

/// With which `proxy` is asked for a connection to `hub`, whose name it resolves.
[[nodiscard]] std::unique_ptr<Dialogue> begin(const settings::Proxy& proxy, const base::HostPort& hub);

}  // namespace tsmtp::proxy
