#include "relayd/link/election.h"

namespace tsmtp::link {
namespace {

// Dialled by the hub with the smaller pin.
bool is_preferred(const std::string& own_pin, const Challenger& challenger) {
  const bool we_are_smaller = own_pin < challenger.pin;
  return challenger.role == (we_are_smaller ? mux::Role::kDialer : mux::Role::kListener);
}

}  // namespace

Verdict elect(const std::string& own_pin, const Challenger& challenger, bool is_being_dialled,
              const std::optional<Incumbent>& incumbent) {
  const bool preferred = is_preferred(own_pin, challenger);
  if (challenger.role == mux::Role::kListener && is_being_dialled && !preferred)
    return {Verdict::Kind::kRefuse, "another connection of this link is being made"};
  const bool same_peer = incumbent && incumbent->is_same_peer;
  if (same_peer && challenger.named == Named::kOurs) return {Verdict::Kind::kResume};
  if (same_peer && challenger.named == Named::kOursNoLonger)
    return {Verdict::Kind::kRefuse, "the session cannot go on from there"};
  // We asked for it, and gave it up before the answer came: the peer holds it for resumed.
  if (challenger.role == mux::Role::kDialer && challenger.named != Named::kNone)
    return {Verdict::Kind::kRefuse, "the session is over"};
  // It answers a Hello that we had said before its successor came, and may be using the session by now.
  if (challenger.is_succeeded && challenger.role == mux::Role::kDialer && !incumbent)
    return {Verdict::Kind::kBeginLeaving};
  if (challenger.is_succeeded)
    return {Verdict::Kind::kRefuse, "a later process of your hub has its link here"};
  if (challenger.succeeds) return {Verdict::Kind::kBeginBeside};
  const bool rivals = incumbent && incumbent->is_open && incumbent->instance == challenger.instance &&
                      incumbent->role != challenger.role;
  if (rivals && !preferred) return {Verdict::Kind::kRefuse, "another connection of this link is up"};
  return {Verdict::Kind::kBegin};
}

}  // namespace tsmtp::link
