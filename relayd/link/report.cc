#include "relayd/link/report.h"

#include <fmt/format.h>

#include "relayd/base/bytes.h"
#include "relayd/base/time_of_day.h"

namespace tsmtp::link {
namespace {

// One side alone cannot, and its administrator should know.
std::string compression_text(bool compresses, bool wanted) {
  if (compresses) return ", content is compressed";
  return wanted ? ", content is not compressed: compress is not set there" : "";
}

}  // namespace

std::string which_lane(LaneNumber lane, std::size_t lanes) {
  if (lanes == 1) return "";
  return ", connection " + std::to_string(lane.index() + 1) + " of " + std::to_string(lanes);
}

std::string down_text(const Standing& standing, base::WallTime now) {
  const std::string cause = standing.cause().empty() ? "no cause is known" : standing.cause();
  return "link down since " + base::time_of_day(standing.since(), now) + " (" + cause + ")";
}

std::string session_lost_text(const std::string& cause, base::WallTime now) {
  return "a connection of the link lost at " + base::time_of_day(now, now) + " (" + cause + ")";
}

std::string seconds_text(base::Duration time) {
  return fmt::format("{:.1f} s", std::chrono::duration<double>(time).count());
}

std::string arrival_text(const Lane& lane, const Arrival& arrival) {
  std::string text = arrival.resumed ? "link resumed: " : "link up: ";
  if (lane.leaves && arrival.resumed) text = "link of the process before resumed: ";
  text += lane.role == mux::Role::kDialer ? "to " : "from ";
  text += lane.peer.address + ", " + lane.peer.description + ", peer calls itself " +
          base::escaped(arrival.peer_name) + arrival.which +
          compression_text(lane.compresses, arrival.wants_compression);
  if (arrival.beside) text += ", beside the link of the process before, which goes on to its end";
  if (arrival.stood_still) text += ", after it stood still for " + seconds_text(*arrival.stood_still);
  return text;
}

std::string interrupted_text(const Lane& lane, const std::string& cause) {
  std::string text = "link interrupted: ";
  if (lane.leaves) text = "link of the process before interrupted: ";
  return text + cause + "; streams under way wait for " + std::to_string(lane.resume_window.count()) +
         " s to go on with a new connection";
}

std::string not_resumed_text(std::chrono::seconds window) {
  return "not resumed within " + std::to_string(window.count()) + " s";
}

std::string standstill_text(const Lane& lane, base::Duration silence, bool dials_beside) {
  return "link stands still: the peer acknowledges nothing, though it was sent several times, and has said "
         "nothing for " +
         seconds_text(silence) + "; " +
         (dials_beside ? "dialling " + lane.peer.address + " beside it"
                       : "waiting until it moves or the peer dials anew");
}

// The earliest of them: each lane is dialled on its own.
std::optional<base::WallTime> next_dial(const std::vector<Lane>& lanes) {
  std::optional<base::WallTime> earliest;
  for (const Lane& lane : lanes) {
    const auto next = lane.search.dials() ? lane.search.rounds()->next_try() : std::nullopt;
    if (next && (!earliest || *next < *earliest)) earliest = next;
  }
  return earliest;
}

std::vector<Dialling::Failure> dial_failures(const std::vector<Lane>& lanes) {
  const Dialling* const rounds = lanes.front().search.rounds();
  return rounds == nullptr ? std::vector<Dialling::Failure>{} : rounds->failures();
}

std::optional<base::TimePoint> stands_still_since(const std::vector<Lane>& lanes) {
  std::optional<base::TimePoint> earliest;
  for (const Lane& lane : lanes) {
    if (lane.state != Lane::State::kStandingStill) continue;
    if (!earliest || *lane.stood_still_since < *earliest) earliest = lane.stood_still_since;
  }
  return earliest;
}

}  // namespace tsmtp::link
