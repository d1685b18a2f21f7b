// A link that is interrupted, stands still, and goes on, as scripts.
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
using LaneState = Lane::State;
using State = Standing::State;

LaneState lane(const Script& script) {
  return script.life.lanes().front().state;
}

TEST(InterruptionScript, IsDialledAndGoesOn) {
  Script script(dialling());
  script.lose(script.up());
  EXPECT_THAT(script.did(), ElementsAre("standing changed", "resolve hub.example:5443"));
  EXPECT_THAT(script.logged(),
              ElementsAre("link interrupted: connection reset; streams under way wait for 60 s "
                          "to go on with a new connection"));
  EXPECT_EQ(lane(script), LaneState::kInterrupted);
  EXPECT_EQ(script.life.standing().state(), State::kInterrupted);
  EXPECT_TRUE(script.life.standing().is_paused());
  script.resolve();
  const ConnectionId second = script.dial();
  EXPECT_THAT(script.did(), ElementsAre("connect 0", "greet 2 to resume"));
  script.hello(second, far(Named::kOurs));
  EXPECT_THAT(script.did(), ElementsAre("attach 2: resume", "standing changed"));
  EXPECT_THAT(script.logged(),
              ElementsAre("link resumed: to 192.0.2.1:5443, TLSv1.3, peer calls itself birl"));
  EXPECT_EQ(script.life.times_up(), 1U);
  script.pass(seconds(300));
  EXPECT_THAT(script.did(), IsEmpty());
}

// Each connection costs both hubs a handshake, and the peer takes so many from one address.
TEST(InterruptionScript, ALineThatBreaksEachConnectionAtOnceIsDialledTwiceASecond) {
  Script script(dialling());
  int dialled = 0;
  ConnectionId open = script.up();
  for (const auto end = script.now().at + seconds(60); script.now().at < end; script.pass(milliseconds(5))) {
    script.lose(open);
    while (script.life.lanes().front().search.rounds()->next_try())
      script.pass(milliseconds(5));
    script.resolve();
    script.hello(open = script.dial(), far(Named::kOurs));
    ++dialled;
  }
  EXPECT_GT(dialled, 100);
  EXPECT_LT(dialled, 135);
  EXPECT_EQ(lane(script), LaneState::kUp);
  // One that lasts owes nothing.
  for (int i = 0; i < 20; ++i) {
    script.pass(seconds(1));
    script.lose(open);
    (void)script.did();
    script.resolve();
    script.hello(open = script.dial(), far(Named::kOurs));
    EXPECT_EQ(lane(script), LaneState::kUp) << i;
  }
}

TEST(InterruptionScript, APauseEndsWithTime) {
  Script script(waiting());
  script.lose(script.up_by_peer());
  EXPECT_THAT(script.did(), ElementsAre("standing changed")) << "whoever waits for it must know";
  script.pass(milliseconds(4900));
  EXPECT_TRUE(script.life.standing().is_paused());
  EXPECT_THAT(script.did(), IsEmpty());
  script.pass(milliseconds(100));
  EXPECT_FALSE(script.life.standing().is_paused());
  EXPECT_THAT(script.did(), ElementsAre("standing changed"));
}

TEST(InterruptionScript, APauseEndsWhenDiallingFails) {
  Script script(dialling());
  script.lose(script.up());
  script.resolve();
  script.fail("Connection refused");
  EXPECT_TRUE(script.life.standing().is_paused()) << "what broke the connection may have broken this too";
  script.pass(seconds(1));
  (void)script.did();
  script.life.resolved(kRounds, base::Error{"name not resolved"}, script.now());
  if (script.life.standing().is_paused()) script.fail("Connection refused");
  EXPECT_FALSE(script.life.standing().is_paused());
  EXPECT_EQ(script.life.standing().state(), State::kInterrupted);
}

TEST(InterruptionScript, TheGracePeriodEnds) {
  Script script(dialling());
  script.lose(script.up());
  script.life.resolved(kRounds, base::Error{"name not resolved"}, script.now());
  (void)script.logged();
  script.pass(seconds(60));
  EXPECT_EQ(lane(script), LaneState::kDown);
  EXPECT_THAT(script.logged(),
              Contains(AllOf(StartsWith("link down: "), HasSubstr("not resumed within 60 s"))));
  EXPECT_THAT(script.did(),
              Contains(AllOf(StartsWith("end session: link down since"), HasSubstr("not resumed"))));
  (void)script.did();
  script.pass(seconds(30));
  EXPECT_THAT(script.did(), Contains("resolve hub.example:5443"));
}

TEST(InterruptionScript, ThePeerHasForgotten) {
  Script script(dialling());
  script.lose(script.up());
  script.resolve();
  const ConnectionId second = script.dial();
  (void)script.did();
  script.hello(second, far(Named::kNone));
  EXPECT_THAT(script.did(), ElementsAre(StartsWith("end session: "), "down", "standing changed",
                                        "attach 2: begin", "up", "standing changed"));
}

