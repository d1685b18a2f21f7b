#include "relayd/net/session_crowd.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace tsmtp::net {
namespace {

using Session = std::shared_ptr<IntakeConnection>;

constexpr std::chrono::seconds kIdleAtLeast{10}, kLeftAlone{1};

// Those that go first, first.
std::pair<bool, base::TimePoint> rank(const Session& session) {
  return session->is_idle() ? std::pair(false, session->idle_since()) : std::pair(true, session->last_step());
}

// The source that has most of the sessions that count, if that is more than the newcomer's would have.
template <typename Counts>
std::optional<std::string> heavier_than(const std::string& newcomer, const std::set<Session>& sessions,
                                        Counts counts) {
  std::map<std::string, std::size_t> of_source;
  for (const Session& session : sessions)
    if (counts(session)) ++of_source[session->source()];
  const std::size_t own = of_source[newcomer];
  const auto most = std::max_element(of_source.begin(), of_source.end(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; });
  return most->second > own + 1 ? std::optional(most->first) : std::nullopt;
}

template <typename MayGo>
Session first_of(const std::set<Session>& sessions, MayGo may_go) {
  Session first;
  for (const Session& session : sessions)
    if (!session->is_leaving() && may_go(session) && (!first || rank(session) < rank(first))) first = session;
  return first;
}

}  // namespace

Session one_to_leave(const std::set<Session>& sessions, const std::string& newcomer, base::TimePoint now) {
  const auto heaviest =
      heavier_than(newcomer, sessions, [](const Session& session) { return !session->is_leaving(); });
  return first_of(sessions, [&](const Session& session) {
    return heaviest ? session->source() == *heaviest && !session->has_whole_mail()
                    : session->is_idle() && now - session->idle_since() >= kIdleAtLeast;
  });
}

Session one_to_give_up(const std::set<Session>& sessions, const std::string& newcomer, base::TimePoint now) {
  const auto heaviest =
      heavier_than(newcomer, sessions, [](const Session& session) { return session->in_transaction(); });
  return first_of(sessions, [&](const Session& session) {
    if (!session->in_transaction() || session->has_whole_mail()) return false;
    const base::Duration left_alone = now - session->last_step();
    return (heaviest && session->source() == *heaviest && left_alone >= kLeftAlone) ||
           (session->is_clients_move() && left_alone >= kIdleAtLeast);
  });
}

std::size_t served_of(const std::set<Session>& sessions) {
  return static_cast<std::size_t>(
      std::count_if(sessions.begin(), sessions.end(), [](const auto& s) { return !s->is_leaving(); }));
}

Session one_that_lingers(const std::set<Session>& sessions) {
  Session longest;
  for (const Session& session : sessions)
    if (session->is_leaving() && !session->in_transaction() &&
        (!longest || session->last_step() < longest->last_step()))
      longest = session;
  return longest;
}

}  // namespace tsmtp::net
