// A session on a second connection, with a peer that keeps the rules of docs/protocol.md "Sessions" or does
// not.
#include <gtest/gtest.h>

#include "tests/unit/mux/raw_peer.h"

namespace tsmtp::mux {
namespace {

using wire::FrameType;
using namespace std::chrono_literals;

constexpr std::uint64_t kPeersNumber = 70;
constexpr std::uint64_t kOurNumber = 30;

class Resumption : public ::testing::Test {
 protected:
  Resumption() : side_(settings(), {}) {
    EXPECT_TRUE(side_.receive(peer_.frame(FrameType::kHello, 0, encode_hello(hello({}))), {}));
    EXPECT_EQ(summary(peer_.read(side_.connection)), "Hello");
    EXPECT_TRUE(events(side_.session).empty());
  }

  static ConnectionSettings settings() {
    ConnectionSettings settings = RawPeer::settings();
    settings.can_resume = true;
    settings.limits.grace_period = 60s;
    settings.resumption.number = kOurNumber;
    return settings;
  }
  [[nodiscard]] static Hello hello(tsmtp::mux::Resumption resumption) {
    Hello hello = RawPeer::hello();
    hello.capabilities = kCapabilityResumption;
    if (resumption.number == 0) resumption.number = kPeersNumber;
    hello.resumption = resumption;
    return hello;
  }
  /// What the peer says to go on.
  [[nodiscard]] static Hello going_on(std::uint64_t received, std::uint64_t epoch = 1) {
    return hello({.number = kPeersNumber + 1,
                  .own = kPeersNumber,
                  .peer = kOurNumber,
                  .epoch = epoch,
                  .received = received});
  }
  /// The same peer on a new connection, on which the session goes on if it can; it has lost its own.
  [[nodiscard]] std::unique_ptr<Connection> resumed(const Hello& said) {
    ConnectionSettings next = settings();
    next.resumption.number = kOurNumber + 1;
    auto connection = std::make_unique<Connection>(next, base::TimePoint{});
    EXPECT_TRUE(connection->receive(encoded({.type = FrameType::kHello, .payload = encode_hello(said)}), {}));
    const Hello* const hello = connection->unanswered_hello();
    if (hello == nullptr || !side_.session.can_resume_with(*hello)) {
      ADD_FAILURE() << "it cannot go on";
      return connection;
    }
    EXPECT_TRUE(connection->resume(side_.session, {}));
    return connection;
  }

