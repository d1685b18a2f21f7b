// What a reload, a shutdown and the end of a site do to a link, as scripts; and several lanes.
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
using testing::Not;
using testing::StartsWith;

TEST(ReloadScript, TheSameAgainChangesNothing) {
  Script script(dialling());
  (void)script.did();
  script.life.reconfigure(dialling(), script.now());
  EXPECT_THAT(script.did(), IsEmpty()) << "a round that is under way goes on";
  (void)script.up();
  script.life.reconfigure(dialling(), script.now());
  EXPECT_THAT(script.did(), IsEmpty());
}

TEST(ReloadScript, OtherAddressesAreDialledAtOnce) {
  Script script(dialling());
  (void)script.did();
  Settings other = dialling();
  other.dial = {{.host = "new.example", .port = 5443, .unix_path = {}}};
  script.life.reconfigure(other, script.now());
  EXPECT_THAT(script.did(), ElementsAre("give up", "resolve new.example:5443"));
  script.life.reconfigure(waiting(), script.now());
  EXPECT_THAT(script.did(), ElementsAre("give up"));
  EXPECT_EQ(script.life.standing().cause(), "waiting for it to dial us");
  script.pass(seconds(300));
  EXPECT_THAT(script.did(), IsEmpty());
}

TEST(ReloadScript, AKeyIsGone) {
  Script script(dialling());
  (void)script.up();
  (void)script.accept();  // has said no Hello
  (void)script.did();
  Settings without = dialling();
  without.pins = {kSmallerPin};
  script.life.reconfigure(without, script.now());
  EXPECT_THAT(script.did(),
              ElementsAre("close 1: your key is no longer pinned here", StartsWith("end session: "), "down",
                          "standing changed", "close 2: your key is no longer pinned here",
                          "resolve hub.example:5443"));
  EXPECT_THAT(script.logged(), ElementsAre("a connection from 192.0.2.1:40000 that was not yet the link was "
                                           "closed: its key is no longer pinned in the configuration"));
  script.resolve();
  (void)script.did();
  (void)script.dial();  // its handshake began before
  EXPECT_THAT(script.did(), Contains("abandon 3"));
  script.hello(ConnectionId{2});
  EXPECT_THAT(script.did(), Not(Contains(StartsWith("attach"))));
}

TEST(ReloadScript, AKeyIsGoneWhileTheSessionWaits) {
  Script script(dialling());
  script.lose(script.up());
  (void)script.did();
  Settings without = dialling();
  without.pins = {kSmallerPin};
  script.life.reconfigure(without, script.now());
  EXPECT_THAT(script.did(), ElementsAre(StartsWith("end session: "), "down", "standing changed"));
}

TEST(ReloadScript, TheSiteIsRemoved) {
  Script script(dialling());
  const ConnectionId first = script.up();
  script.life.retire(script.now());
  EXPECT_THAT(script.did(), ElementsAre("close 1: your key is no longer pinned here",
                                        HasSubstr("(the site is no longer in the configuration)"), "down",
                                        "standing changed"));
  script.life.stalled(first, script.now().at, milliseconds(20), script.now());
  script.lose(first);
  (void)script.accept();
  EXPECT_THAT(script.did(), ElementsAre("abandon 2"));
  script.life.reconfigure(dialling(), script.now());
  script.pass(seconds(300));
  EXPECT_THAT(script.did(), IsEmpty()) << "nothing is dialled";
}

TEST(ReloadScript, TheSiteIsRemovedWhileItIsDialledOrInterrupted) {
  Script dialled(dialling());
  (void)dialled.did();
  dialled.life.retire(dialled.now());
  EXPECT_THAT(dialled.did(), ElementsAre("give up"));
  Script interrupted(dialling());
  interrupted.lose(interrupted.up());
  (void)interrupted.did();
  interrupted.life.retire(interrupted.now());
  EXPECT_THAT(interrupted.did(),
              ElementsAre("give up", StartsWith("end session: "), "down", "standing changed"));
}

