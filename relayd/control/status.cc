#include "relayd/control/status.h"

namespace tsmtp::control {

const char* to_string(LinkState state) {
  switch (state) {
    case LinkState::kDown:
      return "down";
    case LinkState::kConnecting:
      return "connecting";
    case LinkState::kUp:
      return "up";
    case LinkState::kDraining:
      return "draining";
  }
  return "unknown";
}

}  // namespace tsmtp::control
