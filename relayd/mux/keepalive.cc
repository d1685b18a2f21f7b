#include "relayd/mux/keepalive.h"

#include <algorithm>

#include "relayd/base/bytes.h"

namespace tsmtp::mux {

Keepalive::Keepalive(base::Duration silence, base::Duration dead_after, base::TimePoint now)
    : silence_(std::min(silence, dead_after / 2)), dead_after_(dead_after), heard_(now) {}

void Keepalive::heard(base::TimePoint now) {
  heard_ = std::max(heard_, now);
}

Keepalive::Verdict Keepalive::tick(base::TimePoint now, base::Duration silence) {
  if (now < heard_ + std::min(silence, silence_)) return Verdict::kAlive;
  switch (ping_) {
    case Ping::kNone:
      ping_ = Ping::kQueued;
      asked_ = now;
      ++pings_;
      return Verdict::kAsk;
    case Ping::kQueued:
    case Ping::kSent:
      return now < dead_at() ? Verdict::kAlive : Verdict::kDead;
  }
  return Verdict::kAlive;
}

base::TimePoint Keepalive::deadline(base::Duration silence) const {
  return ping_ == Ping::kNone ? heard_ + std::min(silence, silence_) : dead_at();
}

base::TimePoint Keepalive::dead_at() const {
  return std::max(heard_ + dead_after_, asked_ + (dead_after_ - silence_));
}

std::string Keepalive::ping_payload() const {
  std::string payload;
  base::put_u64(payload, pings_);
  return payload;
}

void Keepalive::ping_sent(base::TimePoint now) {
  ping_ = Ping::kSent;
  sent_ = now;
}

bool Keepalive::pong_received(std::string_view payload, base::TimePoint now) {
  if (ping_ != Ping::kSent || payload != ping_payload()) return false;
  ping_ = Ping::kNone;
  round_trip_ = now - sent_;
  return true;
}

}  // namespace tsmtp::mux
