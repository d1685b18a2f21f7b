// What a protocol makes of the bytes of one connection, at one of its ends. Sans-I/O.
#pragma once

#include <string>
#include <string_view>

#include "relayd/base/clock.h"
#include "relayd/base/result.h"

namespace tsmtp::forward {

/// What is to be sent now, each way. "Host" is the program or service beside us.
struct ProtocolOutput {
  std::string to_host;
  std::string to_link;
};

class Protocol {
 public:
  virtual ~Protocol() = default;
  /// Bytes that were read on our side. Appends to out.to_link what goes on, and to out.to_host what the
  /// protocol itself answers. An error ends the connection, after what `out` holds has been sent; its text
  /// goes into log and record, so it must hold no content.
  [[nodiscard]] virtual base::Result<void> from_host(std::string_view bytes, ProtocolOutput& out) = 0;
  /// Bytes that came over the link; likewise.
  [[nodiscard]] virtual base::Result<void> from_link(std::string_view bytes, ProtocolOutput& out) = 0;
  /// What tells the host in its own words that the other hub has refused the connection; empty: nothing can,
  /// and the connection is broken off.
  [[nodiscard]] virtual std::string refusal(std::string_view /*cause*/) const { return {}; }
  /// When something beside these bytes that belongs to the connection was last in use; the epoch: never.
  [[nodiscard]] virtual base::TimePoint last_used() const { return {}; }
};

}  // namespace tsmtp::forward
