// The order in which one relayd takes over from another (docs/decisions/upgrade.md), as both see it: no I/O,
// no clock. Must never let both accept at one address, nor neither of them.
#pragma once

#include <vector>

namespace tsmtp::daemon {

/// Of the relayd that was there first.
class HandingOver {
 public:
  enum class Step {
    kServing,   ///< alone
    kStarting,  ///< the new one has been executed, and reads its configuration; nothing has changed yet
    kLinking,   ///< the new one accepts and dials other hubs, we serve our clients
    kYielding,  ///< we accept nobody any more, the new one is about to
    kLeaving,   ///< the new one serves; what we have begun goes on to its end
  };
  enum class Event {
    kAsked,    ///< to hand over
    kReady,    ///< the new one: nothing is left that can fail
    kLinked,   ///< the new one: its links are up, or will not be for the moment
    kServes,   ///< the new one
    kGone,     ///< the new one has ended, or has closed its socket
    kLate,     ///< it has said nothing for too long
    kStopped,  ///< we are to stop
    kStops,    ///< the new one is to stop, in good order
  };
  enum class Action {
    kRefuse,        ///< the one who asks: another upgrade is under way
    kExecute,       ///< the new one, and lend it what we have
    kYieldLinks,    ///< other hubs' connections are the new one's
    kYieldClients,  ///< clients' too
    kTakeBack,      ///< everything: we serve as before
    kKill,          ///< the new one, if it is still there
    kFail,          ///< tell the one who has asked, and the log
    kLeave,         ///< tell the service manager and the one who has asked; end when all that we have is over
    kDrain,         ///< leave sooner
  };

  [[nodiscard]] Step step() const { return step_; }
  /// What is to be done now, in this order.
  [[nodiscard]] std::vector<Action> on(Event event);

 private:
  [[nodiscard]] std::vector<Action> starting(Event event);
  [[nodiscard]] std::vector<Action> linking(Event event);
  [[nodiscard]] std::vector<Action> yielding(Event event);
  [[nodiscard]] std::vector<Action> leaving(Event event);
  [[nodiscard]] std::vector<Action> become(Step step, std::vector<Action> actions);

  Step step_ = Step::kServing;
};

/// Of the relayd that takes over.
class TakingOver {
 public:
  enum class Step {
    kReady,    ///< has said so
    kLinking,  ///< accepts and dials other hubs
    kLinked,   ///< has said so
    kServing,  ///< beside the other one
    kAlone,    ///< the other one is gone
  };
  enum class Event {
    kListen,  ///< the other one: other hubs' connections are ours
    kLinked,  ///< links are up, or will not be for the moment
    kServe,   ///< the other one: everything is ours
    kGone,    ///< the other one, however that came
  };
  enum class Action {
    kStartLinks,
    kSayLinked,
    kServe,  ///< clients are accepted
    kSayServing,
    kBecomeOnlyOne  ///< nothing is the other one's any more
  };

  [[nodiscard]] Step step() const { return step_; }
  [[nodiscard]] std::vector<Action> on(Event event);

 private:
  [[nodiscard]] std::vector<Action> become(Step step, std::vector<Action> actions);

  Step step_ = Step::kReady;
};

}  // namespace tsmtp::daemon
