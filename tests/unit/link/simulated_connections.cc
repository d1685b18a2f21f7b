// The half of SimulatedPair that is about connections that stand: Hellos, sessions, silence and ends.
#include <algorithm>
#include <utility>

#include "tests/unit/link/simulated_pair.h"

namespace tsmtp::link {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kHelloTimeout{10};
constexpr seconds kDeadAfter{20};
constexpr seconds kStandstill{2};
constexpr milliseconds kLook{900};

}  // namespace

void SimulatedPair::on(std::size_t side, const Greet& action) {
  Side& s = sides_[side];
  const auto found = s.ends.find(action.connection);
  if (found == s.ends.end()) return check(false, "greets a connection that is gone");
  End& end = found->second;
  end.greeted = true;
  end.role = action.role;
  end.said = {.instance = s.instance,
              .lane = action.lane.index(),
              .lanes = s.life->lanes().size(),
              .can_resume = s.settings.link.resume_window > seconds::zero(),
              .number = ++s.numbers,
              .predecessor = s.predecessor};
  watch(side, action.connection);
  if (action.role != mux::Role::kDialer) return;
  if (action.asks_to_resume) {
    const auto session = s.sessions.find(static_cast<std::size_t>(action.slot));
    check(session != s.sessions.end(), "asks to resume no session");
    check(!s.attached.contains(static_cast<std::size_t>(action.slot)),
          "asks to resume what has a connection");
    if (session == s.sessions.end()) return;
    end.said.own = session->second.own;
    end.said.peer = session->second.peer;
    end.said.epoch = session->second.asked = std::max(session->second.asked, session->second.epoch) + 1;
  }
  later(end.line->delay + milliseconds(1),
        [this, other = other_of(side, *end.line), line = end.line, hello = end.said] {
          if (!silent_ && !line->silent) receive_hello(other, line->ends[sides_[other].hub], hello);
        });
}

Named SimulatedPair::named(const Side& side, std::size_t lane, const End& end, const Hello& hello) const {
  if (!hello.can_resume || hello.own == 0) return Named::kNone;
  const auto found = side.sessions.find(lane);
  if (found == side.sessions.end()) return Named::kUnknown;
  const Session& session = found->second;
  if (!session.resumable || session.instance != hello.instance || session.peer != hello.own ||
      session.own != hello.peer)
    return Named::kUnknown;
  return hello.epoch > session.epoch || end.role == mux::Role::kDialer ? Named::kOurs : Named::kOursNoLonger;
}

void SimulatedPair::receive_hello(std::size_t side, ConnectionId connection, const Hello& hello) {
  Side& s = sides_[side];
  const auto found = s.ends.find(connection);
  if (found == s.ends.end() || !found->second.greeted) return;
  End& end = found->second;
  end.heard = hello;
  end.heard_last = now_;
  const bool is_dialler = end.role == mux::Role::kDialer;
  if (is_dialler && hello.own != 0 && (hello.own != end.said.peer || hello.peer != end.said.own))
    return check(false, "answers with a session that was not asked for");
  HelloSummary summary{.instance = hello.instance,
                       .name = "far",
                       .can_resume = hello.can_resume,
                       .predecessor = hello.predecessor};
  if (hello.can_resume) {
    summary.connection = hello.lane;
    summary.connections = hello.lanes;
  }
  const auto slot = s.life->slot_of(connection, summary);
  summary.named = slot ? named(s, static_cast<std::size_t>(*slot), end, hello) : Named::kNone;
  s.life->hello(connection, summary, moment(s));
  carry_out(side);
}

