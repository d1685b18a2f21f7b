#include "relayd/link/link_life.h"

#include <algorithm>
#include <utility>

#include "relayd/link/report.h"

namespace tsmtp::link {
namespace {

// A Hello without resumption says no number: the peer would take each for the first.
std::size_t lanes_of(const Settings& settings) {
  const bool resumes = settings.link.resume_window > std::chrono::seconds::zero();
  return resumes ? std::max<std::size_t>(settings.link.connections, 1) : 1;
}

}  // namespace

LinkLife::LinkLife(Settings settings, unsigned seed, Moment now)
    : settings_(std::move(settings)), random_(seed), standing_(now) {
  make_lanes(now);
}

void LinkLife::make_lanes(Moment now) {
  const std::size_t wanted = lanes_of(settings_);
  lanes_.erase(lanes_.begin() + static_cast<std::ptrdiff_t>(std::min(lanes_.size(), wanted)), lanes_.end());
  const Dialling::Settings dialling{.addresses = settings_.dial,
                                    .longest_wait = settings_.link.dial_interval,
                                    .proxy = settings_.link.proxy ? settings_.link.proxy->to_string() : ""};
  for (std::size_t index = 0; index < wanted; ++index) {
    const LaneNumber number = *LaneNumber::of(index, wanted);
    LaneSearch fresh(number, dialling, static_cast<unsigned>(random_()));
    if (index == lanes_.size()) {
      lanes_.push_back({.number = number, .search = std::move(fresh), .slot = slot_for(number)});
      continue;
    }
    Lane& known = lanes_[index];
    const bool was_beside = known.search.is_beside();
    known.search.stop(actions_);
    known.search = std::move(fresh);
    if (was_beside) (void)dial_beside(known, LaneSearch::When::kSoon, now);
  }
  if (standing_.state() == Standing::State::kDown)
    standing_.learn(settings_.pins.empty() && !settings_.revoked.empty() ? settings_.revoked
                    : settings_.dial.empty()                             ? kWaitingCause
                                                                         : kNotYetDialledCause);
}

void LinkLife::start(Moment now) {
  dial_missing(now);
}

void LinkLife::reconfigure(Settings settings, Moment now) {
  if (phase_ >= Phase::kRetired) return;
  settings_.pins = settings.pins;
  settings_.kin = settings.kin;
  settings_.revoked = settings.revoked;
  const std::size_t kept = lanes_of(settings);
  for (Lane& each : lanes_) {
    if (each.has_session() && !has_pin_of(each.peer)) {
      if (!settings_.revoked.empty()) log(base::LogLevel::kWarning, "link closed: " + settings_.revoked);
      close(each, unpinned_reason());
      end_session(each, unpinned_cause(), now);
    } else if (each.number.index() >= kept) {
      close(each, kFewer);
      end_session(each, kFewerCause, now);
    }
  }
  for (Lane& each : leaving_) {
    if (!each.has_session() || has_pin_of(each.peer)) continue;
    close(each, unpinned_reason());
    end_session(each, unpinned_cause(), now);
  }
  close_unwanted_candidates(kept);
  if (settings != settings_) {
    for (std::size_t index = kept; index < lanes_.size(); ++index)
      lanes_[index].search.stop(actions_);
    settings_ = std::move(settings);
    lanes_not_refused_ = kAny;
    make_lanes(now);
  }
  dial_missing(now);
  seek_successor(now);
}

// A connection that is not yet a link is judged anew: it showed its key, and was accepted, under other pins.
void LinkLife::close_unwanted_candidates(std::size_t kept_lanes) {
  std::erase_if(candidates_, [&](const Candidate& candidate) {
    const bool pinned = has_pin_of(candidate.peer);
    if (pinned && candidate.lane.index() < kept_lanes) return false;
    if (!pinned)
      log(base::LogLevel::kWarning, "a connection from " + candidate.peer.address +
                                        " that was not yet the link was closed: " + unpinned_cause());
    actions_.emplace_back(Close{candidate.id, pinned ? kFewer : unpinned_reason()});
    return true;
  });
}

void LinkLife::drain() {
  phase_ = std::max(phase_, Phase::kDraining);
  for (const std::vector<Lane>* lanes : {&lanes_, &leaving_})
    for (const Lane& each : *lanes)
      if (each.has_session()) actions_.emplace_back(Drain{each.number, each.slot});
}

void LinkLife::retire(Moment now) {
  phase_ = std::max(phase_, Phase::kRetired);
  settings_.pins.clear();
  settings_.kin.clear();
  close_unwanted_candidates(lanes_.size());
  for (Lane& each : lanes_) {
    each.search.stop(actions_);
    close(each, kUnpinned);
    end_session(each, kRemovedCause, now);
  }
  end_leaving(kUnpinned, kRemovedCause, now);
}

void LinkLife::stop(const std::string& reason, Moment now) {
  if (std::exchange(phase_, Phase::kStopped) == Phase::kStopped) return;
  for (const Candidate& candidate : std::exchange(candidates_, {}))
    actions_.emplace_back(Close{candidate.id, reason});
  for (Lane& each : lanes_) {
    each.search.stop(actions_);
    close(each, reason);
    end_session(each, reason, now);
  }
  end_leaving(reason.c_str(), reason.c_str(), now);
}

void LinkLife::close(const Lane& lane, const std::string& reason) {
  if (lane.is_open()) actions_.emplace_back(Close{lane.connection, reason});
}

// Its connection is closed, or lost.
void LinkLife::end_session(Lane& lane, const std::string& cause, Moment now) {
  if (has_successor_) lane.search.rest(actions_);
  lane.search.stop_beside(actions_);
  lane.stood_still_since.reset();
  lane.give_up_at.reset();
  if (!lane.has_session()) return;
  lane.state = Lane::State::kDown;
  if (lane.leaves) return left(lane, cause, now);
  if (has_session()) {
    actions_.emplace_back(EndSession{lane.number, lane.slot, session_lost_text(cause, now.wall)});
    if (open_connections() == 0 && standing_.state() == Standing::State::kUp) interrupted(cause, now);
    return;
  }
  awaited_.clear();
  peer_predecessor_.clear();
  standing_.down(cause, now);
  actions_.emplace_back(EndSession{lane.number, lane.slot, down_text(standing_, now.wall)});
  actions_.emplace_back(Down{});
  actions_.emplace_back(StandingChanged{});
}

void LinkLife::tick(Moment now) {
  if (phase_ == Phase::kStopped) return;
  if (standing_.tick(now.at)) actions_.emplace_back(StandingChanged{});
  for (Lane& each : lanes_) {
    if (each.give_up_at && now.at >= *each.give_up_at) grace_over(each, now);
    address_failed(each, each.search.tick(now, actions_), now);
  }
  for (Lane& each : leaving_)
    if (each.give_up_at && now.at >= *each.give_up_at) grace_over(each, now);
}

void LinkLife::grace_over(Lane& lane, Moment now) {
  const bool is_told = !lane.leaves && standing_.state() == Standing::State::kInterrupted;
  const std::string why = (is_told ? standing_.cause() + ", " : "") + not_resumed_text(lane.resume_window);
  if (!lane.leaves) log(base::LogLevel::kWarning, "link down: " + why);
  end_session(lane, why, now);
  if (!lane.leaves && !has_successor_ && does_peer_keep(lane.number)) lane.search.start_later(now);
}

std::optional<base::TimePoint> LinkLife::deadline() const {
  std::optional<base::TimePoint> earliest = standing_.deadline();
  const auto consider = [&](const std::optional<base::TimePoint>& time) {
    if (time && (!earliest || *time < *earliest)) earliest = time;
  };
  for (const Lane& each : lanes_) {
    consider(each.give_up_at);
    consider(each.search.deadline());
  }
  for (const Lane& each : leaving_)
    consider(each.give_up_at);
  return phase_ == Phase::kStopped ? std::nullopt : earliest;
}

Actions LinkLife::act() {
  return std::exchange(actions_, {});
}

bool LinkLife::has_pin(const std::string& pin) const {
  return std::find(settings_.pins.begin(), settings_.pins.end(), pin) != settings_.pins.end();
}

bool LinkLife::is_kin(const std::string& pin) const {
  return std::find(settings_.kin.begin(), settings_.kin.end(), pin) != settings_.kin.end();
}

bool LinkLife::has_pin_of(const Peer& peer) const {
  return has_pin(peer.pin) || has_pin(peer.pinned) || is_kin(peer.pin) ||
         std::any_of(peer.earlier_pins.begin(), peer.earlier_pins.end(),
                     [this](const std::string& pin) { return has_pin(pin); });
}

const char* LinkLife::unpinned_reason() const {
  return settings_.revoked.empty() ? kUnpinned : kRevoked;
}

std::string LinkLife::unpinned_cause() const {
  return settings_.revoked.empty() ? kUnpinnedCause : settings_.revoked;
}

bool LinkLife::has_session() const {
  return std::any_of(lanes_.begin(), lanes_.end(), [](const Lane& each) { return each.has_session(); });
}

std::size_t LinkLife::open_connections() const {
  return static_cast<std::size_t>(
      std::count_if(lanes_.begin(), lanes_.end(), [](const Lane& each) { return each.is_open(); }));
}

void LinkLife::log(base::LogLevel level, std::string text) {
  actions_.emplace_back(Log{level, std::move(text)});
}

}  // namespace tsmtp::link
