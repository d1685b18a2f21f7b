#include "tests/support/link_emulator/one_way.h"

#include <algorithm>
#include <utility>

namespace tsmtp::support::emulator {
namespace {

Duration time_on_wire(std::uint64_t bytes, std::uint64_t rate_bits) {
  const double seconds = 8.0 * static_cast<double>(bytes) / static_cast<double>(rate_bits);
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

}  // namespace

void OneWay::set_conditions(const Conditions& conditions) {
  conditions_ = conditions;
  if (!conditions_.cut) return;
  counts_.lost += under_way_.size();
  under_way_.clear();
  bottleneck_free_ = {};
}

bool OneWay::enter(std::string bytes, Time now) {
  // Drawn for every packet, so that a change of conditions does not change what comes after it.
  const bool unlucky = std::uniform_real_distribution<double>(0, 1)(random_) < conditions_.loss;
  Time sent = now;
  if (conditions_.rate_bits > 0) {
    const Time begins = std::max(now, bottleneck_free_);
    const bool is_full = begins - now > time_on_wire(conditions_.queue_bytes, conditions_.rate_bits);
    sent = begins + time_on_wire(bytes.size(), conditions_.rate_bits);
    if (!is_full && !conditions_.cut) bottleneck_free_ = sent;
    if (is_full) return ++counts_.lost, false;
  }
  if (unlucky || conditions_.cut) return ++counts_.lost, false;
  // A delay that was made shorter must not let a packet overtake: TCP would take that for loss.
  const Time earliest = under_way_.empty() ? Time{} : under_way_.back().due;
  under_way_.push_back(
      {.bytes = std::move(bytes), .entered = now, .due = std::max(sent + conditions_.delay, earliest)});
  return true;
}

std::optional<Time> OneWay::next_due() const {
  if (under_way_.empty()) return std::nullopt;
  return under_way_.front().due;
}

std::optional<Packet> OneWay::leave(Time now) {
  if (under_way_.empty() || under_way_.front().due > now) return std::nullopt;
  Packet packet = std::move(under_way_.front());
  under_way_.pop_front();
  ++counts_.packets;
  counts_.bytes += packet.bytes.size();
  return packet;
}

}  // namespace tsmtp::support::emulator