  Side side_;
  RawPeer peer_;
};

TEST_F(Resumption, SendsAgainWhatThePeerLacksThenCreditThenWhatIsNew) {
  ASSERT_TRUE(side_.receive(joined({peer_.open(1), peer_.data(1, std::string(3000, 'x'))}), {}));
  side_.session.consumed(1, 3000);
  const auto ours = side_.session.open(kFirstService);
  side_.session.write(*ours, "one");
  ASSERT_EQ(summary(peer_.read(side_.connection)), "Open2 Credit1 Data2");
  side_.session.write(*ours, "two");
  ASSERT_EQ(summary(peer_.read(side_.connection)), "Data2");
  side_.connection.detach();
  side_.session.write(*ours, "three");  // while there is no connection
  const auto connection = resumed(going_on(1));
  EXPECT_EQ(side_.connection.session(), nullptr) << "the other carries it";
  EXPECT_EQ(connection->session(), &side_.session);
  const auto frames = decoded(output(*connection));
  ASSERT_EQ(summary(frames), "Hello Data2 Data2 Credit1 Data2");
  EXPECT_EQ(frames[1].sequence, 2U);
  EXPECT_EQ(frames[1].payload, "one");
  EXPECT_EQ(frames[2].payload, "two");
  EXPECT_EQ(frames[4].payload, "three");
  EXPECT_EQ(frames[4].sequence, 4U);
  const auto answer = parse_hello(frames[0].payload);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->resumption.own, kOurNumber);
  EXPECT_EQ(answer->resumption.peer, kPeersNumber);
  EXPECT_EQ(answer->resumption.epoch, 1U);
  EXPECT_EQ(answer->resumption.received, 2U) << "its Open and Data";
  EXPECT_EQ(side_.session.counters().resumptions, 1U);
  EXPECT_EQ(side_.session.counters().frames_replayed, 2U);
}

TEST_F(Resumption, TakesThePeersFramesWhereTheyBrokeOff) {
  ASSERT_TRUE(side_.receive(joined({peer_.open(1), peer_.data(1, "whole")}), {}));
  const std::string broken = peer_.data(1, "broken off");
  ASSERT_TRUE(side_.receive(broken.substr(0, 30), {}));
  (void)events(side_.session);
  side_.connection.detach();
  const auto connection = resumed(going_on(0));
  ASSERT_TRUE(connection->receive(broken, {}));
  const auto received = events_of<Received>(side_.session);
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(received[0].bytes, "broken off");
}

TEST_F(Resumption, SaysAgainThatItDrains) {
  side_.session.drain();
  (void)peer_.read(side_.connection);
  ASSERT_TRUE(side_.receive(peer_.frame(FrameType::kDrain), {}));
  side_.connection.detach();
  const auto connection = resumed(going_on(0));
  EXPECT_EQ(summary(decoded(output(*connection))), "Hello Drain");
  EXPECT_TRUE(connection->receive(encoded({.type = FrameType::kDrain}), {}));
  EXPECT_FALSE(connection->receive(encoded({.type = FrameType::kDrain}), {})) << "once on each connection";
}

// Once when it begins to drain, once on each connection that follows: a second one would be an error.
TEST_F(Resumption, SaysOnceThatItDrainsWhereverItsConnectionBroke) {
  ASSERT_TRUE(side_.receive(peer_.open(1), {}));
  side_.session.drain();  // queued, and not sent
  side_.connection.detach();
  const auto second = resumed(going_on(0));
  EXPECT_EQ(summary(decoded(output(*second))), "Hello Drain");
}

TEST_F(Resumption, SaysOnceThatItDrainsIfItBeganToWithoutAConnection) {
  side_.connection.detach();
  side_.session.drain();
  const auto second = resumed(going_on(0));
  EXPECT_EQ(summary(decoded(output(*second))), "Hello Drain");
}

TEST_F(Resumption, AConnectionIsDestroyedAndItsSessionGoesOn) {
  ASSERT_TRUE(side_.receive(joined({peer_.open(1), peer_.data(1, "unread")}), {}));
  side_.connection.detach();
  auto second = resumed(going_on(0));
  second.reset();
  EXPECT_EQ(side_.session.state(), Session::State::kDetached);
  side_.session.write(1, "answer");
  const auto third = resumed(going_on(0, 2));
  EXPECT_EQ(summary(decoded(output(*third))), "Hello Data1");
  EXPECT_EQ(events_of<Received>(side_.session).at(0).bytes, "unread") << "what it had received, it has";
}

TEST_F(Resumption, ForgetsPingsOfTheOldConnection) {
  ASSERT_TRUE(side_.receive(peer_.frame(FrameType::kPing, 0, "old"), {}));
  side_.connection.detach();
  const auto connection = resumed(going_on(0));
  EXPECT_EQ(summary(decoded(output(*connection))), "Hello Ack");
}

TEST_F(Resumption, IsForThePeerThatNamesTheSessionUnderAHigherEpoch) {
  (void)side_.session.open(kFirstService);
  (void)peer_.read(side_.connection);
  side_.connection.detach();
  EXPECT_TRUE(side_.session.can_resume_with(going_on(1)));
  Hello other = going_on(1);
  other.instance = "of another start";
  EXPECT_FALSE(side_.session.is_named_by(other));
  other = going_on(1);
  ++other.resumption.own;
  EXPECT_FALSE(side_.session.is_named_by(other));
  other = going_on(1);
  ++other.resumption.peer;
  EXPECT_FALSE(side_.session.is_named_by(other));
  other = going_on(1);
  other.capabilities = 0;
  EXPECT_FALSE(side_.session.is_named_by(other));
  EXPECT_TRUE(side_.session.is_named_by(going_on(1, 0)));
  EXPECT_FALSE(side_.session.can_resume_with(going_on(1, 0))) << "its first connection's epoch";
  const auto later = resumed(going_on(1, 7));
  EXPECT_FALSE(side_.session.can_resume_with(going_on(1, 7)));
  EXPECT_TRUE(side_.session.can_resume_with(going_on(1, 8)));
}

TEST_F(Resumption, IsNotForAPeerThatSaysItHasWhatWasNotSentOrLacksWhatItAcknowledged) {
  side_.session.notice("1");
  side_.session.notice("2");
  (void)peer_.read(side_.connection);
  ASSERT_TRUE(side_.receive(peer_.frame(FrameType::kAck), {}));
  side_.session.notice("3");
  (void)output(side_.connection);
  side_.connection.detach();
  EXPECT_FALSE(side_.session.can_resume_with(going_on(1)));
  EXPECT_TRUE(side_.session.can_resume_with(going_on(2)));
  EXPECT_TRUE(side_.session.can_resume_with(going_on(3)));
  EXPECT_FALSE(side_.session.can_resume_with(going_on(4)));
}

TEST_F(Resumption, TheListeningSideRepeatsWhichConnectionItIs) {
  Side side(settings());
  const Hello fourth = hello({.connection = 3, .connections = 4});
  ASSERT_TRUE(side.receive(encoded({.type = FrameType::kHello, .payload = encode_hello(fourth)}), {}));
  const auto said = decoded(output(side.connection));
  ASSERT_EQ(summary(said), "Hello");
  EXPECT_EQ(parse_hello(said.front().payload)->resumption.connection, 3);
}

TEST_F(Resumption, IsNotForAListeningSideThatNamesWhatItWasNotAsked) {
  const auto answered = [](const tsmtp::mux::Resumption& answer) {
    ConnectionSettings dialling = settings();
    dialling.role = Role::kDialer;
    dialling.resumption = {.number = 31, .own = kOurNumber, .peer = kPeersNumber, .epoch = 2};
    Connection connection(dialling, {});
    return connection.receive(encoded({.type = FrameType::kHello, .payload = encode_hello(hello(answer))}),
                              {});
  };
  EXPECT_TRUE(answered({.own = kPeersNumber, .peer = kOurNumber, .epoch = 2}));
  EXPECT_TRUE(answered({}));
  for (const auto& answer : {tsmtp::mux::Resumption{.own = kPeersNumber, .peer = kOurNumber, .epoch = 3},
                             tsmtp::mux::Resumption{.own = kPeersNumber + 1, .peer = kOurNumber, .epoch = 2},
                             tsmtp::mux::Resumption{.own = kPeersNumber, .peer = kOurNumber + 1, .epoch = 2}})
    EXPECT_EQ(answered(answer).error().message, "peer's Hello resumes a session that it was not asked for");
}

TEST_F(Resumption, AsksUnderAnotherEpochEachTime) {
  side_.connection.detach();
  const auto first = side_.session.ask_to_resume();
  EXPECT_EQ(first.own, kOurNumber);
  EXPECT_EQ(first.peer, kPeersNumber);
  EXPECT_GT(side_.session.ask_to_resume().epoch, first.epoch);
}

TEST_F(Resumption, CannotBeginAnewForAPeerThatResumes) {
  ConnectionSettings dialling = settings();
  dialling.role = Role::kDialer;
  dialling.resumption = {.number = 31, .own = kOurNumber, .peer = kPeersNumber, .epoch = 2};
  Side side(dialling);
  const Hello goes_on = hello({.own = kPeersNumber, .peer = kOurNumber, .epoch = 2});
  const auto refused =
      side.receive(encoded({.type = FrameType::kHello, .payload = encode_hello(goes_on)}), {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "the session that the peer resumes is over on this side");
  EXPECT_EQ(summary(decoded(output(side.connection))), "Hello Close");
}

TEST_F(Resumption, IsWaitedForUntilTheOwnerEndsTheSession) {
  side_.connection.detach();
  EXPECT_EQ(side_.session.state(), Session::State::kDetached);
  EXPECT_TRUE(side_.session.can_resume_with(going_on(0)));
  side_.session.end();
  EXPECT_EQ(side_.session.state(), Session::State::kOver);
  EXPECT_FALSE(side_.session.can_resume_with(going_on(0)));
  EXPECT_FALSE(side_.session.open(kFirstService));
}

TEST_F(Resumption, ASilentPeerEndsTheConnectionAndNotTheSession) {
  ASSERT_TRUE(side_.connection.tick(base::TimePoint{} + 10s));
  EXPECT_EQ(summary(peer_.read(side_.connection)), "Ping");
  ASSERT_FALSE(side_.connection.tick(base::TimePoint{} + 20s));
  EXPECT_FALSE(side_.connection.wants_to_send()) << "a Close would end it for the peer";
  EXPECT_EQ(side_.session.state(), Session::State::kAttached);
  side_.connection.detach();
  EXPECT_EQ(side_.session.state(), Session::State::kDetached);
}

TEST_F(Resumption, AnErrorOrACloseEndsTheSession) {
  ASSERT_FALSE(side_.receive(peer_.frame(FrameType::kClose, 0, "enough"), {}));
  EXPECT_EQ(side_.session.state(), Session::State::kOver);
}

TEST_F(Resumption, APeerThatNeverAcknowledgesDoesNotMakeUsKeepWithoutEnd) {
  const auto stream = side_.session.open(kFirstService);
  std::uint64_t sent = 0;
  for (int i = 0; i < 20'000; ++i) {
    side_.session.write(*stream, std::string(side_.session.writable(*stream), 'x'));
    std::string out;
    side_.connection.produce(out, 64 * 1024, {});
    sent += out.size();
    ASSERT_TRUE(side_.receive(peer_.credit(*stream, sent + 1'000'000), {}));
  }
  EXPECT_GT(sent, settings().limits.max_unacknowledged_bytes - 100'000);
  EXPECT_LT(sent, settings().limits.max_unacknowledged_bytes + 100'000);
  EXPECT_FALSE(side_.connection.wants_to_send()) << "nor spin";
}

TEST(ResumptionUnwanted, WhereOneSideDoesNotWantItTheSessionEndsWithItsConnection) {
  for (const bool ours : {false, true}) {
    ConnectionSettings settings = RawPeer::settings();
    settings.can_resume = ours;
    Hello hello = RawPeer::hello();
    if (!ours) {
      hello.capabilities = kCapabilityResumption;
      hello.resumption.number = 1;
    }
    Side side(settings, {});
    RawPeer peer;
    ASSERT_TRUE(side.receive(peer.frame(FrameType::kHello, 0, encode_hello(hello)), {}));
    side.connection.detach();
    EXPECT_EQ(side.session.state(), Session::State::kOver);
  }
}

}  // namespace
}  // namespace tsmtp::mux
