#include "tests/support/link_emulator/round_trips.h"

namespace tsmtp::support::emulator {
namespace {

constexpr std::size_t kIpv4Header = 20;
constexpr std::size_t kUdpHeader = 8;
constexpr unsigned kTcp = 6;
constexpr unsigned kUdp = 17;

unsigned octet(std::string_view packet, std::size_t at) {
  return static_cast<unsigned char>(packet[at]);
}

std::size_t beyond(std::size_t total, std::size_t headers) {
  return total > headers ? total - headers : 0;
}

}  // namespace

std::size_t payload_bytes(std::string_view packet) {
  if (packet.size() < kIpv4Header || octet(packet, 0) >> 4 != 4) return 0;
  const std::size_t ip_header = (octet(packet, 0) & 15) * std::size_t{4};
  const std::size_t total = octet(packet, 2) << 8 | octet(packet, 3);
  switch (octet(packet, 9)) {
    case kTcp:
      if (packet.size() < ip_header + 20) return 0;
      return beyond(total, ip_header + (octet(packet, ip_header + 12) >> 4) * std::size_t{4});
    case kUdp:
      return beyond(total, ip_header + kUdpHeader);
    default:
      return 0;
  }
}

void RoundTrips::near_sends(Time now) {
  if (awaits_ != Awaits::kQuestion) return;
  awaits_ = Awaits::kItsArrival;
  sent_ = now;
}

void RoundTrips::far_receives(Time entered) {
  if (awaits_ == Awaits::kItsArrival && entered >= sent_) awaits_ = Awaits::kAnswer;
}

void RoundTrips::far_sends(Time now) {
  if (awaits_ != Awaits::kAnswer) return;
  awaits_ = Awaits::kItsReturn;
  sent_ = now;
}

void RoundTrips::near_receives(Time entered) {
  if (awaits_ != Awaits::kItsReturn || entered < sent_) return;
  awaits_ = Awaits::kQuestion;
  ++count_;
}

}  // namespace tsmtp::support::emulator