TEST(ReloadScript, DrainedIsTheNextSessionToo) {
  Script script(dialling());
  const ConnectionId first = script.up();
  script.life.drain();
  EXPECT_THAT(script.did(), ElementsAre("drain"));
  script.life.lost(first, {.cause = "closed by peer", .is_over = true}, script.now());
  script.pass(milliseconds(300));
  script.resolve();
  (void)script.did();
  script.hello(script.dial());
  EXPECT_THAT(script.did(), ElementsAre("greet 2", "attach 2: begin", "drain", "up", "standing changed"));
}

TEST(ReloadScript, StoppedForGood) {
  Script script(dialling());
  (void)script.up();
  (void)script.accept();
  (void)script.did();
  script.life.stop("closing", script.now());
  EXPECT_THAT(script.did(), ElementsAre("close 2: closing", "close 1: closing", HasSubstr("(closing)"),
                                        "down", "standing changed"));
  script.life.stop("closing", script.now());
  script.life.reconfigure(dialling(), script.now());
  script.life.start(script.now());
  (void)script.accept();
  EXPECT_THAT(script.did(), ElementsAre("abandon 3"));
  EXPECT_EQ(script.life.deadline(), std::nullopt);
}

/// Two lanes that we dial, both up.
Settings two_lanes() {
  Settings settings = dialling();
  settings.link.connections = 2;
  return settings;
}

HelloSummary of_two(std::size_t connection = 0, Named named = Named::kNone) {
  HelloSummary hello = far(named);
  hello.connections = 2;
  hello.connection = connection;
  return hello;
}

ConnectionId dial_second(Script& script, ConnectionId connection) {
  const Attempt attempt{.lane = *LaneNumber::of(1, 2), .search = Search::kRounds};
  script.life.resolved(attempt,
                       base::Result<std::vector<std::string>>(std::vector<std::string>{"192.0.2.1:5443"}),
                       script.now());
  script.life.connected(attempt);
  const Peer peer{
      .pin = kLargerPin, .address = "192.0.2.1:5443", .description = "TLSv1.3", .own_pin = kOwnPin};
  script.life.dialled(attempt, connection, peer, script.now());
  return connection;
}

TEST(LanesScript, TheFirstGoesAhead) {
  Script script(two_lanes());
  EXPECT_THAT(script.did(), ElementsAre("resolve hub.example:5443"));
  script.resolve();
  script.hello(script.dial(), of_two());
  EXPECT_THAT(script.did(), Contains("resolve hub.example:5443 in lane 1"));
  script.hello(dial_second(script, ConnectionId{50}), of_two());
  EXPECT_THAT(script.did(), ElementsAre("connect 0 in lane 1", "greet 50 in lane 1",
                                        "attach 50: begin in lane 1", "standing changed"));
  EXPECT_EQ(script.life.open_connections(), 2U);
  EXPECT_EQ(script.life.times_up(), 1U);
}

TEST(LanesScript, APeerThatKeepsOne) {
  Script script(two_lanes());
  script.resolve();
  script.hello(script.dial());
  EXPECT_THAT(script.did(), Not(Contains("resolve hub.example:5443 in lane 1")));
}

TEST(LanesScript, OneOfTwoIsNoInterruption) {
  Script script(two_lanes());
  script.resolve();
  const ConnectionId first = script.dial();
  script.hello(first, of_two());
  script.hello(dial_second(script, ConnectionId{50}), of_two());
  (void)script.did();
  script.lose(first);
  EXPECT_EQ(script.life.standing().state(), Standing::State::kUp);
  script.lose(ConnectionId{50});
  EXPECT_EQ(script.life.standing().state(), Standing::State::kInterrupted);
  (void)script.did();
  script.pass(seconds(60));
  EXPECT_THAT(script.did(), Contains(StartsWith("end session: a connection of the link lost at ")));
  EXPECT_EQ(script.life.standing().state(), Standing::State::kDown);
}

TEST(LanesScript, AllAreWithOneInstanceOfThePeer) {
  Script script(two_lanes());
  script.resolve();
  script.hello(script.dial(), of_two());
  script.hello(dial_second(script, ConnectionId{50}), of_two());
  (void)script.did();
  HelloSummary restarted = of_two();
  restarted.instance = "instance-2";
  script.hello(script.accept(), restarted);
  EXPECT_THAT(script.did(),
              testing::IsSupersetOf({"close 1: replaced by a newer connection",
                                     "close 50: you have been restarted", "down", "attach 2: begin", "up"}));
}

