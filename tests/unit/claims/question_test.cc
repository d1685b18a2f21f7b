// What a question is answered: every value that may stand there × what the hub knows of its own claims × the
// settings, and what is left in etcd behind it.
#include "relayd/claims/question.h"

#include <gtest/gtest.h>

#include "tests/support/fake_etcd.h"

namespace tsmtp::claims {
namespace {

using support::FakeEtcdData;
using Kind = Question::Kind;

const std::string kKey = "/tsmtp/transactions/tokyo/0";
const base::WallTime kThen{std::chrono::hours(1)}, kNow{std::chrono::hours(5)};

Claim claim_of(const std::string& hub) {
  return {.hub = hub, .memory = std::string(16, 'm'), .since = kThen, .number = 1};
}

class ClaimQuestion : public testing::Test {
 protected:
  ClaimQuestion() {
    settings_ = {.key = kKey,
                 .hub = "birl1",
                 .now = kNow,
                 .own_end = [this](const Claim&) { return own_; },
                 .hub_key = [](const std::string& hub) { return "/tsmtp/hubs/" + hub; }};
  }

  Question ask() {
    Question question(settings_);
    const Leases leases{.disowned = data_.grant(std::chrono::hours(48)),
                        .ended = data_.grant(std::chrono::hours(240))};
    for (int steps = 0; steps < 20; ++steps)
      if (question.answered(*data_.apply(question.step(leases)))) return question;
    ADD_FAILURE() << "it has no end";
    return question;
  }
  void put(const Value& value) { data_.put(kKey, encode(value)); }
  template <typename T>
  [[nodiscard]] bool there_is() const {
    const auto bytes = data_.value(kKey);
    return bytes && std::holds_alternative<T>(*decode(*bytes));
  }

  FakeEtcdData data_;
  OwnEnd own_{.kind = OwnEnd::Kind::kUnderWay};
  Question::Settings settings_;
};

TEST_F(ClaimQuestion, ForWhatNobodyClaimedDisownsIt) {
  EXPECT_EQ(ask().kind(), Kind::kUnknown);
  EXPECT_TRUE(there_is<Disowned>());
  EXPECT_NE(data_.rows().at(kKey).lease, 0);
  EXPECT_EQ(ask().kind(), Kind::kUnknown) << "and again";
}

TEST_F(ClaimQuestion, ForWhatMayHaveBeenDeliveredWithoutAClaim) {
  settings_.disowns_absent = false;
  EXPECT_EQ(ask().kind(), Kind::kAbsent);
  EXPECT_TRUE(data_.rows().empty());
}

TEST_F(ClaimQuestion, ForWhatEnded) {
  put(Ended{.hub = "birl2", .known = "250"});
  const Question question = ask();
  EXPECT_EQ(question.kind(), Kind::kKnown);
  EXPECT_EQ(question.known(), "250");
  EXPECT_EQ(question.value(), data_.value(kKey));
}

TEST_F(ClaimQuestion, ForAnotherHubsClaimIsPending) {
  put(claim_of("birl2"));
  const Question question = ask();
  EXPECT_EQ(question.kind(), Kind::kPending);
  EXPECT_EQ(question.claim(), claim_of("birl2"));
  EXPECT_TRUE(there_is<Claim>());
}

TEST_F(ClaimQuestion, ForAClaimOfItsOwn) {
  const std::pair<OwnEnd::Kind, Kind> expected[] = {{OwnEnd::Kind::kUnderWay, Kind::kPending},
                                                    {OwnEnd::Kind::kUndecided, Kind::kPending},
                                                    {OwnEnd::Kind::kDelivered, Kind::kKnown},
                                                    {OwnEnd::Kind::kNotDelivered, Kind::kUnknown}};
  for (const auto& [own, kind] : expected) {
    put(claim_of("birl1"));
    own_ = {.kind = own, .known = "250 by ledger"};
    const Question question = ask();
    EXPECT_EQ(question.kind(), kind);
    EXPECT_EQ(there_is<Disowned>(), kind == Kind::kUnknown);
    if (kind == Kind::kKnown) {
      EXPECT_EQ(question.known(), "250 by ledger");
    }
    if (kind == Kind::kPending) {
      EXPECT_EQ(question.claim()->is_undecided, own == OwnEnd::Kind::kUndecided);
    }
  }
}

TEST_F(ClaimQuestion, ForWhatCannotBeReadTellsNobodyToSendItAgain) {
  data_.put(kKey, "nonsense");
  EXPECT_EQ(ask().kind(), Kind::kUnreadable);
}

TEST_F(ClaimQuestion, GivesUpTheClaimOfALostHubAfterItsTime) {
  settings_.resends_before = kNow - std::chrono::hours(1);
  put(claim_of("birl2"));
  const Question question = ask();
  EXPECT_EQ(question.kind(), Kind::kUnknown);
  EXPECT_EQ(question.resent()->claimed_by, "birl2");
  EXPECT_TRUE(there_is<Resent>());
  const Question again = ask();
  EXPECT_EQ(again.kind(), Kind::kUnknown);
  EXPECT_TRUE(again.resent()) << "it is named again";
}

TEST_F(ClaimQuestion, GivesUpNoClaimOfAHubThatIsThere) {
  settings_.resends_before = kNow;
  data_.put("/tsmtp/hubs/birl2", "there");
  put(claim_of("birl2"));
  EXPECT_EQ(ask().kind(), Kind::kPending);
  EXPECT_TRUE(there_is<Claim>());
}

TEST_F(ClaimQuestion, GivesUpNoClaimBeforeItsTime) {
  settings_.resends_before = kThen - std::chrono::seconds(1);
  put(claim_of("birl2"));
  EXPECT_EQ(ask().kind(), Kind::kPending);
}

TEST_F(ClaimQuestion, GivesUpWhatItsHubCannotTellThoughThatIsThere) {
  settings_.resends_before = kNow;
  data_.put("/tsmtp/hubs/birl2", "there");
  Claim claim = claim_of("birl2");
  claim.is_undecided = true;
  put(claim);
  EXPECT_EQ(ask().kind(), Kind::kUnknown);
  EXPECT_TRUE(there_is<Resent>());
}

// Between the look and the second step somebody else writes.
TEST_F(ClaimQuestion, SeesWhatChangesMeanwhile) {
  settings_.resends_before = kNow;
  put(claim_of("birl2"));
  Question question(settings_);
  const Leases leases{.disowned = data_.grant(std::chrono::hours(48)),
                      .ended = data_.grant(std::chrono::hours(240))};
  EXPECT_FALSE(question.answered(*data_.apply(question.step(leases))));
  put(Ended{.hub = "birl2", .known = "250"});
  EXPECT_TRUE(question.answered(*data_.apply(question.step(leases))));
  EXPECT_EQ(question.kind(), Kind::kKnown);
}

}  // namespace
}  // namespace tsmtp::claims
