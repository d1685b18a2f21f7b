#include "relayd/daemon/succession.h"

#include <utility>

namespace tsmtp::daemon {

std::vector<HandingOver::Action> HandingOver::on(Event event) {
  switch (step_) {
    case Step::kServing:
      if (event == Event::kAsked) return become(Step::kStarting, {Action::kExecute});
      return {};
    case Step::kStarting:
      return starting(event);
    case Step::kLinking:
      return linking(event);
    case Step::kYielding:
      return yielding(event);
    case Step::kLeaving:
      return leaving(event);
  }
  return {};
}

std::vector<HandingOver::Action> HandingOver::starting(Event event) {
  switch (event) {
    case Event::kAsked:
      return {Action::kRefuse};
    case Event::kReady:
      return become(Step::kLinking, {Action::kYieldLinks});
    case Event::kGone:
    case Event::kLinked:
    case Event::kServes:
    case Event::kLate:
    case Event::kStopped:
    case Event::kStops:
      return become(Step::kServing, {Action::kKill, Action::kFail});
  }
  return {};
}

std::vector<HandingOver::Action> HandingOver::linking(Event event) {
  switch (event) {
    case Event::kAsked:
      return {Action::kRefuse};
    case Event::kLinked:
      return become(Step::kYielding, {Action::kYieldClients});
    case Event::kGone:
    case Event::kReady:
    case Event::kServes:
    case Event::kLate:
    case Event::kStopped:
    case Event::kStops:
      return become(Step::kServing, {Action::kKill, Action::kTakeBack, Action::kFail});
  }
  return {};
}

std::vector<HandingOver::Action> HandingOver::yielding(Event event) {
  switch (event) {
    case Event::kAsked:
      return {Action::kRefuse};
    case Event::kServes:
      return become(Step::kLeaving, {Action::kLeave});
    case Event::kGone:
    case Event::kReady:
    case Event::kLinked:
    case Event::kLate:
    case Event::kStopped:
    case Event::kStops:
      return become(Step::kServing, {Action::kKill, Action::kTakeBack, Action::kFail});
  }
  return {};
}

std::vector<HandingOver::Action> HandingOver::leaving(Event event) {
  switch (event) {
    case Event::kAsked:
      return {Action::kRefuse};
    case Event::kGone:
      return become(Step::kServing, {Action::kTakeBack});
    case Event::kStops:
      return {Action::kDrain};
    case Event::kReady:
    case Event::kLinked:
    case Event::kServes:
    case Event::kLate:
    case Event::kStopped:
      return {};
  }
  return {};
}

std::vector<HandingOver::Action> HandingOver::become(Step step, std::vector<Action> actions) {
  step_ = step;
  return actions;
}

std::vector<TakingOver::Action> TakingOver::on(Event event) {
  const bool is_gone = event == Event::kGone;
  switch (step_) {
    case Step::kReady:
      if (event == Event::kListen) return become(Step::kLinking, {Action::kStartLinks});
      if (is_gone) return become(Step::kAlone, {Action::kStartLinks, Action::kServe, Action::kBecomeOnlyOne});
      return {};
    case Step::kLinking:
      if (event == Event::kLinked) return become(Step::kLinked, {Action::kSayLinked});
      if (is_gone) return become(Step::kAlone, {Action::kServe, Action::kBecomeOnlyOne});
      return {};
    case Step::kLinked:
      if (event == Event::kServe) return become(Step::kServing, {Action::kServe, Action::kSayServing});
      if (is_gone) return become(Step::kAlone, {Action::kServe, Action::kBecomeOnlyOne});
      return {};
    case Step::kServing:
      if (is_gone) return become(Step::kAlone, {Action::kBecomeOnlyOne});
      return {};
    case Step::kAlone:
      return {};
  }
  return {};
}

std::vector<TakingOver::Action> TakingOver::become(Step step, std::vector<Action> actions) {
  step_ = step;
  return actions;
}

}  // namespace tsmtp::daemon
