#include "relayd/net/link/path.h"

// <netinet/tcp.h>, which Asio includes, has a tcp_info too, without the rate: the two do not go together.
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <climits>
#include <cstdint>

namespace tsmtp::net {
namespace {

constexpr int kRtoMaxMs = 44;  // TCP_RTO_MAX_MS, which older headers lack
constexpr std::uint32_t kShortestWaitMs = 1000;
constexpr int kGiveUpAfterMs = 924'600;  // what that is for an ordinary connection (tcp_retries2)

bool set_option(int socket, int option, int value) {
  return setsockopt(socket, IPPROTO_TCP, option, &value, sizeof value) == 0;
}

}  // namespace

mux::PathMetrics path_of(int socket) {
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

mux::Standstill::Sample standstill_sample(int socket) {
  tcp_info info{};
  socklen_t bytes = sizeof info;
  if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &bytes) != 0) return {};
  // Data that acknowledges nothing new does not count as an acknowledgement there.
  return {.outstanding = info.tcpi_unacked > 0 || info.tcpi_notsent_bytes > 0,
          .silence = std::chrono::milliseconds(std::min(info.tcpi_last_ack_recv, info.tcpi_last_data_recv)),
          .timeouts_in_row = std::max<unsigned>(info.tcpi_retransmits, info.tcpi_probes)};
}

mux::OtherWindow::Sample queue_sample(int socket) {
  tcp_info info{};
  socklen_t bytes = sizeof info;
  if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &bytes) != 0) return {};
  return {.least_round_trip = std::chrono::microseconds(info.tcpi_min_rtt),
          .round_trip = std::chrono::microseconds(info.tcpi_rtt),
          .outstanding_bytes = std::size_t{info.tcpi_unacked} * info.tcpi_snd_mss + info.tcpi_notsent_bytes};
}

std::chrono::milliseconds retry_often(int socket) {
  tcp_info info{};
  socklen_t bytes = sizeof info;
  if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &bytes) != 0) return {};
  // The kernel asks a number of times whether the window is open again, and then gives up. That must not
  // be hastened.
  if (info.tcpi_snd_wnd == 0) return {};
  int before = 0;
  bytes = sizeof before;
  if (getsockopt(socket, IPPROTO_TCP, kRtoMaxMs, &before, &bytes) != 0) return {};
  // Each wait was twice the one before.
  const std::uint32_t first_wait = (info.tcpi_rto >> std::min<unsigned>(info.tcpi_backoff, 16)) / 1000;
  const int longest = static_cast<int>(std::max<std::uint32_t>(2 * first_wait, kShortestWaitMs));
  // Else the kernel gives the connection up after the time that 15 tries take, which is some seconds then.
  if (longest >= before || !set_option(socket, TCP_USER_TIMEOUT, kGiveUpAfterMs)) return {};
  if (set_option(socket, kRtoMaxMs, longest)) return std::chrono::milliseconds(before);
  set_option(socket, TCP_USER_TIMEOUT, 0);
  return {};
}

void retry_as_before(int socket, std::chrono::milliseconds longest_wait) {
  if (longest_wait.count() == 0) return;
  set_option(socket, kRtoMaxMs, static_cast<int>(longest_wait.count()));
  set_option(socket, TCP_USER_TIMEOUT, 0);
}

void set_late_bytes(int socket, std::size_t bytes) {
  const int value = static_cast<int>(std::min<std::size_t>(bytes, INT_MAX));
  setsockopt(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &value, sizeof value);
}

}  // namespace tsmtp::net