void SimulatedPair::on(std::size_t side, const Attach& action) {
  Side& s = sides_[side];
  const auto lane = static_cast<std::size_t>(action.slot);
  const auto found = s.ends.find(action.connection);
  if (found == s.ends.end() || !found->second.heard) return check(false, "attaches what said no Hello");
  End& end = found->second;
  const Hello& heard = *end.heard;
  if (action.how == Attach::How::kBegin) {
    check(!s.attached.contains(lane), "two connections attached to a lane");
    check(!s.sessions.contains(lane), "a session begins where another is");
    for (const auto& [slot, session] : s.sessions)
      check(slot / kSlotsOfGeneration != lane / kSlotsOfGeneration || session.instance == heard.instance,
            "sessions with two instances of the peer");
    s.sessions[lane] = {.instance = heard.instance,
                        .own = end.said.number,
                        .peer = heard.number,
                        .resumable = end.said.can_resume && heard.can_resume};
  } else {
    ++resumptions_;
    const auto session = s.sessions.find(lane);
    if (session == s.sessions.end()) return check(false, "resumes no session");
    check(session->second.instance == heard.instance, "resumes with another instance");
    check(session->second.resumable, "resumes what cannot be");
    check(session->second.own == heard.peer && session->second.peer == heard.own, "resumes another session");
    session->second.epoch = std::max(session->second.epoch, heard.epoch);
    end.said.own = session->second.own;
    end.said.peer = session->second.peer;
    end.said.epoch = heard.epoch;
  }
  s.attached[lane] = action.connection;
  if (end.role == mux::Role::kDialer) return;
  end.said.lane = heard.lane;
  later(end.line->delay, [this, other = other_of(side, *end.line), line = end.line, hello = end.said] {
    if (!silent_ && !line->silent) receive_hello(other, line->ends[sides_[other].hub], hello);
  });
}

// Signs of life, and what a driver makes of their absence.
void SimulatedPair::watch(std::size_t side, ConnectionId connection) {
  later(side, kLook, [this, side, connection] {
    Side& s = sides_[side];
    const auto found = s.ends.find(connection);
    if (found == s.ends.end()) return;
    End& end = found->second;
    const bool carries = std::any_of(s.attached.begin(), s.attached.end(),
                                     [&](const auto& each) { return each.second == connection; });
    const bool good = !silent_ && !end.line->silent && end.line->open[1 - s.hub];
    if (good && carries) end.heard_last = now_;
    const base::Duration silence = now_ - end.heard_last;
    if (!carries && silence >= kHelloTimeout) return lost(side, connection, "no Hello within 10 s", true);
    if (silence >= kDeadAfter) return lost(side, connection, "no sign of life for 20 s", false);
    if (carries && silence >= kStandstill && !std::exchange(end.stalled, true)) {
      s.life->stalled(connection, end.heard_last, milliseconds(50), moment(s));
      carry_out(side);
    } else if (carries && silence == base::Duration::zero() && std::exchange(end.stalled, false)) {
      s.life->moves(connection, moment(s));
      carry_out(side);
    }
    watch(side, connection);
  });
}

void SimulatedPair::lost(std::size_t side, ConnectionId connection, const std::string& cause, bool is_over) {
  Side& s = sides_[side];
  if (!s.ends.contains(connection)) return;
  shut(side, connection, is_over);
  s.life->lost(connection, {.cause = cause, .is_over = is_over}, moment(s));
  carry_out(side);
}

// Our end goes; the other side hears of it, unless the network is silent.
void SimulatedPair::shut(std::size_t side, ConnectionId connection, bool with_close) {
  Side& s = sides_[side];
  const auto found = s.ends.find(connection);
  if (found == s.ends.end()) return;
  const auto line = found->second.line;
  s.ends.erase(found);
  std::erase_if(s.attached, [&](const auto& each) { return each.second == connection; });
  line->open[s.hub] = false;
  later(line->delay + milliseconds(1), [this, other = other_of(side, *line), line, with_close] {
    if (silent_ || line->silent) return;
    const ConnectionId end = line->ends[sides_[other].hub];
    if (with_close) return lost(other, end, "closed by peer", true);
    end_of(other, end);
  });
}

void SimulatedPair::end_of(std::size_t side, ConnectionId connection) {
  lost(side, connection, "connection reset", false);
}

void SimulatedPair::on(std::size_t side, const Close& action) {
  check(sides_[side].ends.contains(action.connection), "closes what is gone");
  shut(side, action.connection, true);
}

void SimulatedPair::on(std::size_t side, const Abandon& action) {
  Side& s = sides_[side];
  const bool carries = std::any_of(s.attached.begin(), s.attached.end(),
                                   [&](const auto& each) { return each.second == action.connection; });
  shut(side, action.connection, false);
  (void)carries;
}

void SimulatedPair::on(std::size_t side, const EndSession& action) {
  Side& s = sides_[side];
  check(s.sessions.erase(static_cast<std::size_t>(action.slot)) == 1, "ends no session");
  check(!s.attached.contains(static_cast<std::size_t>(action.slot)),
        "a session ends while its connection stands");
}

}  // namespace tsmtp::link
