// What a hub answers while its own ledger cannot be written.
#pragma once

#include <string>

#include "relayd/ledger/room.h"
#include "relayd/smtp/reply.h"

namespace tsmtp::mail {

/// `cause` names the hub. Always 4yz: it passes.
[[nodiscard]] inline smtp::Reply storage_reply(const std::string& cause) {
  return ledger::is_lack_of_room(cause) ? smtp::make_reply(452, "4.3.1", cause)
                                        : smtp::make_reply(451, "4.3.0", cause);
}

}  // namespace tsmtp::mail
