// Connections, and the mails that wait for them; mta_slots_learning.cc has what is learnt of the MTA.
#include "relayd/mail/mta_slots.h"

#include <algorithm>
#include <utility>

namespace tsmtp::mail {
namespace {

using std::chrono::seconds;

// A transaction waits so long for a connection. Less than any MTA waits for a reply to DATA (RFC 5321 section
// 4.5.3.2.4: two minutes), so the client is still there to hear why.
constexpr seconds kLongestWait{90};
// The same where this machine has no connection to give, and none is open.
constexpr seconds kLongestWaitHere{10};
// So long a connection that comes free may go to a younger transaction whose HELO name is the connection's.
constexpr seconds kPatience{2};
// So long a transaction waits before one is given up for it whose near side is silent.
constexpr seconds kClaimTime{5};
constexpr seconds kClaimAgain{1};  // for one: nobody is told of silence

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

void MtaSlots::idle(Connection connection, base::TimePoint now) {
  const auto found = slots_.find(connection);
  if (found == slots_.end() || found->second.state != State::kLent) return;
  Slot& slot = found->second;
  slot.state = State::kIdle;
  slot.since = now;
  slot.is_taken_back = false;
  const bool gives_way = owes_way(now);
  if (slot.is_stale || slot.mails >= settings_.use.mails_per_connection || gives_way) quit(*found);
  if (gives_way) way_was_given(now);
}

void MtaSlots::gone(Connection connection, const std::optional<Failure>& failure, bool neighbours_work,
                    base::TimePoint now) {
  const auto found = slots_.find(connection);
  if (found == slots_.end()) return;
  note_peak(now);
  const Slot slot = std::move(found->second);
  slots_.erase(found);
  if (slot.state != State::kOpening) served_until_ = now;
  if (slot.state == State::kLent && owes_way(now)) way_was_given(now);
  if (slot.state != State::kOpening || slot.is_stale || !failure) return;
  const bool closes = failure->said && failure->said->code == 421;
  if (failure->stage == Failure::Stage::kHello && !closes && slot.helo != settings_.own_helo)
    return hello_refused(slot, *failure, now);
  refused(*failure, neighbours_work, now);
}

std::vector<MtaSlots::Action> MtaSlots::act(base::TimePoint now) {
  expire_waiting(now);
  lend_idle(now);
  open_more(now);
  take_back(now);
  send_probe(now);
  close_idle(now);
  return std::exchange(actions_, {});
}

void MtaSlots::expire_waiting(base::TimePoint now) {
  const MtaCounts have = counts();
  const bool none_here = have.all() == 0 && last_failure_ && last_failure_->stage == Failure::Stage::kHere;
  const seconds longest = none_here ? kLongestWaitHere : kLongestWait;
  while (!waiting_.empty() && now - waiting_.front().since >= longest) {
    actions_.emplace_back(Refuse{waiting_.front().request, why_waiting(), {}});
    waiting_.pop_front();
  }
}

std::string MtaSlots::why_waiting() const {
  const MtaCounts have = counts();
  const std::string time = std::to_string(kLongestWait.count()) + " s";
  if (have.serving() > 0)
    return "no connection came free within " + time + ", all " + std::to_string(have.serving()) +
           " are in use" + (last_failure_ ? " and one more is refused (" + last_failure_->cause + ")" : "");
  if (last_failure_) return last_failure_->cause;
  return have.connections.opening > 0 ? "no greeting within " + time : "no connection within " + time;
}

void MtaSlots::lend_idle(base::TimePoint now) {
  if (waiting_.empty() || counts().connections.idle == 0) return;
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
    if (slot.state == State::kQuitting || slot.is_taken_back) ++to_come.room;
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

// One client's half mail must not keep a connection from the mails of others. One that is silent, and nobody
// waits, may take its time.
void MtaSlots::take_back(base::TimePoint now) {
  std::size_t wanted = wanted_back(now);
  if (wanted == 0) return;
  std::vector<std::pair<base::TimePoint, Connection>> silent;  // the longest first
  for (const auto& [connection, slot] : slots_) {
    if (slot.state != State::kLent || slot.is_taken_back) continue;
    const auto silence = borrowers_.silence(connection);
    if (silence && now - silence->since >= silence->patience) silent.emplace_back(silence->since, connection);
  }
  std::sort(silent.begin(), silent.end());
  if (silent.size() > wanted) silent.resize(wanted);
  for (const auto& [since, connection] : silent) {
    slots_.at(connection).is_taken_back = true;
    actions_.emplace_back(TakeBack{connection, now - since});
  }
}

// For those who have waited long, and for another site, beside what comes anyway.
std::size_t MtaSlots::wanted_back(base::TimePoint now) const {
  ToCome to_come = what_comes();
  std::size_t wanted = owes_way(now) && !to_come.take({}) ? 1 : 0;
  if (has_room(now)) return wanted;
  for (const Waiting& waiting : waiting_) {
    if (now - waiting.since < kClaimTime) break;
    if (!to_come.take(waiting.helo)) ++wanted;
  }
  return wanted;
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
  std::size_t idle = counts().connections.idle;
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
    consider(std::max<base::TimePoint>(since + kClaimTime, now + kClaimAgain));
  }
  if (probe_at_) consider(*probe_at_);
  for (const auto& [connection, slot] : slots_)
    if (slot.state == State::kIdle) consider(slot.since + settings_.use.idle_time);
  return next;
}

MtaCounts MtaSlots::counts() const {
  MtaCounts counts;
  for (const auto& [connection, slot] : slots_) {
    switch (slot.state) {
      case State::kOpening:
        ++counts.connections.opening;
        break;
      case State::kIdle:
        ++counts.connections.idle;
        break;
      case State::kLent:
        ++counts.connections.in_use;
        break;
      case State::kQuitting:
        ++counts.connections.closing;
        break;
    }
  }
  counts.waiting = waiting_.size();
  counts.learnt = learnt_;
  return counts;
}

}  // namespace tsmtp::mail
