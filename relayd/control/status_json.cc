#include "relayd/control/status_json.h"

#include "relayd/control/status_fields.h"

namespace tsmtp::control {

std::string status_json(const HubStatus& status) {
  constexpr int kIndent = 2;
  constexpr bool kEnsureAscii = true;
  return to_json(status, hub_fields()).dump(kIndent, ' ', kEnsureAscii, Json::error_handler_t::replace) +
         '\n';
}

}  // namespace tsmtp::control
