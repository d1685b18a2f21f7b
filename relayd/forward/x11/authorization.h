// What an X client shows so that a display lets it in: the name of a protocol, and its data.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tsmtp::forward::x11 {

/// The only one that is made here: its data are 16 bytes that display and client both know, the cookie.
inline constexpr std::string_view kMagicCookie = "MIT-MAGIC-COOKIE-1";
inline constexpr std::size_t kCookieBytes = 16;

/// Of each half. The longest that is in use, XDM-AUTHORIZATION-1, has 24 bytes of data.
inline constexpr std::size_t kMaxAuthorizationBytes = 256;

struct Authorization {
  std::string protocol;  ///< empty: none is shown
  std::string data;

  friend bool operator==(const Authorization&, const Authorization&) = default;
};

}  // namespace tsmtp::forward::x11