TEST(LanesScript, FewerAreConfigured) {
  Script script(two_lanes());
  script.resolve();
  script.hello(script.dial(), of_two());
  script.hello(dial_second(script, ConnectionId{50}), of_two());
  (void)script.did();
  script.life.reconfigure(dialling(), script.now());
  EXPECT_THAT(script.did(), ElementsAre("close 50: fewer connections are configured here",
                                        StartsWith("end session in lane 1: a connection of the link lost")));
  script.lose(ConnectionId{50});
  dial_second(script, ConnectionId{51});
  EXPECT_THAT(script.did(), ElementsAre("abandon 51"));
}

/// Both lanes were up; then the peer was configured to keep one, and has refused the second since.
class PeerKeepsFewer : public testing::Test {
 protected:
  PeerKeepsFewer() {
    script_.resolve();
    first_ = script_.dial();
    script_.hello(first_, of_two());
    script_.hello(dial_second(script_, ConnectionId{50}), of_two());
    refuse(ConnectionId{50});
    (void)script_.did();
    script_.pass(seconds(1));
    EXPECT_THAT(script_.did(), ElementsAre("resolve hub.example:5443 in lane 1"));
    refuse(dial_second(script_, ConnectionId{51}));
    (void)script_.did();
    EXPECT_THAT(script_.logged(), Contains(HasSubstr("the peer keeps fewer connections")));
  }

  void refuse(ConnectionId connection) {
    script_.life.lost(connection,
                      {.cause = "closed by peer: this side keeps 1 connections of the link",
                       .is_over = true,
                       .by_peer = true},
                      script_.now());
  }

  Script script_{two_lanes()};
  ConnectionId first_{};
};

TEST_F(PeerKeepsFewer, TheOthersAreNotDialled) {
  script_.pass(seconds(3600));
  EXPECT_THAT(script_.did(), IsEmpty());
  EXPECT_THAT(script_.logged(), IsEmpty());
  EXPECT_EQ(script_.life.standing().state(), Standing::State::kUp);
  script_.life.reconfigure(two_lanes(), script_.now());
  EXPECT_THAT(script_.did(), IsEmpty()) << "the same again changes nothing";
}

TEST_F(PeerKeepsFewer, UntilItsHelloSaysMore) {
  script_.lose(first_);
  script_.resolve();
  (void)script_.did();
  script_.hello(script_.dial(), of_two(0, Named::kOurs));
  EXPECT_THAT(script_.did(), Contains("resolve hub.example:5443 in lane 1"));
}

TEST_F(PeerKeepsFewer, AndAHelloThatSaysFewerIsBelieved) {
  script_.lose(first_);
  script_.resolve();
  (void)script_.did();
  script_.hello(script_.dial(), far(Named::kOurs));
  EXPECT_THAT(script_.did(), Not(Contains("resolve hub.example:5443 in lane 1")));
  script_.pass(seconds(3600));
  EXPECT_THAT(script_.did(), IsEmpty());
}

TEST_F(PeerKeepsFewer, UntilWeAreConfiguredAnew) {
  Settings other = two_lanes();
  other.link.connections = 3;
  script_.life.reconfigure(other, script_.now());
  EXPECT_THAT(script_.did(), Contains("resolve hub.example:5443 in lane 1"));
}

// A line that breaks is not the peer's word.
TEST(LanesScript, ALostOneIsDialledAgain) {
  Script script(two_lanes());
  script.resolve();
  script.hello(script.dial(), of_two());
  const ConnectionId second = dial_second(script, ConnectionId{50});
  (void)script.did();
  script.lose(second);
  script.pass(seconds(1));
  EXPECT_THAT(script.did(), Contains("resolve hub.example:5443 in lane 1"));
}

// Its Hello cannot say which lane it is for.
TEST(LanesScript, WithoutResumptionThereIsOne) {
  Settings settings = two_lanes();
  settings.link.resume_window = seconds(0);
  Script script(settings);
  script.resolve();
  script.hello(script.dial(), of_two());
  EXPECT_THAT(script.did(), Not(Contains("resolve hub.example:5443 in lane 1")));
}

}  // namespace
}  // namespace tsmtp::link
