// A try whose mail another hub of our site has tried before, as the ledger finds while it records it: what
// follows is a second try's, and the doubt of this one goes when nothing will come of it.
#include <gtest/gtest.h>

#include <utility>

#include "relayd/ledger/mail_in_doubt.h"
#include "tests/unit/mail/near_end.h"

namespace tsmtp::mail {
namespace {

class TriedBefore : public testing::Test {
 protected:
  // As transaction 1, to its last word; it is being recorded.
  void hand_over() {
    near_.run(R"(
      C MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>|DATA
      S 250...
      S 250...
      S 354...
      C hello|.
      L *)");
  }
  void hand_over_two() {
    near_.run(R"(
      C MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>|RCPT TO:<y@birl.example>|DATA
      S 250...
      F mail 250 ok
      F rcpt 0 250 ok
      F rcpt 1 250 ok
      F data 354 go
      S 250...
      S 250...
      S 354...
      C hello|.
      L *)");
  }
  NearEnd near_;
};

TEST_F(TriedBefore, ItsReplyIsThisOnes) {
  hand_over();
  near_.run(R"(
    B 7
    L claim(7.0) Ask(7)
    F outcome known 250 delivered by osaka
    S 250 delivered by osaka
    L settle(1) ended(250)
    C QUIT
    S 221...
    L settle(7.0) Settled(7) finish(1)
    Q clean)");
  EXPECT_EQ(near_.host.doubts.size(), 0U);
}

TEST_F(TriedBefore, WhatNeverArrivedIsDeliveredNow) {
  hand_over();
  near_.run(R"(
    B 7
    L claim(7.0) Ask(7)
    F outcome unknown
    L settle(7) record(1)
    D ok
    L Commit
    F final 250 ok
    S 250 ok
    L ended(250)
    C NOOP
    S 250...
    L settle(1) Settled(1) finish(1))");
  EXPECT_EQ(near_.host.doubts.size(), 0U);
}

TEST_F(TriedBefore, SeveralHubsHaveTriedInVain) {
  hand_over();
  near_.run(R"(
    B 7
    F outcome unknown
    L claim(7.0) Ask(7) settle(7) record(1)
    B 8
    F outcome unknown
    L claim(8.0) Ask(8) settle(8) record(1)
    D ok
    L Commit
    Q broken
    L mark(1) ended(451) reset(1))");
  EXPECT_EQ(near_.host.doubts.size(), 1U);
}

TEST_F(TriedBefore, ThatDoesNotGoOnForEver) {
  hand_over();
  for (int i = 0; i < 8; ++i)
    near_.run("B 7\nL *\nF outcome unknown\nL *");
  near_.run(R"(
    B 7
    S 451 4.4.2 birlinghoven: another try of this mail is under way; try again later
    L settle(1) ended(451) reset(1))");
}

TEST_F(TriedBefore, ItIsStillBeingDelivered) {
  hand_over();
  near_.run(R"(
    B 7
    F outcome pending
    S 451 4.4.2 birlinghoven: an earlier try of this mail is still being delivered
    L claim(7.0) Ask(7) settle(1) mark(7.0) ended(451) reset(1))");
  EXPECT_EQ(ledger::sites_in_doubt(near_.host.doubts.table()).at("birlinghoven").mails, 1U);
  EXPECT_EQ(near_.host.doubts.size(), 1U) << "and that is not this one";
}

TEST_F(TriedBefore, UnderWayAtThisHubIsNobodysToAskFor) {
  hand_over();
  near_.run(R"(
    B 7 0
    S 451 4.4.2 birlinghoven: another try of this mail is under way; try again later
    L settle(1) ended(451) reset(1))");
}

TEST_F(TriedBefore, TheLinkIsLostBeforeTheAnswer) {
  hand_over();
  near_.run(R"(
    B 7
    X link down
    S 451 4.4.2 birlinghoven: link down
    L claim(7.0) Ask(7) settle(1) mark(7.0) ended(451))");
  EXPECT_EQ(near_.host.doubts.size(), 1U);
}

TEST_F(TriedBefore, TheLinkWasLostBeforeItWasFound) {
  hand_over();
  near_.run(R"(
    X link down
    B 7
    S 451 4.4.2 birlinghoven: link down
    L claim(7.0) settle(1) mark(7.0) ended(451))");
}

TEST_F(TriedBefore, TheClientIsGoneBeforeTheAnswer) {
  hand_over();
  near_.run(R"(
    B 7
    Q broken
    L claim(7.0) Ask(7) settle(1) mark(7.0) ended(451) reset(1))");
}

TEST_F(TriedBefore, RefusedWhileItWasAskedFor) {
  hand_over();
  near_.run(R"(
    B 7
    F mail 250 ok
    F rcpt 0 550 5.1.1 nobody
    F outcome unknown
    S 550...
    L claim(7.0) Ask(7) settle(7) settle(1) ended(550) reset(1))");
  EXPECT_EQ(near_.host.doubts.size(), 0U);
}

// What is found is a part of what the other hub tried: its other recipients may be in doubt there.
TEST_F(TriedBefore, ForBothOfTwo) {
  hand_over_two();
  near_.run(R"(
    B 7
    F outcome known 250 delivered by osaka
    S 250 delivered by osaka
    L claim(7.0) claim(7.1) Ask(7) settle(1) ended(250)
    C NOOP
    S 250...
    L settle(7.0) settle(7.1) finish(1))");
}

TEST_F(TriedBefore, ForOneOfTwo) {
  hand_over_two();
  near_.run(R"(
    B 7 1
    S 451 4.4.2 birlinghoven: an earlier try is in doubt for some of the recipients; try again later
    L claim(7.0) settle(1) mark(7.0) ended(451) reset(1)
    # They come one by one from now on.
    C MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>|RCPT TO:<y@birl.example>|DATA
    S 250...
    F mail 250 ok
    F rcpt 0 250 ok
    F data 354 go
    S 250...
    S 452 4.5.3...
    S 354...
    C hello|.
    F outcome known 250 delivered by osaka
    S 250 delivered by osaka
    L *)");
}

// A mail that has begun under one key of digests is not recorded when there is another.
class TwoKeys : public base::DigestMaker {
 public:
  [[nodiscard]] std::unique_ptr<base::KeyedDigest> start() const override { return used->start(); }
  [[nodiscard]] std::string new_identifier() const override { return used->new_identifier(); }
  [[nodiscard]] const base::DigestMaker& for_new_mail() const override { return *used; }
  [[nodiscard]] const base::DigestMaker* earlier() const override { return before; }

