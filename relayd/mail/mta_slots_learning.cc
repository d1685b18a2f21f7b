// The half of MtaSlots that knows the MTA: what a refusal says of it, how many connections it takes, whether
// it is out of reach, and what sites owe each other.
#include <algorithm>
#include <utility>

#include "relayd/base/bytes.h"
#include "relayd/mail/mta_slots.h"

namespace tsmtp::mail {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Between two tries after a refusal. An MTA counts a connection until its process has been reaped, a moment
// after the connection is closed.
constexpr milliseconds kFirstHold{100};
constexpr seconds kLongestHold{2};
// Until one connection more is tried than the MTA took last.
constexpr seconds kFirstRaise{1};
constexpr seconds kLongestRaise{60};
constexpr milliseconds kShortestRaise{100};  // where the last ones went well
// So long a refusal may be of a connection of ours that the MTA still counts.
constexpr milliseconds kReapTime{300};
// As many as worked at once within this time are no more than the MTA takes.
constexpr seconds kPeakTime{10};
constexpr milliseconds kRaiseAfterWay{200};
constexpr seconds kServedLately{2};
constexpr int kStrikes = 3;
// So long a site that has no connection, while others have, waits to be given way.
constexpr seconds kStarvedTime{5};
constexpr milliseconds kFirstProbe{500};
constexpr seconds kLongestProbe{10};
constexpr seconds kWayTime{5};
// How long a HELO name is known to be refused, and how many of them.
constexpr std::chrono::hours kNameTime{1};
constexpr std::size_t kMaxNames = 100;

base::Duration doubled(base::Duration step, base::Duration first, base::Duration longest) {
  return std::clamp<base::Duration>(2 * step, first, longest);
}

}  // namespace

void MtaSlots::ready(Connection connection, const smtp::Extensions& extensions, base::TimePoint now) {
  const auto found = slots_.find(connection);
  if (found == slots_.end()) return;
  found->second.state = State::kIdle;
  found->second.since = now;
  if (found->second.is_stale) return quit(*found);
  hold_ = probe_step_ = {};
  strikes_ = 0;
  starved_since_.reset();
  not_before_ = now;
  probe_at_.reset();
  last_failure_.reset();
  const std::size_t serving = counts().serving();
  note_peak(now);
  if (learnt_ && serving > *learnt_) {
    learnt_ = serving;
    raise_step_ = std::max<base::Duration>(raise_step_ / 2, kShortestRaise);
    next_raise_ = now + raise_step_;
  }
  tell({.reachable = true, .extensions = extensions, .cause = {}});
  if (found->second.is_probe) quit(*found);
}

void MtaSlots::note_peak(base::TimePoint now) {
  const std::size_t serving = counts().serving();
  if (serving < peak_ && now - peak_time_ <= kPeakTime) return;
  peak_ = serving;
  peak_time_ = now;
}

// One client's name says nothing of the MTA. Its mail goes on under ours, which is what a hub would say that
// relays it.
void MtaSlots::hello_refused(const Slot& slot, const Failure& failure, base::TimePoint now) {
  const bool is_permanent = failure.said && failure.said->is_permanent();
  for (Waiting& waiting : waiting_) {
    if (waiting.helo != slot.helo) continue;
    waiting.helo = settings_.own_helo;
    if (!is_permanent) break;
  }
  if (!is_permanent) return;
  actions_.emplace_back(Note{"our MTA refuses the HELO name \"" + base::escaped(slot.helo) +
                             "\" of a client there (" + failure.said->summary() +
                             "): its mail is handed over as " + settings_.own_helo});
  if (refused_names_.size() == kMaxNames) refused_names_.pop_front();
  refused_names_.push_back({.helo = slot.helo, .until = now + kNameTime});
}

std::string MtaSlots::helo_for(const std::string& helo, base::TimePoint now) {
  std::erase_if(refused_names_, [&](const RefusedName& name) { return name.until <= now; });
  const bool is_refused = std::any_of(refused_names_.begin(), refused_names_.end(),
                                      [&](const RefusedName& name) { return name.helo == helo; });
  return is_refused ? settings_.own_helo : helo;
}

