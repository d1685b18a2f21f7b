#include "tests/unit/mail/pair_link.h"

#include <gtest/gtest.h>

namespace tsmtp::mail {

PairLink::PairLink(base::Duration one_way, OnEvent near_event, OnEvent far_event) : one_way_(one_way) {
  near_.on_event = std::move(near_event);
  far_.on_event = std::move(far_event);
}

void PairLink::End::connect(const mux::ConnectionSettings& settings, base::TimePoint now) {
  session = std::make_unique<mux::Session>(settings.role, settings.limits);
  connection = std::make_unique<mux::Connection>(settings, now);
}

void PairLink::End::cut() {
  connection.reset();
  session.reset();
  inbound.clear();
}

void PairLink::connect(base::TimePoint now) {
  near_.connect({.role = mux::Role::kDialer, .can_compress = near_compresses}, now);
  far_.connect({.role = mux::Role::kListener, .can_compress = far_compresses}, now);
}

void PairLink::cut() {
  near_.cut();
  far_.cut();
}

bool PairLink::pump(base::TimePoint now) {
  if (!near_.session) return false;
  const bool near_moved = pump(near_, far_, now);
  return pump(far_, near_, now) || near_moved;
}

bool PairLink::pump(End& end, End& other, base::TimePoint now) {
  bool moved = false;
  while (!end.inbound.empty() && end.inbound.front().at <= now) {
    auto taken = end.connection->receive(end.inbound.front().bytes, now);
    if (end.connection->unanswered_hello() != nullptr) taken = end.connection->begin(*end.session, now);
    EXPECT_TRUE(taken) << taken.error().message;
    end.inbound.pop_front();
    moved = true;
  }
  if (end.connection->deadline() <= now) {
    EXPECT_TRUE(end.connection->tick(now));
  }
  while (const auto event = end.session->next_event()) {
    end.on_event(*event);
    moved = true;
  }
  std::string out;
  end.connection->produce(out, 1 << 20, now);
  if (out.empty()) return moved;
  other.inbound.push_back({now + one_way_, std::move(out)});
  return true;
}

}  // namespace tsmtp::mail
