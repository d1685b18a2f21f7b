#include "relayd/link/lane_search.h"

#include <algorithm>
#include <utility>

namespace tsmtp::link {

LaneSearch::LaneSearch(LaneNumber lane, const Dialling::Settings& settings, unsigned seed)
    : lane_(lane), random_(seed) {
  if (!settings.addresses.empty()) dialling_.emplace(settings, static_cast<unsigned>(random_()));
}

std::optional<LaneSearch::Failed> LaneSearch::queue(Dialling::Next next, Actions& actions) const {
  const Attempt attempt{.lane = lane_, .search = Search::kRounds};
  switch (next.step) {
    case Dialling::Step::kNone:
      break;
    case Dialling::Step::kResolve:
      actions.emplace_back(Resolve{.attempt = attempt, .name = dialling_->target()});
      break;
    case Dialling::Step::kConnect:
      actions.emplace_back(Connect{.attempt = attempt, .address = dialling_->address()});
      break;
    case Dialling::Step::kGiveUp:
      actions.emplace_back(GiveUp{.attempt = attempt});
      break;
  }
  if (!next.failure) return std::nullopt;
  return Failed{.failure = std::move(*next.failure), .news = next.news};
}

void LaneSearch::queue(Redialling::Step step, Actions& actions) const {
  const Attempt attempt{.lane = lane_, .search = Search::kBeside};
  switch (step) {
    case Redialling::Step::kNone:
      break;
    case Redialling::Step::kConnect:
      actions.emplace_back(Connect{.attempt = attempt, .address = 0});
      break;
    case Redialling::Step::kGiveUp:
      actions.emplace_back(GiveUp{.attempt = attempt});
      break;
  }
}

void LaneSearch::start(Moment now, Actions& actions) {
  if (dialling_) (void)queue(dialling_->start(now), actions);
}

void LaneSearch::start_later(Moment now) {
  if (dialling_) dialling_->start_later(now);
}

void LaneSearch::hold(base::TimePoint until) {
  if (dialling_) dialling_->hold(until);
}

std::optional<LaneSearch::Failed> LaneSearch::came_to_nothing(const std::string& cause, Moment now,
                                                              Actions& actions) {
  if (!dialling_) return std::nullopt;
  return queue(dialling_->came_to_nothing(cause, now), actions);
}

void LaneSearch::dial_beside(When when, std::chrono::milliseconds round_trip, base::TimePoint now,
                             Actions& actions) {
  if (!redialling_) redialling_.emplace(round_trip, static_cast<unsigned>(random_()));
  switch (when) {
    case When::kNow:
      return queue(redialling_->start(now), actions);
    case When::kSoon:
      return redialling_->start_later(now);
    case When::kAfterPause:
      return redialling_->came_to_nothing(now);
  }
}

void LaneSearch::stop_beside(Actions& actions) {
  if (redialling_) queue(redialling_->stop(), actions);
  redialling_.reset();
}

void LaneSearch::rest(Actions& actions) {
  rest_rounds(actions);
  stop_beside(actions);
}

void LaneSearch::rest_rounds(Actions& actions) {
  if (dialling_) (void)queue(dialling_->rest(), actions);
}

void LaneSearch::stop(Actions& actions) {
  if (dialling_) (void)queue(dialling_->stop(), actions);
  stop_beside(actions);
}

std::optional<LaneSearch::Failed> LaneSearch::resolved(base::Result<std::vector<std::string>> addresses,
                                                       Moment now, Actions& actions) {
  if (!dialling_) return std::nullopt;
  if (!addresses)
    return queue(dialling_->failed(addresses.error().message, Dialling::Reached::kNowhere, now), actions);
  return queue(dialling_->resolved(std::move(*addresses), now), actions);
}

void LaneSearch::connected(Search search) {
  if (search == Search::kRounds && dialling_) dialling_->connected();
  if (search == Search::kBeside && redialling_) redialling_->connected();
}

std::optional<LaneSearch::Failed> LaneSearch::failed(Search search, const std::string& cause,
                                                     Dialling::Reached reached, Moment now,
                                                     Actions& actions) {
  if (search == Search::kRounds && dialling_) return queue(dialling_->failed(cause, reached, now), actions);
  if (search == Search::kBeside && redialling_) redialling_->failed(now.at);
  return std::nullopt;
}

bool LaneSearch::dialled(Search search) {
  if (search == Search::kRounds) return dialling_ && dialling_->dialled();
  return redialling_ && redialling_->dialled();
}

std::optional<LaneSearch::Failed> LaneSearch::tick(Moment now, Actions& actions) {
  if (redialling_) queue(redialling_->tick(now.at), actions);
  return dialling_ ? queue(dialling_->tick(now), actions) : std::nullopt;
}

std::optional<base::TimePoint> LaneSearch::deadline() const {
  const auto rounds = dialling_ ? dialling_->deadline() : std::nullopt;
  const auto beside = redialling_ ? redialling_->deadline() : std::nullopt;
  if (!rounds || !beside) return rounds ? rounds : beside;
  return std::min(*rounds, *beside);
}

}  // namespace tsmtp::link
