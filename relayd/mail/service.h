// The service of the link that carries mail: each of its streams is one transaction.
#pragma once

#include "relayd/mux/stream_id.h"

namespace tsmtp::mail {

inline constexpr mux::Service kService = mux::kFirstService;

}  // namespace tsmtp::mail