TEST(InterruptionScript, AnAnswerAfterTheGracePeriod) {
  Script script(dialling());
  script.lose(script.up());
  script.pass(milliseconds(59'900));
  const ConnectionId second = script.dial(Search::kBeside);
  EXPECT_THAT(script.did(), Contains("greet 2 to resume"));
  script.pass(seconds(1));
  EXPECT_EQ(lane(script), LaneState::kDown);
  (void)script.did();
  script.hello(second, far(Named::kUnknown));
  EXPECT_THAT(script.did(), ElementsAre("close 2: the session is over"))
      << "the peer has resumed it, and must not think that we have";
}

TEST(InterruptionScript, BothSidesResumeAtOnce) {
  Script script(dialling());
  script.lose(script.up());
  script.resolve();
  const ConnectionId ours = script.dial(Search::kRounds, kSmallerPin);
  const ConnectionId theirs = script.accept(kSmallerPin);
  (void)script.did();
  script.hello(theirs, far(Named::kNone));
  EXPECT_THAT(script.did(), Contains("attach 3: begin"));
  script.hello(ours, far(Named::kUnknown));
  EXPECT_THAT(script.did(), ElementsAre("close 2: the session is over"));
}

TEST(InterruptionScript, WithoutAGracePeriod) {
  Settings settings = dialling();
  settings.link.resume_window = seconds(0);
  Script script(settings);
  script.lose(script.up());
  EXPECT_EQ(lane(script), LaneState::kDown);
  EXPECT_THAT(script.logged(), ElementsAre("link down: connection reset"));
}

TEST(StandstillScript, RedialsBesideAndTheSessionMoves) {
  Script script(dialling());
  const ConnectionId first = script.up();
  script.pass(seconds(3));
  script.life.stalled(first, script.now().at - seconds(2), milliseconds(20), script.now());
  EXPECT_EQ(lane(script), LaneState::kStandingStill);
  EXPECT_EQ(script.life.standing().state(), State::kUp);
  EXPECT_THAT(script.did(), ElementsAre("connect beside"));
  EXPECT_THAT(
      script.logged(),
      ElementsAre(
          "link stands still: the peer acknowledges nothing, though it was sent several times, and has "
          "said nothing for 2.0 s; dialling 192.0.2.1:5443 beside it"));
  script.pass(milliseconds(400));
  EXPECT_THAT(script.did(), ElementsAre("connect beside"));
  const ConnectionId second = script.dial(Search::kBeside);
  EXPECT_THAT(script.did(), ElementsAre("abandon 1", "standing changed", "greet 2 to resume"));
  EXPECT_EQ(lane(script), LaneState::kInterrupted);
  script.hello(second, far(Named::kOurs));
  EXPECT_THAT(script.did(), ElementsAre("attach 2: resume", "standing changed"));
  EXPECT_THAT(script.logged(), ElementsAre(HasSubstr(", after it stood still for 2.4 s")));
  script.pass(seconds(60));
  EXPECT_THAT(script.did(), IsEmpty());
}

TEST(StandstillScript, TheOldOneMovesFirst) {
  Script script(dialling());
  const ConnectionId first = script.up();
  script.life.stalled(first, script.now().at, milliseconds(20), script.now());
  (void)script.did();
  (void)script.logged();
  script.life.connected(kBeside);
  script.life.moves(first, script.now());
  EXPECT_THAT(script.did(), ElementsAre("give up beside"));
  EXPECT_THAT(script.logged(), ElementsAre("link moves again after 0.0 s, on the same connection"));
  (void)script.dial(Search::kBeside);
  EXPECT_THAT(script.did(), ElementsAre("abandon 2"));
}

TEST(StandstillScript, RedialWhileResuming) {
  Script script(dialling());
  script.lose(script.up());
  script.resolve();
  (void)script.dial();  // its Hello is lost
  (void)script.did();
  script.life.lost(ConnectionId{2}, {.cause = "connection reset"}, script.now());
  EXPECT_THAT(script.did(), Not(Contains(StartsWith("end session"))));
  script.pass(milliseconds(1200));
  EXPECT_THAT(script.did(), Contains("connect beside"));
  const ConnectionId third = script.dial(Search::kBeside);
  EXPECT_THAT(script.did(), Contains("greet 3 to resume"));
  const ConnectionId none = script.dial(Search::kBeside);
  EXPECT_THAT(script.did(), ElementsAre("abandon 4")) << "one at a time";
  (void)none;
  script.hello(third, far(Named::kOurs));
  EXPECT_THAT(script.did(), Contains("attach 3: resume"));
}

TEST(StandstillScript, AnEarlierTryIsOvertaken) {
  Script script(dialling());
  script.lose(script.up());
  script.pass(milliseconds(400));
  script.resolve();
  (void)script.dial(Search::kBeside);
  script.pass(milliseconds(1000));
  (void)script.did();
  const ConnectionId third = script.dial(Search::kBeside);
  EXPECT_THAT(script.did(), ElementsAre("abandon 2", "greet 3 to resume"));
  script.hello(ConnectionId{2}, far(Named::kOurs));
  EXPECT_THAT(script.did(), IsEmpty());
  script.hello(third, far(Named::kOurs));
  EXPECT_EQ(lane(script), LaneState::kUp);
}

TEST(StandstillScript, WhoDidNotDialWaits) {
  Script script(waiting());
  const ConnectionId first = script.up_by_peer();
  script.life.stalled(first, script.now().at, milliseconds(20), script.now());
  EXPECT_THAT(script.did(), IsEmpty());
  EXPECT_THAT(script.logged(), ElementsAre(HasSubstr("waiting until it moves or the peer dials anew")));
  const ConnectionId second = script.accept();
  (void)script.did();
  script.hello(second, far(Named::kOurs));
  EXPECT_THAT(script.did(), ElementsAre("attach 2: resume", "abandon 1", "standing changed"));
  script.lose(first);
  EXPECT_THAT(script.did(), IsEmpty());
  EXPECT_EQ(lane(script), LaneState::kUp);
}

}  // namespace
}  // namespace tsmtp::link
