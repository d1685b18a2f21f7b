// Asking the far side in the background how mails in doubt ended.
#include "relayd/mail/enquiry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

namespace tsmtp::mail {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

std::string transaction(int n) {
  return std::string(14, 't') + static_cast<char>('a' + n / 26) + static_cast<char>('a' + n % 26);
}

/// A ledger with mails in doubt, and a link. What was asked of it, in order: "ask 0 on 1" by number and
/// stream.
class FakeEnquiryHost : public EnquiryHost {
 public:
  base::Result<mux::StreamKey> open_stream() override {
    if (!link_is_up) return base::Error{"link down"};
    return ++last_stream;
  }
  void write_stream(mux::StreamKey stream, std::string_view bytes) override {
    RecordReader reader;
    const auto record = reader.read(bytes);
    ASSERT_TRUE(record && *record);
    if (const auto* ask = std::get_if<Ask>(&**record)) say("ask", ask->transaction, stream);
    if (const auto* settled = std::get_if<Settled>(&**record)) say("settled", settled->transaction, stream);
  }
  void finish_stream(mux::StreamKey stream) override { log.push_back("finish " + std::to_string(stream)); }
  void reset_stream(mux::StreamKey stream) override { log.push_back("reset " + std::to_string(stream)); }
  std::optional<std::string> next_to_ask(const std::string& after, base::Duration min_age) const override {
    if (min_age > base::Duration::zero() && all_are_young) return std::nullopt;
    const auto next = in_doubt.upper_bound(after);
    return next == in_doubt.end() ? std::nullopt : std::optional(*next);
  }
  bool was_delivered(const std::string& id, const std::vector<std::uint16_t>& refused) override {
    in_doubt.erase(id);
    delivered[id] = refused;
    return nothing_is_left;
  }
  void was_not_delivered(const std::string& id) override {
    in_doubt.erase(id);
    forgotten.insert(id);
  }

  std::vector<std::string> take_log() { return std::exchange(log, {}); }

  std::set<std::string> in_doubt;
  std::map<std::string, std::vector<std::uint16_t>> delivered;
  std::set<std::string> forgotten;
  std::vector<std::string> log;
  mux::StreamKey last_stream = 0;
  bool link_is_up = true;
  bool nothing_is_left = false;
  bool all_are_young = false;

 private:
  void say(const std::string& what, const std::string& id, mux::StreamKey stream) {
    for (int n = 0; n < 676; ++n)
      if (transaction(n) == id)
        log.push_back(what + ' ' + std::to_string(n) + " on " + std::to_string(stream));
  }
};

class AnEnquiry : public testing::Test {
 protected:
  void doubts(int count) {
    for (int n = 0; n < count; ++n)
      host_.in_doubt.insert(transaction(n));
  }
  void link_up() {
    enquiry_.link_up(now_);
    enquiry_.tick(now_);
  }
  void pass(base::Duration time) {
    now_ += time;
    enquiry_.tick(now_);
  }
  void answer(mux::StreamKey stream, const Outcome& outcome) {
    enquiry_.stream_received(stream, encode(outcome), now_);
  }
  static Outcome known(int code = 250, std::vector<std::uint16_t> refused = {}) {
    return {.kind = Outcome::Kind::kKnown, .reply = {code, {"x"}}, .refused = std::move(refused)};
  }

