#include "relayd/forward/x11/cookie_replacement.h"

#include "relayd/base/same_secret.h"

namespace tsmtp::forward::x11 {
namespace {

constexpr std::string_view kNoCookie =
    "tsmtp: no cookie was shown; XAUTHORITY must name the Xauthority file of the forward";
constexpr std::string_view kWrongCookie =
    "tsmtp: wrong cookie; XAUTHORITY must name the Xauthority file of the forward";
constexpr std::string_view kWrongSetup = "tsmtp: wrong connection setup";
constexpr std::string_view kNoAuthorization =
    "tsmtp: the display's own cookie cannot be read; the log of the hub beside the display says why";

}  // namespace

base::Result<void> CookieReplacement::from_host(std::string_view bytes, ProtocolOutput& out) {
  switch (state_) {
    case State::kSetup:
      return base::Error{"the display spoke before it was spoken to; is it one?"};
    case State::kPassing:
      out.to_link.append(bytes);
      return {};
    case State::kRefused:
      return {};
  }
  return {};
}

base::Result<void> CookieReplacement::from_link(std::string_view bytes, ProtocolOutput& out) {
  switch (state_) {
    case State::kSetup: {
      const auto setup = setup_.read(bytes);
      if (!setup) return refuse(kWrongSetup, setup.error(), out);
      if (!*setup) return {};
      if (auto judged = judge(**setup, out); !judged) return judged.error();
      out.to_host.append(bytes);
      return {};
    }
    case State::kPassing:
      out.to_host.append(bytes);
      return {};
    case State::kRefused:
      return {};
  }
  return {};
}

base::Result<void> CookieReplacement::judge(const Setup& setup, ProtocolOutput& out) {
  const Authorization& shown = setup.authorization;
  if (shown == Authorization{}) return refuse(kNoCookie, base::Error{"the program showed no cookie"}, out);
  if (shown.protocol != kMagicCookie || !base::is_same_secret(shown.data, cookie_))
    return refuse(kWrongCookie, base::Error{"the program showed a wrong cookie"}, out);
  auto display_wants = display_authorization_();
  if (!display_wants) return refuse(kNoAuthorization, display_wants.error(), out);
  Setup changed = setup;
  changed.authorization = std::move(*display_wants);
  out.to_host += encode(changed);
  state_ = State::kPassing;
  return {};
}

base::Error CookieReplacement::refuse(std::string_view reason, base::Error error, ProtocolOutput& out) {
  state_ = State::kRefused;
  // A client of no byte order could not read an answer.
  if (const auto order = setup_.order()) out.to_link += failed(*order, reason);
  return error;
}

}  // namespace tsmtp::forward::x11
