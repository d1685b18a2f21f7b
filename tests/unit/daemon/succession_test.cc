// Every step of both relayds at an upgrade, before every event.
#include "relayd/daemon/succession.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <set>
#include <vector>

namespace tsmtp::daemon {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class HandingOverTable : public ::testing::Test {
 protected:
  using Step = HandingOver::Step;
  using Event = HandingOver::Event;
  using Action = HandingOver::Action;
  struct Row {
    Step from;
    Event event;
    Step to;
    std::vector<Action> actions;
  };

  static constexpr Event kEvents[] = {Event::kAsked, Event::kReady, Event::kLinked,  Event::kServes,
                                      Event::kGone,  Event::kLate,  Event::kStopped, Event::kStops};
  static HandingOver at(Step step) {
    HandingOver steps;
    for (const Event event : {Event::kAsked, Event::kReady, Event::kLinked, Event::kServes}) {
      if (steps.step() == step) break;
      (void)steps.on(event);
    }
    return steps;
  }
};

TEST_F(HandingOverTable, EveryStepBeforeEveryEvent) {
  const std::vector<Action> fails{Action::kKill, Action::kFail};
  const std::vector<Action> back{Action::kKill, Action::kTakeBack, Action::kFail};
  const std::vector<Row> rows{
      {Step::kServing, Event::kAsked, Step::kStarting, {Action::kExecute}},
      {Step::kServing, Event::kReady, Step::kServing, {}},
      {Step::kServing, Event::kLinked, Step::kServing, {}},
      {Step::kServing, Event::kServes, Step::kServing, {}},
      {Step::kServing, Event::kGone, Step::kServing, {}},
      {Step::kServing, Event::kLate, Step::kServing, {}},
      {Step::kServing, Event::kStopped, Step::kServing, {}},
      {Step::kServing, Event::kStops, Step::kServing, {}},
      {Step::kStarting, Event::kAsked, Step::kStarting, {Action::kRefuse}},
      {Step::kStarting, Event::kReady, Step::kLinking, {Action::kYieldLinks}},
      {Step::kStarting, Event::kLinked, Step::kServing, fails},
      {Step::kStarting, Event::kServes, Step::kServing, fails},
      {Step::kStarting, Event::kGone, Step::kServing, fails},
      {Step::kStarting, Event::kLate, Step::kServing, fails},
      {Step::kStarting, Event::kStopped, Step::kServing, fails},
      {Step::kStarting, Event::kStops, Step::kServing, fails},
      {Step::kLinking, Event::kAsked, Step::kLinking, {Action::kRefuse}},
      {Step::kLinking, Event::kReady, Step::kServing, back},
      {Step::kLinking, Event::kLinked, Step::kYielding, {Action::kYieldClients}},
      {Step::kLinking, Event::kServes, Step::kServing, back},
      {Step::kLinking, Event::kGone, Step::kServing, back},
      {Step::kLinking, Event::kLate, Step::kServing, back},
      {Step::kLinking, Event::kStopped, Step::kServing, back},
      {Step::kLinking, Event::kStops, Step::kServing, back},
      {Step::kYielding, Event::kAsked, Step::kYielding, {Action::kRefuse}},
      {Step::kYielding, Event::kReady, Step::kServing, back},
      {Step::kYielding, Event::kLinked, Step::kServing, back},
      {Step::kYielding, Event::kServes, Step::kLeaving, {Action::kLeave}},
      {Step::kYielding, Event::kGone, Step::kServing, back},
      {Step::kYielding, Event::kLate, Step::kServing, back},
      {Step::kYielding, Event::kStopped, Step::kServing, back},
      {Step::kYielding, Event::kStops, Step::kServing, back},
      {Step::kLeaving, Event::kAsked, Step::kLeaving, {Action::kRefuse}},
      {Step::kLeaving, Event::kReady, Step::kLeaving, {}},
      {Step::kLeaving, Event::kLinked, Step::kLeaving, {}},
      {Step::kLeaving, Event::kServes, Step::kLeaving, {}},
      {Step::kLeaving, Event::kGone, Step::kServing, {Action::kTakeBack}},
      {Step::kLeaving, Event::kLate, Step::kLeaving, {}},
      {Step::kLeaving, Event::kStopped, Step::kLeaving, {}},
      {Step::kLeaving, Event::kStops, Step::kLeaving, {Action::kDrain}},
  };
  EXPECT_EQ(rows.size(), 5 * std::size(kEvents));
  for (const Row& row : rows) {
    HandingOver steps = at(row.from);
    ASSERT_EQ(steps.step(), row.from);
    EXPECT_EQ(steps.on(row.event), row.actions)
        << "step " << static_cast<int>(row.from) << ", event " << static_cast<int>(row.event);
    EXPECT_EQ(steps.step(), row.to) << "step " << static_cast<int>(row.from) << ", event "
                                    << static_cast<int>(row.event);
  }
}

// Whatever comes: what was given up for the new one is taken back as soon as that is out of the question, and
// it is not left alive then.
TEST_F(HandingOverTable, ItNeverEndsUpWithNeitherOfThem) {
  std::set<std::vector<int>> seen;
  std::vector<std::pair<HandingOver, bool>> open{
      {HandingOver(), false}};  // and whether something is given up
  for (int depth = 0; depth < 6; ++depth) {
    std::vector<std::pair<HandingOver, bool>> next;
    for (const auto& [steps, is_given_up] : open)
      for (const Event event : kEvents) {
        HandingOver after = steps;
        bool given_up = is_given_up;
        for (const Action action : after.on(event)) {
          if (action == Action::kYieldLinks || action == Action::kYieldClients) given_up = true;
          if (action == Action::kTakeBack) given_up = false;
        }
        if (after.step() == Step::kServing) {
          EXPECT_FALSE(given_up);
        }
        if (after.step() == Step::kLinking || after.step() == Step::kYielding) {
          EXPECT_TRUE(given_up);
        }
        if (seen.insert({depth, static_cast<int>(after.step()), given_up}).second)
          next.emplace_back(after, given_up);
      }
    open = std::move(next);
  }
}

class TakingOverTable : public ::testing::Test {
 protected:
  using Step = TakingOver::Step;
  using Event = TakingOver::Event;
  using Action = TakingOver::Action;
};

TEST_F(TakingOverTable, InOrder) {
  TakingOver steps;
  EXPECT_THAT(steps.on(Event::kServe), IsEmpty());  // not before it listens
  EXPECT_THAT(steps.on(Event::kListen), ElementsAre(Action::kStartLinks));
  EXPECT_THAT(steps.on(Event::kServe), IsEmpty());
  EXPECT_THAT(steps.on(Event::kLinked), ElementsAre(Action::kSayLinked));
  EXPECT_THAT(steps.on(Event::kServe), ElementsAre(Action::kServe, Action::kSayServing));
  EXPECT_EQ(steps.step(), Step::kServing);
  EXPECT_THAT(steps.on(Event::kGone), ElementsAre(Action::kBecomeOnlyOne));
  EXPECT_THAT(steps.on(Event::kGone), IsEmpty());
}

// The other one is killed: whatever it still had is served from then on.
TEST_F(TakingOverTable, AloneAtAnyMoment) {
  TakingOver ready;
  EXPECT_THAT(ready.on(Event::kGone),
              ElementsAre(Action::kStartLinks, Action::kServe, Action::kBecomeOnlyOne));
  TakingOver linking;
  (void)linking.on(Event::kListen);
  EXPECT_THAT(linking.on(Event::kGone), ElementsAre(Action::kServe, Action::kBecomeOnlyOne));
  EXPECT_THAT(linking.on(Event::kLinked), IsEmpty());
  TakingOver linked;
  (void)linked.on(Event::kListen);
  (void)linked.on(Event::kLinked);
  EXPECT_THAT(linked.on(Event::kGone), ElementsAre(Action::kServe, Action::kBecomeOnlyOne));
  EXPECT_EQ(linked.step(), Step::kAlone);
}

}  // namespace
}  // namespace tsmtp::daemon
