// The etcd in memory does what etcd does: tests of others stand on it.
#include "tests/support/fake_etcd.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tsmtp::support {
namespace {

using etcd::Compare;
using etcd::Delete;
using etcd::Get;
using etcd::Put;
using ::testing::ElementsAre;

const etcd::Transaction kClaim{.when = {Compare{.range = {.key = "a"}}},
                               .then = {Put{.key = "a", .value = "1"}},
                               .otherwise = {Get{.range = {.key = "a"}}}};

class FakeEtcdTest : public ::testing::Test, public etcd::Watcher {
 protected:
  void changed(const std::vector<etcd::Change>& changes) override {
    for (const etcd::Change& change : changes)
      told.push_back(change.key + (change.value ? '=' + *change.value : " gone"));
  }
  void begin_anew() override { told.emplace_back("anew"); }
  void ask(FakeEtcd& etcd, const etcd::Transaction& transaction) {
    etcd.submit(transaction, [this](const etcd::Result& result) {
      results.push_back(result ? (result->held ? "held" : "not held")
                               : (result.error().may_be_done ? "unknown" : "undone"));
    });
  }

  std::shared_ptr<FakeEtcdData> data = std::make_shared<FakeEtcdData>();
  FakeEtcd first{data}, second{data};
  std::vector<std::string> results, told;
};

TEST_F(FakeEtcdTest, ExactlyOneClaims) {
  ask(first, kClaim);
  ask(second, kClaim);
  EXPECT_THAT(results, ElementsAre());
  second.answer_all();
  first.answer_all();
  EXPECT_THAT(results, ElementsAre("held", "not held"));
  EXPECT_EQ(data->revision(), 2);
}

TEST_F(FakeEtcdTest, FailuresOfEachKind) {
  using Loss = FakeEtcd::Loss;
  for (const Loss loss : {Loss::kNotDone, Loss::kNeverDone, Loss::kDoneLater}) {
    ask(first, kClaim);
    EXPECT_TRUE(first.fail(loss));
    EXPECT_FALSE(data->value("a"));
  }
  EXPECT_TRUE(first.trouble());
  first.do_late();
  EXPECT_EQ(data->value("a"), "1");
  data->erase("a");
  ask(first, kClaim);
  EXPECT_TRUE(first.fail(Loss::kDone));
  EXPECT_EQ(data->value("a"), "1");
  EXPECT_THAT(results, ElementsAre("undone", "unknown", "unknown", "unknown"));
  first.go();
  ask(first, kClaim);
  first.answer_all();
  EXPECT_EQ(results.back(), "undone");
  first.come_back();
  ask(first, kClaim);
  first.answer_all();
  EXPECT_EQ(results.back(), "not held");
  EXPECT_FALSE(first.trouble());
}

TEST_F(FakeEtcdTest, LeasesAndRefusals) {
  etcd::Lease lease = 0;
  first.grant(std::chrono::seconds(30), [&](const auto& granted) { lease = *granted; });
  first.answer_all();
  ask(first, {.then = {Put{.key = "b", .value = "2", .lease = lease}}});
  ask(first, {.then = {Put{.key = "c", .value = "2", .lease = lease + 1}}});
  ask(first, {.then = {Put{.key = "c", .value = "2"}, Delete{.range = etcd::all_below("c")}}});
  first.answer_all();
  EXPECT_THAT(results, ElementsAre("held", "undone", "undone"));
  data->end_lease(lease);
  EXPECT_FALSE(data->value("b"));
  etcd::Lease kept = 7;
  first.keep_alive(lease, [&](const auto& answer) { kept = *answer; });
  first.answer_all();
  EXPECT_EQ(kept, 0);
}

TEST_F(FakeEtcdTest, WatchersAreToldInOrder) {
  const auto id = first.watch(etcd::all_below("a"), *this);
  first.answer_all();
  data->put("b", "2");
  data->put("a", "1");
  data->erase("a");
  EXPECT_THAT(told, ElementsAre("anew"));
  first.answer_all();
  first.compact();
  data->put("a", "3");
  first.answer_all();
  EXPECT_THAT(told, ElementsAre("anew", "a=1", "a gone", "anew"));
  first.unwatch(id);
  data->put("a", "4");
  first.answer_all();
  EXPECT_EQ(told.size(), 4U);
}

}  // namespace
}  // namespace tsmtp::support
