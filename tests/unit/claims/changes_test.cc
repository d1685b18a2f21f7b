// Every change that a hub makes × every value that it may find.
#include "relayd/claims/changes.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/support/fake_etcd.h"

namespace tsmtp::claims {
namespace {

using support::FakeEtcdData;

const std::string kKey = "/tsmtp/transactions/tokyo/0";
const Claim kOurs{.hub = "birl1", .memory = std::string(16, 'm'), .since = {}, .number = 1};
const Claim kOther{.hub = "birl2", .memory = std::string(16, 'n'), .since = {}, .number = 1};
const Ended kEnded{.hub = "birl1", .known = "250"};
const Disowned kDisowned{.hub = "birl2", .since = {}};
const Resent kResent{.hub = "birl2", .since = {}, .claimed_by = "birl1"};

/// What may stand there, by name.
const std::map<std::string, std::optional<Value>> kFound{
    {"nothing", {}},   {"ours", kOurs},         {"another's", kOther},
    {"ended", kEnded}, {"disowned", kDisowned}, {"resent", kResent},
};

class Etcd {
 public:
  explicit Etcd(const std::optional<Value>& found) {
    leases_ = {.disowned = data_.grant(std::chrono::hours(48)),
               .ended = data_.grant(std::chrono::hours(240))};
    if (found) data_.put(kKey, encode(*found));
  }

  void run(Operation& operation) {
    for (int steps = 0; steps < 10; ++steps)
      if (operation.answered(*data_.apply(operation.step(leases_)))) return;
    ADD_FAILURE() << "it has no end";
  }
  [[nodiscard]] std::optional<Value> there() const {
    const auto bytes = data_.value(kKey);
    return bytes ? std::optional(*decode(*bytes)) : std::nullopt;
  }
  void put(const std::string& key, const std::string& value) { data_.put(key, value); }
  [[nodiscard]] std::size_t rows() const { return data_.rows().size(); }
  [[nodiscard]] etcd::Lease lease() const { return data_.rows().at(kKey).lease; }
  [[nodiscard]] const Leases& leases() const { return leases_; }

 private:
  FakeEtcdData data_;
  Leases leases_;
};

TEST(ClaimChanges, ClaimingTakesNothingFromAnybody) {
  for (const auto& [name, found] : kFound) {
    SCOPED_TRACE(name);
    Etcd etcd(found);
    Claiming claiming(kKey, kOurs);
    etcd.run(claiming);
    const bool is_ours = name == "nothing" || name == "ours";
    EXPECT_EQ(claiming.is_ours(), is_ours);
    EXPECT_EQ(etcd.there(), is_ours ? Value{kOurs} : *found);
    if (!is_ours) {
      EXPECT_EQ(claiming.found(), found);
    }
    if (name == "nothing") {
      EXPECT_EQ(etcd.lease(), 0) << "a claim never goes by itself";
    }
  }
}

TEST(ClaimChanges, EndingReplacesItsOwnClaimOnly) {
  for (const auto& [name, found] : kFound) {
    SCOPED_TRACE(name);
    Etcd etcd(found);
    Ending ending(kKey, kOurs, kEnded);
    etcd.run(ending);
    const bool is_written = name == "nothing" || name == "ours" || name == "ended";
    EXPECT_EQ(etcd.there(), is_written ? Value{kEnded} : *found);
    EXPECT_EQ(ending.contradicted().has_value(), !is_written);
    if (name == "ours") {
      EXPECT_EQ(etcd.lease(), etcd.leases().ended);
    }
  }
}

TEST(ClaimChanges, WithdrawingLeavesWhatOthersWrote) {
  for (const auto way : {Withdrawing::Way::kForget, Withdrawing::Way::kDisown})
    for (const auto& [name, found] : kFound) {
      SCOPED_TRACE(name);
      const bool disowns = way == Withdrawing::Way::kDisown;
      Etcd etcd(found);
      const Disowned ours{.hub = "birl1", .since = {}};
      Withdrawing withdrawing(kKey, kOurs, ours, way);
      etcd.run(withdrawing);
      if (name == "ours" || (name == "nothing" && disowns)) {
        EXPECT_EQ(etcd.there(), disowns ? std::optional<Value>(ours) : std::nullopt);
        if (disowns) {
          EXPECT_EQ(etcd.lease(), etcd.leases().disowned);
        }
      } else {
        EXPECT_EQ(etcd.there(), found);
      }
    }
}

TEST(ClaimChanges, DoubtingMarksItsOwnClaimOnly) {
  for (const auto& [name, found] : kFound) {
    SCOPED_TRACE(name);
    Etcd etcd(found);
    Doubting doubting(kKey, "birl1");
    etcd.run(doubting);
    Claim undecided = kOurs;
    undecided.is_undecided = true;
    EXPECT_EQ(etcd.there(), name == "ours" ? std::optional<Value>(undecided) : found);
  }
}

TEST(ClaimChanges, ReplacingDoesNothingToAnythingElse) {
  for (const auto& [name, found] : kFound) {
    SCOPED_TRACE(name);
    Etcd etcd(found);
    Replacing replacing(kKey, encode(Value{kEnded}), std::nullopt);
    etcd.run(replacing);
    EXPECT_EQ(replacing.is_done(), name == "ended");
    EXPECT_EQ(etcd.there(), name == "ended" ? std::nullopt : found);
  }
}

TEST(ClaimChanges, ForgettingTakesAllOrNothing) {
  for (const bool one_is_another : {false, true}) {
    Etcd etcd(std::nullopt);
    for (const char* key : {"a", "b", "c"})
      etcd.put(key, key);
    Forgetting forgetting({{"a", "a"}, {"b", one_is_another ? "another" : "b"}, {"c", "c"}});
    etcd.run(forgetting);
    EXPECT_EQ(forgetting.is_done(), !one_is_another);
    EXPECT_EQ(etcd.rows(), one_is_another ? 3U : 0U);
  }
}

// The claim that etcd did not answer for happens when it was taken back already.
TEST(ClaimChanges, AClaimThatComesLateFindsThatItWasDisowned) {
  Etcd etcd(std::nullopt);
  Withdrawing withdrawing(kKey, kOurs, kDisowned, Withdrawing::Way::kDisown);
  etcd.run(withdrawing);
  Claiming late(kKey, kOurs);
  etcd.run(late);
  EXPECT_FALSE(late.is_ours());
  EXPECT_EQ(etcd.there(), Value{kDisowned});
}

}  // namespace
}  // namespace tsmtp::claims
