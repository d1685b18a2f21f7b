#include "relayd/mail/mta_slots.h"

#include <algorithm>
#include <utility>

#include "relayd/base/bytes.h"

namespace tsmtp::mail {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A transaction waits so long for a connection. Less than any MTA waits for a reply to DATA (RFC 5321 section
// 4.5.3.2.4: two minutes), so the client is still there to hear why.
constexpr seconds kLongestWait{90};
// The same where this machine has no connection to give, and none is open.
constexpr seconds kLongestWaitHere{10};
// So long a connection that comes free may go to a younger transaction whose HELO name is the connection's.
constexpr seconds kPatience{2};
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

void MtaSlots::update(Settings settings, bool afresh, base::TimePoint now) {
  settings_ = std::move(settings);
  if (!afresh) return;
  for (auto& slot : slots_) {
    slot.second.is_stale = true;
    if (slot.second.state == State::kIdle) quit(slot);
  }
  mta_.reset();
  served_until_.reset();
  learnt_.reset();
  refused_names_.clear();
  last_failure_.reset();
  not_before_ = now;
  hold_ = {};
  probe(now);
}

void MtaSlots::probe(base::TimePoint now) {
  probe_at_ = now;
}

void MtaSlots::request(Request request, const std::string& helo, bool fresh, base::TimePoint now) {
  waiting_.push_back({.request = request, .helo = helo_for(helo, now), .fresh = fresh, .since = now});
}

void MtaSlots::withdraw(Request request) {
  std::erase_if(waiting_, [&](const Waiting& waiting) { return waiting.request == request; });
}

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

void MtaSlots::idle(Connection connection, base::TimePoint now) {
  const auto found = slots_.find(connection);
  if (found == slots_.end() || found->second.state != State::kLent) return;
  Slot& slot = found->second;
  slot.state = State::kIdle;
  slot.since = now;
  const bool owes_way = owes_way_until_ && now < *owes_way_until_;
  if (slot.is_stale || slot.mails >= settings_.use.mails_per_connection || owes_way) quit(*found);
  if (!owes_way) return;
  owes_way_until_.reset();
  way_was_given(now);
}

void MtaSlots::gone(Connection connection, const std::optional<Failure>& failure, bool neighbours_work,
                    base::TimePoint now) {
  const auto found = slots_.find(connection);
  if (found == slots_.end()) return;
  note_peak(now);
  const Slot slot = std::move(found->second);
  slots_.erase(found);
  if (slot.state != State::kOpening) served_until_ = now;
  if (slot.state != State::kOpening || slot.is_stale || !failure) return;
  const bool closes = failure->said && failure->said->code == 421;
  if (failure->stage == Failure::Stage::kHello && !closes && slot.helo != settings_.own_helo)
    return hello_refused(slot, *failure, now);
  refused(*failure, neighbours_work, now);
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
  const Counts have = counts();
  const bool is_one_too_many = have.serving() > 0 && learnt_ && have.all() >= *learnt_;
  if (!is_one_too_many && now >= not_before_) {  // those refused with it are the same trouble
    hold_ = now - not_before_ < kLongestHold ? doubled(hold_, kFirstHold, kLongestHold) : kFirstHold;
    not_before_ = now + hold_;
  }
  if (have.serving() > 0) return limited(have.all(), now);
  // Those of the same moment may yet be taken; one that hung says nothing of them.
  if (have.opening > 0 && !failure.timed_out) return limited(have.all(), now);
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
  } else if (has_just_closed) {
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
  // What an MTA says is the cause: mailq -v has no room for more.
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
  const Counts have = counts();
  learnt_ = std::max<std::size_t>(have.all() - have.closing, 1);
  next_raise_ = now + kWayTime;
}

void MtaSlots::way_given(base::TimePoint now) {
  next_raise_ = not_before_ = now + kRaiseAfterWay;
}

std::vector<MtaSlots::Action> MtaSlots::act(base::TimePoint now) {
  expire_waiting(now);
  lend_idle(now);
  open_more(now);
  send_probe(now);
  close_idle(now);
  return std::exchange(actions_, {});
}

void MtaSlots::expire_waiting(base::TimePoint now) {
  const Counts have = counts();
  const bool none_here = have.all() == 0 && last_failure_ && last_failure_->stage == Failure::Stage::kHere;
  const seconds longest = none_here ? kLongestWaitHere : kLongestWait;
  while (!waiting_.empty() && now - waiting_.front().since >= longest) {
    actions_.emplace_back(Refuse{waiting_.front().request, why_waiting(), {}});
    waiting_.pop_front();
  }
}

std::string MtaSlots::why_waiting() const {
  const Counts have = counts();
  const std::string time = std::to_string(kLongestWait.count()) + " s";
  if (have.serving() > 0)
    return "no connection came free within " + time + ", all " + std::to_string(have.serving()) +
           " are in use" + (last_failure_ ? " and one more is refused (" + last_failure_->cause + ")" : "");
  if (last_failure_) return last_failure_->cause;
  return have.opening > 0 ? "no greeting within " + time : "no connection within " + time;
}

void MtaSlots::lend_idle(base::TimePoint now) {
  if (waiting_.empty() || counts().idle == 0) return;
  ToCome to_come = what_comes();
  for (auto waiting = waiting_.begin(); waiting != waiting_.end() && longest_idle() != slots_.end();) {
    const auto slot = idle_for(*waiting);
    if (slot != slots_.end()) {
      slot->second.state = State::kLent;
      ++slot->second.mails;
      actions_.emplace_back(Lend{waiting->request, slot->first});
      waiting = waiting_.erase(waiting);
      continue;
    }
    // Others must not take every connection from under one with another name.
    if (now - waiting->since >= kPatience && !has_room(now) && !to_come.take(waiting->helo))
      quit(*longest_idle());
    ++waiting;
  }
}

// The one used last is the least likely to have been closed by the MTA.
MtaSlots::Slots::iterator MtaSlots::idle_for(const Waiting& waiting) {
  auto best = slots_.end();
  for (auto slot = slots_.begin(); slot != slots_.end(); ++slot) {
    const Slot& candidate = slot->second;
    if (candidate.state != State::kIdle || candidate.helo != waiting.helo) continue;
    if (waiting.fresh && candidate.mails > 0) continue;
    if (best == slots_.end() || candidate.since >= best->second.since) best = slot;
  }
  return best;
}

MtaSlots::Slots::iterator MtaSlots::longest_idle() {
  auto best = slots_.end();
  for (auto slot = slots_.begin(); slot != slots_.end(); ++slot)
    if (slot->second.state == State::kIdle &&
        (best == slots_.end() || slot->second.since < best->second.since))
      best = slot;
  return best;
}

bool MtaSlots::has_room(base::TimePoint now) const {
  const std::size_t learnt = learnt_ ? *learnt_ + (now >= next_raise_ ? 1 : 0) : settings_.use.connections;
  return slots_.size() < std::min(learnt, settings_.use.connections);
}

MtaSlots::ToCome MtaSlots::what_comes() const {
  ToCome to_come;
  for (const auto& [connection, slot] : slots_) {
    if (slot.state == State::kQuitting) ++to_come.room;
    if (slot.state == State::kOpening && !slot.is_probe && !slot.is_stale) ++to_come.opening[slot.helo];
  }
  return to_come;
}

// Whether a transaction that wants this name need only wait, and then one less comes for others.
bool MtaSlots::ToCome::take(const std::string& helo) {
  std::size_t& of_name = opening[helo];
  std::size_t& source = of_name > 0 ? of_name : room;
  if (source == 0) return false;
  --source;
  return true;
}

void MtaSlots::open_more(base::TimePoint now) {
  if (waiting_.empty() || now < not_before_) return;
  ToCome to_come = what_comes();
  for (const Waiting& waiting : waiting_) {
    if (to_come.opening[waiting.helo] == 0 && has_room(now)) {
      connect(waiting.helo, false);
    } else if (!to_come.take(waiting.helo)) {
      const auto idle = longest_idle();
      if (idle == slots_.end()) return;
      quit(*idle);
    }
  }
}

void MtaSlots::send_probe(base::TimePoint now) {
  if (!probe_at_ || now < *probe_at_) return;
  probe_at_.reset();
  const bool is_under_way = std::any_of(slots_.begin(), slots_.end(), [](const auto& slot) {
    return slot.second.is_probe && slot.second.state == State::kOpening && !slot.second.is_stale;
  });
  if (!is_under_way) connect(settings_.own_helo, true);
}

void MtaSlots::close_idle(base::TimePoint now) {
  std::size_t idle = counts().idle;
  for (auto slot = longest_idle(); slot != slots_.end(); slot = longest_idle()) {
    if (idle <= settings_.use.idle_connections && now - slot->second.since < settings_.use.idle_time) return;
    quit(*slot);
    --idle;
  }
}

void MtaSlots::connect(const std::string& helo, bool is_probe) {
  const Connection connection = ++last_connection_;
  slots_[connection] = {.helo = helo, .is_probe = is_probe, .since = {}};
  actions_.emplace_back(Connect{connection, helo, is_probe});
}

void MtaSlots::quit(Slots::value_type& slot) {
  slot.second.state = State::kQuitting;
  actions_.emplace_back(Quit{slot.first});
}

std::optional<base::TimePoint> MtaSlots::deadline(base::TimePoint now) const {
  std::optional<base::TimePoint> next;
  const auto consider = [&](base::TimePoint time) {
    if (time > now && (!next || time < *next)) next = time;
  };
  if (!waiting_.empty()) {
    const base::TimePoint since = waiting_.front().since;
    for (const base::TimePoint time :
         {since + kPatience, since + kLongestWaitHere, since + kLongestWait, not_before_, next_raise_})
      consider(time);
  }
  if (probe_at_) consider(*probe_at_);
  for (const auto& [connection, slot] : slots_)
    if (slot.state == State::kIdle) consider(slot.since + settings_.use.idle_time);
  return next;
}

MtaSlots::Counts MtaSlots::counts() const {
  Counts counts;
  for (const auto& [connection, slot] : slots_) {
    switch (slot.state) {
      case State::kOpening:
        ++counts.opening;
        break;
      case State::kIdle:
        ++counts.idle;
        break;
      case State::kLent:
        ++counts.in_use;
        break;
      case State::kQuitting:
        ++counts.closing;
        break;
    }
  }
  counts.waiting = waiting_.size();
  counts.learnt = learnt_;
  return counts;
}

}  // namespace tsmtp::mail
