// The program's end of a connection to a display. Every byte passes as it is; but a program that the other
// hub refuses is told why in the words of X, instead of hearing nothing.
#pragma once

#include "relayd/forward/protocol.h"
#include "relayd/forward/x11/setup.h"

namespace tsmtp::forward::x11 {

class NearEnd : public Protocol {
 public:
  [[nodiscard]] base::Result<void> from_host(std::string_view bytes, ProtocolOutput& out) override;
  [[nodiscard]] base::Result<void> from_link(std::string_view bytes, ProtocolOutput& out) override;
  [[nodiscard]] std::string refusal(std::string_view cause) const override;

 private:
  std::optional<ByteOrder> order_;  // of the program; only its first byte says it
  bool has_spoken_ = false;
};

}  // namespace tsmtp::forward::x11
