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
  Resumption() : session_(settings(), {}) {
    EXPECT_TRUE(session_.receive(peer_.frame(FrameType::kHello, 0, encode_hello(hello({}))), {}));
    EXPECT_EQ(summary(peer_.read(session_)), "Hello");
    EXPECT_EQ(events(session_).size(), 1U);
  }

  static Settings settings() {
    Settings settings = RawPeer::settings();
    settings.can_resume = true;
    settings.resume_window = 60s;
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
  /// The same peer on a new connection, with a session that is to take the place of the first.
  [[nodiscard]] std::unique_ptr<Session> resumed(const Hello& said) {
    Settings next = settings();
    next.resumption.number = kOurNumber + 1;
    next.admit = [this](const Hello& hello) {
      return session_.can_become(hello) ? Admission{.resumes = &session_} : Admission{};
    };
    auto session = std::make_unique<Session>(next, base::TimePoint{});
    EXPECT_TRUE(session->receive(encoded({.type = FrameType::kHello, .payload = encode_hello(said)}),
                                 base::TimePoint{}));
    return session;
  }

  Session session_;
  RawPeer peer_;
};

TEST_F(Resumption, SendsAgainWhatThePeerLacksThenCreditThenWhatIsNew) {
  ASSERT_TRUE(session_.receive(joined({peer_.open(1), peer_.data(1, std::string(3000, 'x'))}), {}));
  session_.consumed(1, 3000);
  const auto ours = session_.open(Service::kTransaction);
  session_.write(*ours, "one");
  ASSERT_EQ(summary(peer_.read(session_)), "Open2 Credit1 Data2");
  session_.write(*ours, "two");
  ASSERT_EQ(summary(peer_.read(session_)), "Data2");
  ASSERT_TRUE(session_.suspend({}));
  session_.write(*ours, "three");  // while there is no connection
  const auto session = resumed(going_on(1));
  EXPECT_FALSE(session_.established()) << "the other goes on";
  const auto frames = decoded(output(*session));
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
  EXPECT_TRUE(events_of<Established>(*session).at(0).resumed);
  EXPECT_EQ(session->counters().frames_replayed, 2U);
}

TEST_F(Resumption, TakesThePeersFramesWhereTheyBrokeOff) {
  ASSERT_TRUE(session_.receive(joined({peer_.open(1), peer_.data(1, "whole")}), {}));
  const std::string broken = peer_.data(1, "broken off");
  ASSERT_TRUE(session_.receive(broken.substr(0, 30), {}));
  (void)events(session_);
  ASSERT_TRUE(session_.suspend({}));
  const auto session = resumed(going_on(0));
  ASSERT_TRUE(session->receive(broken, {}));
  const auto received = events_of<Received>(*session);
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(received[0].bytes, "broken off");
}

TEST_F(Resumption, SaysAgainThatItDrains) {
  session_.drain();
  (void)peer_.read(session_);
  ASSERT_TRUE(session_.receive(peer_.frame(FrameType::kDrain), {}));
  ASSERT_TRUE(session_.suspend({}));
  const auto session = resumed(going_on(0));
  EXPECT_EQ(summary(decoded(output(*session))), "Hello Drain");
  EXPECT_TRUE(session->receive(encoded({.type = FrameType::kDrain}), {}));
  EXPECT_FALSE(session->receive(encoded({.type = FrameType::kDrain}), {})) << "once on each connection";
}

TEST_F(Resumption, ForgetsPingsOfTheOldConnection) {
  ASSERT_TRUE(session_.receive(peer_.frame(FrameType::kPing, 0, "old"), {}));
  ASSERT_TRUE(session_.suspend({}));
  const auto session = resumed(going_on(0));
  EXPECT_EQ(summary(decoded(output(*session))), "Hello Ack");
}

TEST_F(Resumption, IsForThePeerThatNamesTheSessionUnderAHigherEpoch) {
  (void)session_.open(Service::kTransaction);
  (void)peer_.read(session_);
  ASSERT_TRUE(session_.suspend({}));
  EXPECT_TRUE(session_.can_become(going_on(1)));
  Hello other = going_on(1);
  other.instance = "of another start";
  EXPECT_FALSE(session_.is_named_by(other));
  other = going_on(1);
  ++other.resumption.own;
  EXPECT_FALSE(session_.is_named_by(other));
  other = going_on(1);
  ++other.resumption.peer;
  EXPECT_FALSE(session_.is_named_by(other));
  other = going_on(1);
  other.capabilities = 0;
  EXPECT_FALSE(session_.is_named_by(other));
  EXPECT_TRUE(session_.is_named_by(going_on(1, 0)));
  EXPECT_FALSE(session_.can_become(going_on(1, 0))) << "its first connection's epoch";
  const auto later = resumed(going_on(1, 7));
  EXPECT_FALSE(later->can_become(going_on(1, 7)));
  EXPECT_TRUE(later->can_become(going_on(1, 8)));
}