  const base::DigestMaker* used = nullptr;
  const base::DigestMaker* before = nullptr;
};

// Digests that differ from those of FakeDigests.
class OtherDigests : public FakeDigests {
 public:
  [[nodiscard]] std::unique_ptr<base::KeyedDigest> start() const override {
    auto digest = FakeDigests::start();
    digest->update("another key");
    return digest;
  }
  [[nodiscard]] std::string new_identifier() const override { return transaction_id(100); }
};

class Keys : public testing::Test {
 protected:
  Keys() { keys_.used = &first_; }
  std::string client_says(const std::string& lines) {
    intake_->receive(wire_lines(lines), {});
    return std::exchange(intake_->output(), {});
  }
  void connect() {
    intake_ = std::make_unique<Intake>(near_.settings, host_, keys_, base::TimePoint{});
    client_says("EHLO tokyo.example");
  }
  void hand_over() {
    client_says("MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>|DATA");
    client_says("hello|.");
  }
  NearEnd near_;  // for its settings
  FakeIntakeHost host_;
  FakeDigests first_;
  OtherDigests second_;
  TwoKeys keys_;
  std::unique_ptr<Intake> intake_;
};

TEST_F(Keys, AMailIsDigestedByOneFromItsFirstWordToItsLast) {
  connect();
  client_says("MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>|DATA");
  keys_.used = &second_;
  keys_.before = &first_;
  EXPECT_EQ(client_says("hello|."),
            "451 4.3.0 birlinghoven: the key of digests was replaced just now; try again\r\n");
  EXPECT_EQ(host_.last_recorded, "");
  hand_over();
  EXPECT_NE(host_.last_recorded, "");
}

TEST_F(Keys, AMailInDoubtUnderTheOneBeforeIsRecognised) {
  connect();
  hand_over();
  intake_->recorded(host_.last_recorded, {}, {});
  intake_->client_closed(false, {});
  keys_.used = &second_;
  keys_.before = &first_;
  connect();
  hand_over();
  EXPECT_EQ(host_.log.back(), "Ask(1)");
}

}  // namespace
}  // namespace tsmtp::mail
