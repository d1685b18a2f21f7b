// The number by which the two ends of a control connection speak of a data connection. The end that knows the
// true address chooses it, so that no address of either side crosses the link.
#pragma once

#include <cstdint>

namespace tsmtp::forward::ftp {

/// From 1 on.
using Token = std::uint16_t;

/// The one behind `token`.
[[nodiscard]] constexpr Token next_token(Token token) {
  const auto next = static_cast<Token>(token + 1);
  return next == 0 ? Token{1} : next;
}

}  // namespace tsmtp::forward::ftp