void MtaSlots::refused(const Failure& failure, bool neighbours_work, base::TimePoint now) {
  last_failure_ = failure;
  const MtaCounts have = counts();
  const bool is_one_too_many = have.serving() > 0 && learnt_ && have.all() >= *learnt_;
  if (!is_one_too_many && now >= not_before_) {  // those refused with it are the same trouble
    hold_ = now - not_before_ < kLongestHold ? doubled(hold_, kFirstHold, kLongestHold) : kFirstHold;
    not_before_ = now + hold_;
  }
  if (have.serving() > 0) return limited(have.all(), now);
  // Those of the same moment may yet be taken; one that hung says nothing of them.
  if (have.connections.opening > 0 && !failure.timed_out) return limited(have.all(), now);
  if (failure.stage == Failure::Stage::kHere && mta_) return probe_later(now);
  const bool may_be_busy = !failure.timed_out && !(failure.said && failure.said->is_permanent());
  if (neighbours_work && may_be_busy && !starved_since_) starved_since_ = now;
  if (neighbours_work && may_be_busy && now - *starved_since_ < kStarvedTime) {
    learnt_ = 1;
    actions_.emplace_back(AskWay{});
    if (!mta_ || !mta_->reachable) probe_at_ = not_before_;
    return;
  }
  // All of ours may have reached mails_per_connection at once, and be counted yet.
  const bool has_just_served = served_until_ && now - *served_until_ < kServedLately;
  if (has_just_served && failure.said && failure.said->is_transient()) return;
  out_of_reach(failure, now);
}

// `others`: connections that are there or may come to be.
void MtaSlots::limited(std::size_t others, base::TimePoint now) {
  const bool has_just_closed = served_until_ && now - *served_until_ < kReapTime;
  if (!learnt_) {
    learnt_ = std::max(others, now - peak_time_ <= kPeakTime ? peak_ : 0);
    raise_step_ = kFirstRaise;
  } else if (has_just_closed) {  // tried again when the MTA counts it no more
    next_raise_ = std::max<base::TimePoint>(next_raise_, now + kReapTime);
    return;
  } else if (others >= *learnt_) {
    raise_step_ = doubled(raise_step_, kFirstRaise, kLongestRaise);
  } else if (++strikes_ >= kStrikes) {
    learnt_ = others;
    strikes_ = 0;
  }
  next_raise_ = now + raise_step_;
  actions_.emplace_back(AskWay{});
}

void MtaSlots::out_of_reach(const Failure& failure, base::TimePoint now) {
  learnt_.reset();
  served_until_.reset();
  strikes_ = 0;
  starved_since_.reset();
  refused_names_.clear();  // by another configuration of the MTA, perhaps
  hold_ = {};
  not_before_ = now;
  for (const Waiting& waiting : std::exchange(waiting_, {}))
    actions_.emplace_back(Refuse{waiting.request, failure.cause, failure.said});
  // The MTA's own words are the cause: mailq -v has no room for more.
  const std::string cause = failure.said ? failure.said->summary() : failure.cause;
  tell({.reachable = false, .extensions = {}, .cause = cause + ", " + settings_.mta});
  probe_later(now);
}

void MtaSlots::probe_later(base::TimePoint now) {
  probe_step_ = doubled(probe_step_, kFirstProbe, kLongestProbe);
  probe_at_ = now + probe_step_;
}

void MtaSlots::tell(FarMta mta) {
  if (mta_ == mta) return;
  mta_ = std::move(mta);
  actions_.emplace_back(Tell{*mta_});
}

void MtaSlots::give_way(base::TimePoint now) {
  const auto idle = longest_idle();
  if (idle == slots_.end()) return (void)(owes_way_until_ = now + kWayTime);
  quit(*idle);
  way_was_given(now);
}

// The room is not taken back at once.
void MtaSlots::way_was_given(base::TimePoint now) {
  owes_way_until_.reset();
  const MtaCounts have = counts();
  learnt_ = std::max<std::size_t>(have.all() - have.connections.closing, 1);
  next_raise_ = now + kWayTime;
}

void MtaSlots::way_given(base::TimePoint now) {
  next_raise_ = not_before_ = now + kRaiseAfterWay;
}

}  // namespace tsmtp::mail
