// The cookies that programs of other sites show: one for each service and site, made anew at each start, and
// kept only in memory. A site that learns of its own can do nothing with it at another service.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>

#include "relayd/forward/x11/authorization.h"

namespace tsmtp::forward::x11 {

class Cookies {
 public:
  /// `random`: that many unpredictable bytes.
  explicit Cookies(std::function<std::string(std::size_t)> random) : random_(std::move(random)) {}

  /// kCookieBytes of bytes, always the same ones for the two names.
  [[nodiscard]] const std::string& cookie_for(const std::string& service, const std::string& site) {
    std::string& cookie = cookies_[{service, site}];
    if (cookie.empty()) cookie = random_(kCookieBytes);
    return cookie;
  }
  /// The next one for the two names is another.
  void forget(const std::string& service, const std::string& site) { cookies_.erase({service, site}); }

 private:
  std::function<std::string(std::size_t)> random_;
  std::map<std::pair<std::string, std::string>, std::string> cookies_;
};

}  // namespace tsmtp::forward::x11
