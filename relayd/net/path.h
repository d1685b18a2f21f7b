// What the kernel knows of the path under a connection (TCP_INFO, tcp(7)), and how much it may hold unsent.
#pragma once

#include <cstddef>

#include "relayd/mux/session.h"

namespace tsmtp::net {

/// The smoothed round trip, and the rate at which bytes were delivered lately. Not taken from pings: those
/// wait in line behind data, in both directions.
[[nodiscard]] mux::Path path_of(int socket);

/// The socket is writable only while fewer bytes wait in it unsent (TCP_NOTSENT_LOWAT): whose turn it is can
/// then be decided late.
void set_late_bytes(int socket, std::size_t bytes);

}  // namespace tsmtp::net
