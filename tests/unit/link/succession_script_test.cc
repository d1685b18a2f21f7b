// Processes of one hub that take each other's place, as scripts: the peer's, whose links stand beside each
// other, and our own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/link/script.h"

namespace tsmtp::link {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

/// The Hello of the process `number`, whose predecessor is the one before it.
HelloSummary later(int number, bool its_predecessor_lives = true) {
  HelloSummary hello = far();
  hello.instance = "instance-" + std::to_string(number);
  if (its_predecessor_lives) hello.predecessor = "instance-" + std::to_string(number - 1);
  return hello;
}

/// A link to the process 2 beside that to the process 1, both dialled by the peer.
struct Beside : Script {
  explicit Beside(Settings settings = waiting()) : Script(std::move(settings)) {
    before = up_by_peer();
    present = accept();
    hello(present, later(2));
    (void)did();
    (void)logged();
  }
  ConnectionId before{}, present{};
};

Settings of_two_lanes(Settings settings) {
  settings.link.connections = 2;
  return settings;
}

TEST(SuccessionScript, ASuccessorsLinkStandsBeside) {
  Script script(waiting());
  (void)script.up_by_peer();
  const ConnectionId second = script.accept();
  script.hello(second, later(2));
  EXPECT_THAT(script.did(), ElementsAre("await 2", "leave", "attach 2: begin of the second generation", "up",
                                        "standing changed"));
  EXPECT_THAT(
      script.logged(),
      ElementsAre(AllOf(StartsWith("link up: from"),
                        HasSubstr(", beside the link of the process before, which goes on to its end"))));
  EXPECT_TRUE(script.life.is_any_leaving());
  EXPECT_EQ(script.life.open_connections(), 1U);
}

TEST(SuccessionScript, TheEarlierOneEndsByItself) {
  Beside script;
  script.life.lost(script.before, {.cause = "closed by peer", .is_over = true, .by_peer = true},
                   script.now());
  EXPECT_THAT(script.did(), ElementsAre(StartsWith("end session: a connection of the link lost"), "left"));
  EXPECT_THAT(script.logged(), ElementsAre("the link of the process before has ended: closed by peer"));
  EXPECT_FALSE(script.life.is_any_leaving());
  EXPECT_EQ(script.life.standing().state(), Standing::State::kUp);
}

TEST(SuccessionScript, OneThatNamesNoPredecessorIsARestart) {
  Script script(waiting());
  (void)script.up_by_peer();
  script.hello(script.accept(), later(2, false));
  EXPECT_THAT(script.did(), AllOf(Contains("close 1: replaced by a newer connection"),
                                  Contains(StartsWith("end session")), Not(Contains("leave"))));
  EXPECT_FALSE(script.life.is_any_leaving());
}

TEST(SuccessionScript, OneThatNamesAnotherPredecessorIsARestart) {
  Script script(waiting());
  (void)script.up_by_peer();
  script.hello(script.accept(), later(3));
  EXPECT_THAT(script.did(), Contains(StartsWith("end session")));
  EXPECT_FALSE(script.life.is_any_leaving());
}

// The pins of a site may be those of two machines.
TEST(SuccessionScript, AnotherKeyHasNoPredecessor) {
  Script script(waiting());
  (void)script.up_by_peer(kLargerPin);
  script.hello(script.accept(kSmallerPin), later(2));
  EXPECT_THAT(script.did(), Contains(StartsWith("end session")));
  EXPECT_FALSE(script.life.is_any_leaving());
}

TEST(SuccessionScript, TheEarlierOneIsInterruptedAndResumed) {
  Beside script;
  script.lose(script.before);
  EXPECT_THAT(script.did(), IsEmpty()) << "the link is up, and nobody listens where it was dialled";
  EXPECT_THAT(script.logged(), ElementsAre(StartsWith("link of the process before interrupted")));
  const ConnectionId again = script.accept();
  EXPECT_EQ(script.life.slot_of(again, far(Named::kOurs)), Slot{0});
  script.hello(again, far(Named::kOurs));
  EXPECT_THAT(script.did(), ElementsAre("await 3", "attach 3: resume", "standing changed"));
  EXPECT_THAT(script.logged(), ElementsAre(StartsWith("link of the process before resumed: ")));
  EXPECT_TRUE(script.life.is_any_leaving());
}

TEST(SuccessionScript, TheEarlierOneIsNotWaitedForLongerThanAnyOther) {
  Beside script;
  script.lose(script.before);
  script.pass(seconds(61));
  EXPECT_THAT(script.did(), ElementsAre(StartsWith("end session"), "left"));
  EXPECT_EQ(script.life.open_connections(), 1U);
}

TEST(SuccessionScript, AnEarlierProcessBeginsNoOther) {
  Beside script;
  for (const Named named : {Named::kNone, Named::kUnknown}) {
    const ConnectionId again = script.accept();
    (void)script.did();
    script.hello(again, far(named));
    EXPECT_THAT(script.did(), ElementsAre(HasSubstr("a later process of your hub has its link here")));
  }
  // When its link has ended, too.
  script.life.lost(script.before, {.cause = "closed by peer", .is_over = true}, script.now());
  const ConnectionId again = script.accept();
  (void)script.did();
  script.hello(again, far());
  EXPECT_THAT(script.did(), ElementsAre(HasSubstr("a later process of your hub has its link here")));
}

TEST(SuccessionScript, WithoutAPresentLinkAnEarlierProcessMayBeginAgain) {
  Beside script;
  script.life.lost(script.present, {.cause = "closed by peer", .is_over = true}, script.now());
  EXPECT_EQ(script.life.standing().state(), Standing::State::kDown);
  const ConnectionId again = script.accept();
  (void)script.did();
  script.hello(again, far());
  EXPECT_THAT(script.did(),
              ElementsAre("close 1: your process counts as ended", StartsWith("end session: "), "left",
                          "attach 3: begin of the second generation", "up", "standing changed"));
}

TEST(SuccessionScript, AThirdReplacesTheOldest) {
  Beside script;
  script.hello(script.accept(), later(3));
  EXPECT_THAT(script.did(), ElementsAre("await 3", "close 1: your successor has a successor itself",
                                        StartsWith("end session: "), "left", "leave of the second generation",
                                        "attach 3: begin", "up", "standing changed"));
  EXPECT_EQ(script.life.leaving().size(), 1U);
  EXPECT_EQ(script.life.leaving().front().connection, script.present);
}

TEST(SuccessionScript, APeerThatSaysItsPredecessorIsGoneIsBelieved) {
  Beside script;
  script.life.peer_predecessor_gone(script.now());
  EXPECT_THAT(script.did(),
              ElementsAre("close 1: your process counts as ended", StartsWith("end session"), "left"));
  script.life.peer_predecessor_gone(script.now());
  EXPECT_THAT(script.did(), IsEmpty());
}

// What the notice would have said is said by a Hello.
TEST(SuccessionScript, AHelloThatNamesNoPredecessorAnyMoreIsBelieved) {
  Beside script;
  script.lose(script.present);
  (void)script.did();
  HelloSummary hello = later(2, false);
  hello.named = Named::kOurs;
  const ConnectionId again = script.accept();
  EXPECT_EQ(script.life.slot_of(again, hello), Slot{kSlotsOfGeneration});
  script.hello(again, hello);
  EXPECT_THAT(script.did(), ElementsAre("await 3", "attach 3: resume of the second generation",
                                        "close 1: your process counts as ended", StartsWith("end session"),
                                        "left", "standing changed"));
}

TEST(SuccessionScript, TheNextLanesAreOrdinary) {
  Beside script(of_two_lanes(waiting()));
  HelloSummary second = later(2);
  second.connection = 1;
  second.connections = 2;
  script.hello(script.accept(), second);
  EXPECT_THAT(script.did(), ElementsAre("await 3", "attach 3: begin in lane 1 of the second generation",
                                        "standing changed"));
  EXPECT_TRUE(script.life.is_any_leaving());
}

// Whichever lane its successor comes on.
TEST(SuccessionScript, AllLanesLeaveTogether) {
  Script script(of_two_lanes(waiting()));
  (void)script.up_by_peer();
  HelloSummary second = far();
  second.connection = 1;
  second.connections = 2;
  script.hello(script.accept(), second);
  (void)script.did();
  HelloSummary its_successor = later(2);
  its_successor.connection = 1;
  its_successor.connections = 2;
  script.hello(script.accept(), its_successor);
  EXPECT_THAT(script.did(),
              ElementsAre("await 3", "leave", "leave in lane 1",
                          "attach 3: begin in lane 1 of the second generation", "up", "standing changed"));
  EXPECT_EQ(script.life.leaving().size(), 2U);
}

TEST(SuccessionScript, AnnouncedItIsDialledBesideTheLinkThatStands) {
  Script script(dialling());
  (void)script.up();
  script.life.peer_has_successor("instance-2", script.now());
  EXPECT_THAT(script.did(), ElementsAre("resolve hub.example:5443"));
  script.resolve();
  const ConnectionId second = script.dial();
  EXPECT_THAT(script.did(), ElementsAre("connect 0", "greet 2"));
  script.hello(second, later(2));
  EXPECT_THAT(script.did(),
              ElementsAre("leave", "attach 2: begin of the second generation", "up", "standing changed"));
  script.pass(seconds(100));
  EXPECT_THAT(script.did(), IsEmpty()) << "it is not looked for any more";
}

// The earlier one may still have listened.
TEST(SuccessionScript, ItIsDialledUntilItIsThere) {
  Script script(dialling());
  (void)script.up();
  script.life.peer_has_successor("instance-2", script.now());
  script.resolve();
  for (int i = 0; i < 3; ++i) {
    const ConnectionId vain = script.dial();
    (void)script.did();
    script.life.lost(vain, {.cause = "closed by peer: not me", .is_over = true, .by_peer = true},
                     script.now());
    script.pass(seconds(1));
    EXPECT_THAT(script.did(), ElementsAre("resolve hub.example:5443"));
    script.resolve();
  }
  EXPECT_EQ(script.life.open_connections(), 1U);
  EXPECT_THAT(script.logged(), ElementsAre("the far relayd has a successor, which is about to take over",
                                           HasSubstr("closed by peer: not me")))
      << "it is said once";
}

TEST(SuccessionScript, TheSearchForItOutlivesAnInterruption) {
  Script script(dialling());
  const ConnectionId first = script.up();
  script.life.peer_has_successor("instance-2", script.now());
  script.lose(first);
  script.resolve();
  const ConnectionId again = script.dial();
  (void)script.did();
  script.hello(again, far(Named::kOurs));
  EXPECT_THAT(script.did(), ElementsAre("attach 2: resume", "resolve hub.example:5443", "standing changed"));
}

// It listens where the line that broke was dialled.
TEST(SuccessionScript, InPlaceOfAnInterruptedOne) {
  Script script(dialling());
  const ConnectionId first = script.up();
  script.lose(first);
  script.resolve();
  const ConnectionId second = script.dial();
  (void)script.did();
  script.hello(second, later(2));
  EXPECT_THAT(script.did(),
              ElementsAre("leave", "attach 2: begin of the second generation", "up", "standing changed"));
  EXPECT_EQ(script.life.leaving().front().state, Lane::State::kInterrupted);
  EXPECT_EQ(script.life.standing().state(), Standing::State::kUp);
  script.pass(seconds(61));
  EXPECT_THAT(script.did(), ElementsAre(StartsWith("end session"), "left"));
}

// We had said Hello to the earlier process, and it has answered: it may be using the session.
TEST(SuccessionScript, AnAnswerThatIsOvertakenByTheSuccessorBeginsASessionThatLeaves) {
  Script script(of_two_lanes(dialling()));
  HelloSummary first = far();
  first.connections = 2;
  script.resolve();
  script.hello(script.dial(), first);
  const Attempt second{.lane = *LaneNumber::of(1, 2), .search = Search::kRounds};
  script.life.resolved(second,
                       base::Result<std::vector<std::string>>(std::vector<std::string>{"192.0.2.1:5443"}),
                       script.now());
  script.life.connected(second);
  const ConnectionId greeted{77};
  script.life.dialled(second, greeted,
                      {.pin = kLargerPin, .address = "192.0.2.1:5443", .description = "", .own_pin = kOwnPin},
                      script.now());
  script.hello(script.accept(), later(2));
  (void)script.did();
  HelloSummary answer = far();
  answer.connection = 1;
  answer.connections = 2;
  script.hello(greeted, answer);
  EXPECT_THAT(script.did(), testing::Contains("attach 77: begin in lane 1"));
  EXPECT_EQ(script.life.leaving().size(), 2U);
  EXPECT_TRUE(script.life.lanes().front().has_session());
  script.life.peer_predecessor_gone(script.now());
  EXPECT_THAT(script.did(), AllOf(Contains("close 1: your process counts as ended"),
                                  Contains("close 77: your process counts as ended"), Contains("left")));
}

TEST(SuccessionScript, AnAnnouncementOfThePresentOneIsNoNews) {
  Script script(dialling());
  (void)script.up();
  script.life.peer_has_successor("instance-1", script.now());
  EXPECT_THAT(script.did(), IsEmpty());
}

TEST(SuccessionScript, DrainReachesBoth) {
  Beside script;
  script.life.drain();
  EXPECT_THAT(script.did(), ElementsAre("drain of the second generation", "drain"));
}

TEST(SuccessionScript, AKeyThatIsWithdrawnEndsBoth) {
  Beside script;
  Settings without = waiting();
  without.pins.clear();
  script.life.reconfigure(without, script.now());
  EXPECT_THAT(script.did(), AllOf(Contains("close 1: your key is no longer pinned here"),
                                  Contains("close 2: your key is no longer pinned here"), Contains("left")));
  EXPECT_FALSE(script.life.is_any_leaving());
}

TEST(SuccessionScript, StopEndsBoth) {
  Beside script;
  script.life.stop("closing", script.now());
  EXPECT_THAT(script.did(),
              AllOf(Contains("close 1: closing"), Contains("close 2: closing"), Contains("left")));
}

// Our own successor.

TEST(SuccessionScript, WithASuccessorWhatIsThereStays) {
  Script script(dialling());
  (void)script.up();
  script.life.has_successor(script.now());
  script.pass(seconds(100));
  EXPECT_THAT(script.did(), IsEmpty());
  EXPECT_EQ(script.life.open_connections(), 1U);
}

TEST(SuccessionScript, WithASuccessorNothingIsDialledThatWouldBegin) {
  Script script(dialling());
  script.resolve();
  (void)script.did();
  script.life.has_successor(script.now());
  EXPECT_THAT(script.did(), ElementsAre("give up"));
  script.life.reconfigure(dialling(), script.now());
  script.life.start(script.now());
  script.pass(seconds(100));
  EXPECT_THAT(script.did(), IsEmpty());
}

// The peer may have opened streams on it.
TEST(SuccessionScript, WithASuccessorASessionBeginsForWhichWeHaveSaidHello) {
  Script script(dialling());
  script.resolve();
  const ConnectionId greeted = script.dial();
  (void)script.did();
  script.life.has_successor(script.now());
  script.hello(greeted, far());
  EXPECT_THAT(script.did(), ElementsAre("attach 1: begin", "up", "standing changed"));
}

TEST(SuccessionScript, WithASuccessorOneThatComesToNothingIsNotDialledAgain) {
  Script script(dialling());
  script.resolve();
  const ConnectionId greeted = script.dial();
  (void)script.did();
  script.life.has_successor(script.now());
  script.lose(greeted);
  script.pass(seconds(100));
  EXPECT_THAT(script.did(), IsEmpty());
}

// The peer may have another for the present one by now.
TEST(SuccessionScript, WhenTheSuccessorHasFailedSessionsBeginAnew) {
  Script script(dialling());
  (void)script.up();
  script.life.has_successor(script.now());
  script.life.has_no_successor(script.now());
  EXPECT_THAT(script.did(),
              ElementsAre("close 1: the successor of this process has failed", StartsWith("end session"),
                          "down", "standing changed", "resolve hub.example:5443"));
  script.resolve();
  script.hello(script.dial(), far());
  EXPECT_EQ(script.life.open_connections(), 1U);
}

TEST(SuccessionScript, WithASuccessorALostSessionIsOver) {
  Script script(dialling());
  const ConnectionId first = script.up();
  script.life.has_successor(script.now());
  script.life.lost(first, {.cause = "closed by peer", .is_over = true}, script.now());
  EXPECT_THAT(script.did(), ElementsAre(StartsWith("end session"), "down", "standing changed"));
  script.pass(seconds(100));
  EXPECT_THAT(script.did(), IsEmpty());
}

TEST(SuccessionScript, WithASuccessorAnInterruptedSessionIsDialledAndGoesOn) {
  Script script(dialling());
  const ConnectionId first = script.up();
  script.life.has_successor(script.now());
  script.lose(first);
  script.resolve();
  const ConnectionId second = script.dial();
  EXPECT_THAT(script.did(),
              ElementsAre("standing changed", "resolve hub.example:5443", "connect 0", "greet 2 to resume"));
  script.hello(second, far(Named::kOurs));
  EXPECT_THAT(script.did(), ElementsAre("attach 2: resume", "standing changed"));
}

// It cannot dial, and the peer would reach its successor.
TEST(SuccessionScript, WithASuccessorAnInterruptedSessionThatWeCannotDialIsOver) {
  Script script(waiting());
  const ConnectionId first = script.up_by_peer();
  script.life.has_successor(script.now());
  script.lose(first);
  EXPECT_THAT(script.did(), ElementsAre(StartsWith("end session"), "down", "standing changed"));
  Script other(waiting());
  other.lose(other.up_by_peer());
  (void)other.did();
  other.life.has_successor(other.now());
  EXPECT_THAT(other.did(), ElementsAre(StartsWith("end session"), "down", "standing changed"));
}

TEST(SuccessionScript, WithASuccessorOnlyWhatResumesIsAccepted) {
  Script script(waiting());
  const ConnectionId first = script.up_by_peer();
  script.life.has_successor(script.now());
  const ConnectionId other = script.accept();
  (void)script.did();
  script.hello(other, far());
  EXPECT_THAT(script.did(), ElementsAre(HasSubstr("close 2: this process has a successor")));
  EXPECT_EQ(script.life.lanes().front().connection, first);
  const ConnectionId resumes = script.accept();
  (void)script.did();
  script.hello(resumes, far(Named::kOurs));
  EXPECT_THAT(script.did(), ElementsAre("attach 3: resume", "abandon 1", "standing changed"));
}

}  // namespace
}  // namespace tsmtp::link
