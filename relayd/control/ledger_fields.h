// The fields of a hub's status that tell of its ledger: on its disk, and what it shares with the other hubs
// of its site.
#pragma once

#include "relayd/control/field.h"
#include "relayd/control/status.h"

namespace tsmtp::control {

[[nodiscard]] Field<HubStatus> ledger_field();
/// What is in doubt, shared.
[[nodiscard]] Field<HubStatus> sharing_field();
/// How mails ended, shared.
[[nodiscard]] Field<HubStatus> site_ledger_field();

}  // namespace tsmtp::control
