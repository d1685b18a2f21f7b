#include "relayd/forward/x11/near_end.h"

namespace tsmtp::forward::x11 {

base::Result<void> NearEnd::from_host(std::string_view bytes, ProtocolOutput& out) {
  if (!has_spoken_ && !bytes.empty()) {
    has_spoken_ = true;
    order_ = byte_order(bytes.front());
  }
  out.to_link.append(bytes);
  return {};
}

base::Result<void> NearEnd::from_link(std::string_view bytes, ProtocolOutput& out) {
  out.to_host.append(bytes);
  return {};
}

std::string NearEnd::refusal(std::string_view cause) const {
  return order_ ? failed(*order_, "tsmtp: " + std::string(cause)) : std::string();
}

}  // namespace tsmtp::forward::x11