  FakeEnquiryHost host_;
  Enquiry enquiry_{host_};
  base::TimePoint now_{};
};

TEST_F(AnEnquiry, IsMadeWhenTheLinkIsUp) {
  doubts(2);
  link_up();
  EXPECT_THAT(host_.take_log(), ElementsAre("ask 0 on 1", "ask 1 on 2"));
  answer(2, known(250, {3}));
  EXPECT_THAT(host_.take_log(), ElementsAre("finish 2"));
  EXPECT_THAT(host_.delivered.at(transaction(1)), ElementsAre(3));
  answer(1, {});
  EXPECT_THAT(host_.take_log(), ElementsAre("finish 1"));
  EXPECT_TRUE(host_.forgotten.contains(transaction(0)));
  EXPECT_TRUE(host_.in_doubt.empty());
  EXPECT_EQ(enquiry_.under_way(), 0U);
}

TEST_F(AnEnquiry, SettlesWhatNobodyIsInDoubtOf) {
  doubts(1);
  host_.nothing_is_left = true;
  link_up();
  host_.take_log();
  answer(1, known(250, {0}));
  EXPECT_THAT(host_.take_log(), ElementsAre("settled 0 on 1", "finish 1"));
}

// A refusal that was recorded as an outcome: nobody has the mail.
TEST_F(AnEnquiry, AKnownRefusalEndsTheDoubt) {
  doubts(1);
  link_up();
  host_.take_log();
  answer(1, known(550));
  EXPECT_TRUE(host_.forgotten.contains(transaction(0)));
  EXPECT_THAT(host_.take_log(), ElementsAre("settled 0 on 1", "finish 1"));
}

TEST_F(AnEnquiry, WhatIsPendingIsAskedAgainLater) {
  doubts(1);
  link_up();
  answer(1, {.kind = Outcome::Kind::kPending, .reply = {}});
  EXPECT_TRUE(host_.in_doubt.contains(transaction(0)));
  host_.take_log();
  pass(seconds(1));
  EXPECT_THAT(host_.take_log(), IsEmpty());
  pass(Enquiry::kPause);
  EXPECT_THAT(host_.take_log(), ElementsAre("ask 0 on 2"));
}

TEST_F(AnEnquiry, OnlyAFewAtATime) {
  doubts(100);
  link_up();
  EXPECT_EQ(enquiry_.under_way(), Enquiry::kAtOnce);
  pass(seconds(5));
  EXPECT_EQ(host_.take_log().size(), Enquiry::kAtOnce);
  for (mux::StreamKey stream = 1; stream <= Enquiry::kAtOnce; ++stream)
    answer(stream, {});
  EXPECT_EQ(enquiry_.under_way(), 0U) << "the next ones not before their time";
  pass(Enquiry::kStep);
  EXPECT_EQ(enquiry_.under_way(), Enquiry::kAtOnce);
}

// However many there are: in a bounded time, and without being asked twice.
TEST_F(AnEnquiry, AllOfThemAreAskedOnce) {
  doubts(335);
  link_up();
  mux::StreamKey answered = 0;
  for (int step = 0; step < 100 && !host_.in_doubt.empty(); ++step) {
    for (; answered < host_.last_stream; ++answered)
      answer(answered + 1, answered % 2 == 0 ? known() : Outcome{});
    pass(Enquiry::kStep);
  }
  EXPECT_TRUE(host_.in_doubt.empty());
  EXPECT_EQ(host_.last_stream, 335U);
}

// An MTA that tries again within a minute asks by that.
TEST_F(AnEnquiry, YoungDoubtsAreNotAskedAboutWhileTheLinkStaysUp) {
  link_up();
  doubts(1);
  host_.all_are_young = true;
  pass(2 * Enquiry::kPause);
  EXPECT_THAT(host_.take_log(), IsEmpty());
  host_.all_are_young = false;
  pass(2 * Enquiry::kPause);
  EXPECT_THAT(host_.take_log(), ElementsAre("ask 0 on 1"));
}

TEST_F(AnEnquiry, OfALinkThatIsDownWaits) {
  doubts(1);
  host_.link_is_up = false;
  link_up();
  pass(Enquiry::kPause);
  EXPECT_THAT(host_.take_log(), IsEmpty());
  EXPECT_GT(enquiry_.deadline(), now_) << "and does not spin";
  host_.link_is_up = true;
  link_up();
  EXPECT_THAT(host_.take_log(), ElementsAre("ask 0 on 1"));
}

TEST_F(AnEnquiry, LosesItsStreamAndAsksAgain) {
  doubts(2);
  link_up();
  host_.take_log();
  enquiry_.stream_lost(1, now_);
  enquiry_.stream_lost(2, now_);
  pass(seconds(1));
  EXPECT_THAT(host_.take_log(), IsEmpty()) << "a far side that takes none is not pestered";
  pass(Enquiry::kPause);
  EXPECT_THAT(host_.take_log(), ElementsAre("ask 0 on 3", "ask 1 on 4"));
  EXPECT_EQ(host_.in_doubt.size(), 2U);
}

TEST_F(AnEnquiry, IsNotAnsweredAndGivenUp) {
  doubts(1);
  link_up();
  host_.take_log();
  pass(Enquiry::kTimeout - milliseconds(1));
  EXPECT_THAT(host_.take_log(), IsEmpty()) << "not asked twice at the same time";
  pass(milliseconds(1));
  EXPECT_THAT(host_.take_log(), testing::Contains("reset 1"));
  answer(1, {});
  EXPECT_TRUE(host_.forgotten.empty()) << "too late";
}

// Only the far side's own word counts.
TEST_F(AnEnquiry, AnsweredWithSomethingElseStaysInDoubt) {
  for (const std::string& said :
       {encode(FinalVerdict{.reply = {250, {"ok"}}}), encode(MailVerdict{{250, {"ok"}}}), encode(Commit{}),
        std::string("\x14\0\0\0\1\7", 6), std::string("\xff\0\0\0\0", 5)}) {
    FakeEnquiryHost host;
    Enquiry enquiry(host);
    host.in_doubt.insert(transaction(0));
    enquiry.link_up(now_);
    enquiry.tick(now_);
    enquiry.stream_received(1, said, now_);
    EXPECT_EQ(host.take_log().back(), "reset 1");
    EXPECT_TRUE(host.delivered.empty());
    EXPECT_TRUE(host.forgotten.empty());
  }
}

TEST_F(AnEnquiry, AnswerInPieces) {
  doubts(1);
  link_up();
  for (const char byte : encode(known()))
    enquiry_.stream_received(1, std::string(1, byte), now_);
  EXPECT_EQ(host_.delivered.size(), 1U);
  answer(1, {});
  EXPECT_TRUE(host_.forgotten.empty()) << "it has been answered";
}

}  // namespace
}  // namespace tsmtp::mail