TEST_F(Resumption, IsNotForAPeerThatSaysItHasWhatWasNotSentOrLacksWhatItAcknowledged) {
  session_.notice("1");
  session_.notice("2");
  (void)peer_.read(session_);
  ASSERT_TRUE(session_.receive(peer_.frame(FrameType::kAck), {}));
  session_.notice("3");
  (void)output(session_);
  ASSERT_TRUE(session_.suspend({}));
  EXPECT_FALSE(session_.can_become(going_on(1)));
  EXPECT_TRUE(session_.can_become(going_on(2)));
  EXPECT_TRUE(session_.can_become(going_on(3)));
  EXPECT_FALSE(session_.can_become(going_on(4)));
}

TEST_F(Resumption, TheListeningSideRepeatsWhichConnectionItIs) {
  const auto session = resumed(hello({.connection = 3, .connections = 4}));
  const auto said = decoded(output(*session));
  ASSERT_EQ(summary(said), "Hello");
  EXPECT_EQ(parse_hello(said.front().payload)->resumption.connection, 3);
}

TEST_F(Resumption, IsNotForAListeningSideThatNamesWhatItWasNotAsked) {
  const auto answered = [](const tsmtp::mux::Resumption& answer) {
    Settings dialling = settings();
    dialling.role = Role::kDialer;
    dialling.resumption = {.number = 31, .own = kOurNumber, .peer = kPeersNumber, .epoch = 2};
    Session session(dialling, {});
    return session.receive(encoded({.type = FrameType::kHello, .payload = encode_hello(hello(answer))}), {});
  };
  EXPECT_TRUE(answered({.own = kPeersNumber, .peer = kOurNumber, .epoch = 2}));
  EXPECT_TRUE(answered({}));
  for (const auto& answer : {tsmtp::mux::Resumption{.own = kPeersNumber, .peer = kOurNumber, .epoch = 3},
                             tsmtp::mux::Resumption{.own = kPeersNumber + 1, .peer = kOurNumber, .epoch = 2},
                             tsmtp::mux::Resumption{.own = kPeersNumber, .peer = kOurNumber + 1, .epoch = 2}})
    EXPECT_EQ(answered(answer).error().message, "peer's Hello resumes a session that it was not asked for");
}

TEST_F(Resumption, AsksUnderAnotherEpochEachTime) {
  ASSERT_TRUE(session_.suspend({}));
  const auto first = session_.ask_to_resume();
  EXPECT_EQ(first.own, kOurNumber);
  EXPECT_EQ(first.peer, kPeersNumber);
  EXPECT_GT(session_.ask_to_resume().epoch, first.epoch);
}

TEST_F(Resumption, IsWaitedForAsLongAsTheWindowLasts) {
  ASSERT_TRUE(session_.suspend(base::TimePoint{} + 5s));
  EXPECT_EQ(session_.deadline(), base::TimePoint{} + 65s);
  EXPECT_TRUE(session_.tick(base::TimePoint{} + 64s));
  const auto over = session_.tick(base::TimePoint{} + 65s);
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().message, "not resumed within 60 s");
  EXPECT_FALSE(session_.can_become(going_on(0)));
}

TEST_F(Resumption, ASilentPeerEndsTheConnectionAndNotTheSession) {
  ASSERT_TRUE(session_.tick(base::TimePoint{} + 10s));
  EXPECT_EQ(summary(peer_.read(session_)), "Ping");
  ASSERT_FALSE(session_.tick(base::TimePoint{} + 20s));
  EXPECT_FALSE(session_.wants_to_send()) << "a Close would end it for the peer";
  EXPECT_TRUE(session_.suspend(base::TimePoint{} + 20s));
}

TEST_F(Resumption, AnErrorOrACloseEndsTheSession) {
  ASSERT_FALSE(session_.receive(peer_.frame(FrameType::kClose, 0, "enough"), {}));
  EXPECT_FALSE(session_.suspend({}));
}

TEST_F(Resumption, APeerThatNeverAcknowledgesDoesNotMakeUsKeepWithoutEnd) {
  const auto stream = session_.open(Service::kTransaction);
  std::uint64_t sent = 0;
  for (int i = 0; i < 20'000; ++i) {
    session_.write(*stream, std::string(session_.writable(*stream), 'x'));
    std::string out;
    session_.produce(out, 64 * 1024, {});
    sent += out.size();
    ASSERT_TRUE(session_.receive(peer_.credit(*stream, sent + 1'000'000), {}));
  }
  EXPECT_GT(sent, settings().max_retained_bytes - 100'000);
  EXPECT_LT(sent, settings().max_retained_bytes + 100'000);
  EXPECT_FALSE(session_.wants_to_send()) << "nor spin";
}

TEST(ResumptionUnwanted, WhereOneSideDoesNotWantItTheSessionEndsWithItsConnection) {
  for (const bool ours : {false, true}) {
    Settings settings = RawPeer::settings();
    settings.can_resume = ours;
    Hello hello = RawPeer::hello();
    if (!ours) {
      hello.capabilities = kCapabilityResumption;
      hello.resumption.number = 1;
    }
    Session session(settings, {});
    RawPeer peer;
    ASSERT_TRUE(session.receive(peer.frame(FrameType::kHello, 0, encode_hello(hello)), {}));
    EXPECT_FALSE(session.suspend({}));
  }
}

}  // namespace
}  // namespace tsmtp::mux
