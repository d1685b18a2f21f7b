// The service's end of a connection to a display. A program shows the cookie that was made for its site; the
// display gets its own cookie instead, so that this one never leaves the host (as sshd and ssh do it between
// them). A program that shows another cookie is told so in the words of X, and the display hears nothing of
// it. Behind the setup every byte passes as it is.
#pragma once

#include <functional>
#include <string>

#include "relayd/forward/protocol.h"
#include "relayd/forward/x11/setup.h"

namespace tsmtp::forward::x11 {

class CookieReplacement : public Protocol {
 public:
  /// What the display wants to be shown. Called once a program has shown the right cookie. The error is for
  /// the log; the program is told only that there is one.
  using DisplayAuthorization = std::function<base::Result<Authorization>()>;

  /// `cookie`: what programs must show.
  CookieReplacement(std::string cookie, DisplayAuthorization display_authorization)
      : cookie_(std::move(cookie)), display_authorization_(std::move(display_authorization)) {}

  [[nodiscard]] base::Result<void> from_host(std::string_view bytes, ProtocolOutput& out) override;
  [[nodiscard]] base::Result<void> from_link(std::string_view bytes, ProtocolOutput& out) override;

 private:
  [[nodiscard]] base::Result<void> judge(const Setup& setup, ProtocolOutput& out);
  [[nodiscard]] base::Error refuse(std::string_view reason, base::Error error, ProtocolOutput& out);

  enum class State { kSetup, kPassing, kRefused };

  State state_ = State::kSetup;
  SetupReader setup_;
  std::string cookie_;
  DisplayAuthorization display_authorization_;
};

}  // namespace tsmtp::forward::x11
