#include "tests/support/link_emulator/emulator.h"

#include <unistd.h>

#include <algorithm>
#include <cinttypes>

namespace tsmtp::support::emulator {
namespace {

constexpr int kPacketsInARow = 64;  // then those that are due get their turn

Time now() {
  return std::chrono::steady_clock::now();
}

std::int64_t nanoseconds(Time time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

std::string read_packet(const TunnelDevice& device) {
  static char buffer[65536];
  const ssize_t bytes = read(device.fd(), buffer, sizeof buffer);
  return bytes > 0 ? std::string(buffer, static_cast<std::size_t>(bytes)) : std::string();
}

void write_packet(const TunnelDevice& device, const Packet& packet) {
  // A device that is full loses packets, as any does.
  [[maybe_unused]] const ssize_t written = write(device.fd(), packet.bytes.data(), packet.bytes.size());
}

std::string text(const Counts& counts) {
  return std::to_string(counts.packets) + " packets " + std::to_string(counts.bytes) + " bytes " +
         std::to_string(counts.lost) + " lost";
}

}  // namespace

void Emulator::set_conditions(const Conditions& conditions) {
  there_.set_conditions(conditions);
  back_.set_conditions(conditions);
}

void Emulator::move_packets() {
  let_out();
  take_in();
  let_out();
}

void Emulator::take_in() {
  for (int i = 0; i < kPacketsInARow; ++i) {
    std::string from_near = read_packet(near_);
    std::string from_far = read_packet(far_);
    if (from_near.empty() && from_far.empty()) return;
    const Time entered = now();
    if (payload_bytes(from_near) > 0) round_trips_.near_sends(entered);
    if (payload_bytes(from_far) > 0) round_trips_.far_sends(entered);
    if (!from_near.empty()) there_.enter(std::move(from_near), entered);
    if (!from_far.empty()) back_.enter(std::move(from_far), entered);
  }
}

void Emulator::let_out() {
  const Time until = now();
  while (const auto packet = there_.leave(until))
    let_out_there(*packet);
  while (const auto packet = back_.leave(until))
    let_out_back(*packet);
}

void Emulator::let_out_there(const Packet& packet) {
  const std::size_t payload = payload_bytes(packet.bytes);
  if (payload > 0) round_trips_.far_receives(packet.entered);
  write_packet(far_, packet);
  write_log(packet, '>', payload);
}

void Emulator::let_out_back(const Packet& packet) {
  const std::size_t payload = payload_bytes(packet.bytes);
  if (payload > 0) round_trips_.near_receives(packet.entered);
  write_packet(near_, packet);
  write_log(packet, '<', payload);
}

void Emulator::write_log(const Packet& packet, char direction, std::size_t payload) const {
  if (log_ == nullptr) return;
  std::fprintf(log_, "%" PRId64 " %" PRId64 " %c %zu %zu\n", nanoseconds(packet.entered), nanoseconds(now()),
               direction, packet.bytes.size(), payload);
}

std::optional<Time> Emulator::next_due() const {
  const auto there = there_.next_due();
  const auto back = back_.next_due();
  if (there && back) return std::min(*there, *back);
  return there ? there : back;
}

std::string Emulator::counts() const {
  return "there " + text(there_.counts()) + " back " + text(back_.counts()) + " round_trips " +
         std::to_string(round_trips_.count());
}

}  // namespace tsmtp::support::emulator
