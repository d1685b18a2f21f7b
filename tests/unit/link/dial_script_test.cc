// A link that comes up, does not, and goes down, as scripts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/link/script.h"

namespace tsmtp::link {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using State = Standing::State;

TEST(DialScript, Up) {
  Script script(dialling());
  EXPECT_THAT(script.did(), ElementsAre("resolve hub.example:5443"));
  EXPECT_EQ(script.life.standing().cause(), "not yet dialled");
  script.resolve();
  EXPECT_THAT(script.did(), ElementsAre("connect 0"));
  const ConnectionId connection = script.dial();
  EXPECT_THAT(script.did(), ElementsAre("greet 1"));
  EXPECT_EQ(script.life.standing().state(), State::kDown) << "the peer may yet refuse us";
  script.hello(connection);
  EXPECT_THAT(script.did(), ElementsAre("attach 1: begin", "up", "standing changed"));
  EXPECT_THAT(script.logged(), ElementsAre("link up: to 192.0.2.1:5443, TLSv1.3, peer calls itself birl"));
  EXPECT_EQ(script.life.standing().state(), State::kUp);
  EXPECT_EQ(script.life.standing().cause(), "");
  EXPECT_EQ(script.life.times_up(), 1U);
  EXPECT_EQ(script.life.deadline(), std::nullopt);
}

TEST(DialScript, TheOtherSideDials) {
  Script script(waiting());
  EXPECT_THAT(script.did(), IsEmpty());
  EXPECT_EQ(script.life.standing().cause(), "waiting for it to dial us");
  const ConnectionId connection = script.accept();
  EXPECT_THAT(script.did(), ElementsAre("await 1"));
  script.hello(connection);
  EXPECT_THAT(script.did(), ElementsAre("attach 1: begin", "up", "standing changed"));
  script.lose(connection);
  script.pass(seconds(59));
  EXPECT_THAT(script.did(), ElementsAre("standing changed", "standing changed"))
      << "the pause begins and ends; it has nothing to dial";
  script.pass(seconds(1));
  EXPECT_THAT(script.did(),
              ElementsAre(StartsWith("end session: link down since"), "down", "standing changed"));
}

TEST(DialScript, BothDialAtOnce) {
  for (const bool ours_stays : {true, false}) {
    Script script(dialling());
    script.resolve();
    const std::string pin = ours_stays ? kLargerPin : kSmallerPin;
    const ConnectionId ours = script.dial(Search::kRounds, pin);
    const ConnectionId theirs = script.accept(pin);
    (void)script.did();
    script.hello(theirs);
    if (ours_stays) {
      EXPECT_THAT(script.did(), ElementsAre("close 2: another connection of this link is being made"));
      script.hello(ours);
      EXPECT_THAT(script.did(), ElementsAre("attach 1: begin", "up", "standing changed"));
    } else {
      EXPECT_THAT(script.did(), ElementsAre("attach 2: begin", "up", "standing changed"));
      script.life.lost(
          ours, {.cause = "closed by peer: another connection of this link is being made", .is_over = true},
          script.now());
      EXPECT_THAT(script.did(), IsEmpty());
      EXPECT_THAT(script.logged(),
                  Contains(HasSubstr("a connection beside the link ended: 192.0.2.1:5443: ")));
    }
    script.pass(seconds(300));
    EXPECT_THAT(script.did(), IsEmpty()) << "nothing is dialled any more";
  }
}

TEST(DialScript, FailureAtEveryStep) {
  struct Row {
    const char* step;
    void (*fail)(Script&);
    const char* cause;
  };
  const Row rows[] = {
      {"resolving",
       [](Script& script) {
         script.life.resolved(kRounds, base::Error{"name not resolved: Host not found"}, script.now());
       },
       "name not resolved: Host not found, hub.example:5443"},
      {"resolving for ever", [](Script& script) { script.pass(seconds(10)); },
       "name not resolved within 10 seconds, hub.example:5443"},
      {"connecting",
       [](Script& script) {
         script.resolve();
         script.fail("Connection refused");
       },
       "Connection refused, hub.example:5443"},
      {"connecting for ever",
       [](Script& script) {
         script.resolve();
         script.pass(seconds(10));
       },
       "connection timed out, hub.example:5443"},
      {"shaking hands",
       [](Script& script) {
         script.resolve();
         script.life.connected(kRounds);
         script.fail("no TLS handshake within 10 seconds");
       },
       "no TLS handshake within 10 seconds, hub.example:5443"},
      {"waiting for Hello",
       [](Script& script) {
         script.resolve();
         script.life.lost(script.dial(), {.cause = "no Hello from the peer within 10 s", .is_over = true},
                          script.now());
       },
       "no Hello from the peer within 10 s, hub.example:5443"},
      {"hearing a refusal",
       [](Script& script) {
         script.resolve();
         script.life.lost(script.dial(), {.cause = "closed by peer: no", .is_over = true}, script.now());
       },
       "closed by peer: no, hub.example:5443"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.step);
    Script script(dialling());
    row.fail(script);
    EXPECT_EQ(script.life.standing().cause(), row.cause);
    EXPECT_EQ(script.life.standing().state(), State::kDown);
    EXPECT_THAT(script.logged(), testing::SizeIs(1));
    (void)script.did();
    script.pass(milliseconds(250));
    EXPECT_THAT(script.did(), ElementsAre("resolve hub.example:5443")) << "and again";
    (void)script.up();
    EXPECT_EQ(script.life.standing().state(), State::kUp);
    EXPECT_TRUE(script.life.lanes().front().search.rounds()->failures().empty());
  }
}

TEST(DialScript, ALateAnswerIsGivenUp) {
  Script script(dialling());
  script.resolve();
  script.pass(seconds(10));
  (void)script.did();
  (void)script.dial();
  EXPECT_THAT(script.did(), ElementsAre("abandon 1"));
}

TEST(DialScript, UnknownPeersAndCrowds) {
  Script script(waiting());
  (void)script.accept("pin-of-nobody");
  EXPECT_THAT(script.did(), ElementsAre("abandon 1"));
  EXPECT_THAT(script.logged(), ElementsAre("refused a connection from 192.0.2.1:40000: its key is no longer "
                                           "pinned in the configuration"));
  for (int i = 0; i < 5; ++i)
    (void)script.accept();
  EXPECT_THAT(script.did(), ElementsAre("await 2", "await 3", "await 4", "await 5",
                                        "close 2: too many connections at once", "await 6"));
  for (int i = 0; i < 200; ++i)
    (void)script.accept();
  EXPECT_THAT(script.did(), Contains(StartsWith("abandon"))) << "a peer dials no more often than it may";
  EXPECT_LE(script.life.candidates().size(), 4U);
}

TEST(DialScript, ALaneThatIsNotThere) {
  Script script(waiting());
  HelloSummary hello = far();
  hello.connection = 7;
  EXPECT_FALSE(script.life.slot_of(script.accept(), hello));
  script.hello(ConnectionId{1}, hello);
  EXPECT_THAT(script.did(), ElementsAre("await 1", "close 1: this side keeps 1 connections of the link"));
  EXPECT_EQ(script.life.standing().cause(), "192.0.2.1:40000: this side keeps 1 connections of the link");
  hello.can_resume = false;
  EXPECT_EQ(script.life.slot_of(script.accept(), hello), Slot{0}) << "then the number means nothing";
}

TEST(DialScript, ClosedByPeer) {
  Script script(dialling());
  const ConnectionId connection = script.up();
  script.life.lost(connection, {.cause = "closed by peer: closing", .is_over = true}, script.now());
  EXPECT_THAT(script.did(),
              ElementsAre(StartsWith("end session: link down since"), "down", "standing changed"));
  EXPECT_THAT(script.logged(), ElementsAre("link down: closed by peer: closing"));
  EXPECT_EQ(script.life.standing().cause(), "closed by peer: closing");
  script.pass(milliseconds(250));
  EXPECT_THAT(script.did(), ElementsAre("resolve hub.example:5443"));
}

TEST(DialScript, APeerThatHasBeenRestarted) {
  Script script(waiting());
  (void)script.up_by_peer();
  HelloSummary hello = far();
  hello.instance = "instance-2";
  script.hello(script.accept(), hello);
  EXPECT_THAT(script.did(),
              ElementsAre("await 2", "close 1: replaced by a newer connection", StartsWith("end session: "),
                          "down", "standing changed", "attach 2: begin", "up", "standing changed"));
  EXPECT_EQ(script.life.times_up(), 2U);
}

}  // namespace
}  // namespace tsmtp::link
