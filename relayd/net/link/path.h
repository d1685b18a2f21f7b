// What the kernel knows of the path under a connection (TCP_INFO, tcp(7)), how much it may hold unsent, and
// how often it tries again.
#pragma once

#include <chrono>
#include <cstddef>

#include "relayd/mux/other_window.h"
#include "relayd/mux/path_metrics.h"
#include "relayd/mux/standstill.h"

namespace tsmtp::net {

/// The smoothed round trip, and the rate at which bytes were delivered lately. Not taken from pings: those
/// wait in line behind data, in both directions.
[[nodiscard]] mux::PathMetrics path_of(int socket);

/// What is on the line of it, and how long that takes.
[[nodiscard]] mux::OtherWindow::Sample queue_sample(int socket);

/// The socket is writable only while fewer bytes wait in it unsent (TCP_NOTSENT_LOWAT): whose turn it is can
/// then be decided late.
void set_late_bytes(int socket, std::size_t bytes);

/// What is outstanding on it, and how long the peer has been silent.
[[nodiscard]] mux::Standstill::Sample standstill_sample(int socket);

/// For a line that stands still: has the kernel send what was lost every second (or after twice its first
/// wait, if that is more), not after twice as long each time. Returns the longest wait as it was before, for
/// retry_as_before(); 0 where it cannot be changed: Linux before 6.15.
[[nodiscard]] std::chrono::milliseconds retry_often(int socket);
void retry_as_before(int socket, std::chrono::milliseconds longest_wait);

}  // namespace tsmtp::net
