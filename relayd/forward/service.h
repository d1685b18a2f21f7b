// The service of the link that carries forwards: each of its streams is one connection of a program to a
// service at the other hub, or a data connection that belongs to one.
#pragma once

#include "relayd/mux/stream_id.h"

namespace tsmtp::forward {

inline constexpr mux::Service kService{2};

}  // namespace tsmtp::forward
