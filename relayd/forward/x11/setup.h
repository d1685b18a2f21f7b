// The first bytes of an X client, and the answer of a display that does not let it in (X Window System
// Protocol, section 8 and appendix B, "Connection Setup"). Whatever a client says, no more is kept of it than
// the longest setup that is read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "relayd/base/result.h"
#include "relayd/forward/x11/authorization.h"

namespace tsmtp::forward::x11 {

/// As the first byte of a setup says it.
enum class ByteOrder : char { kMostSignificantFirst = 'B', kLeastSignificantFirst = 'l' };

/// Nothing where `first` is none.
[[nodiscard]] std::optional<ByteOrder> byte_order(char first);

struct Setup {
  ByteOrder order = ByteOrder::kLeastSignificantFirst;
  std::uint16_t major_version = 11;
  std::uint16_t minor_version = 0;
  Authorization authorization;

  friend bool operator==(const Setup&, const Setup&) = default;
};

class SetupReader {
 public:
  /// Takes what belongs to the setup from the front of `bytes`; nothing as long as more is needed. An error
  /// is found at the first byte that makes it one, and is the last word.
  [[nodiscard]] base::Result<std::optional<Setup>> read(std::string_view& bytes);

  /// That of the client, once its first byte was read and is a byte order.
  [[nodiscard]] std::optional<ByteOrder> order() const { return order_; }

 private:
  [[nodiscard]] bool take(std::string_view& bytes, std::size_t wanted_bytes);

  std::optional<ByteOrder> order_;
  std::string pending_;
};

/// The bytes of a setup; each half of its authorization has at most kMaxAuthorizationBytes.
[[nodiscard]] std::string encode(const Setup& setup);

/// The answer Failed. A client shows `reason`, of which 255 bytes are sent.
[[nodiscard]] std::string failed(ByteOrder order, std::string_view reason);

}  // namespace tsmtp::forward::x11
