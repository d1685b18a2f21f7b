#include "relayd/net/path.h"

// <netinet/tcp.h>, which Asio includes, has a tcp_info too, without the rate: the two do not go together.
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <climits>

namespace tsmtp::net {

mux::Path path_of(int socket) {
  tcp_info info{};
  socklen_t bytes = sizeof info;
  if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &bytes) != 0) return {};
  // One who mostly receives has no round trips of its own to measure, but the kernel guesses from the data.
  const auto round_trip = std::chrono::microseconds(
      info.tcpi_rcv_rtt > 0 && info.tcpi_min_rtt == 0 ? info.tcpi_rcv_rtt : info.tcpi_rtt);
  // While the application has little to say, the rate is ours and not the path's.
  const std::uint64_t rate = info.tcpi_delivery_rate_app_limited != 0 ? 0 : info.tcpi_delivery_rate;
  return {.round_trip = round_trip, .bytes_per_second = rate};
}

void set_late_bytes(int socket, std::size_t bytes) {
  const int value = static_cast<int>(std::min<std::size_t>(bytes, INT_MAX));
  setsockopt(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &value, sizeof value);
}

}  // namespace tsmtp::net
