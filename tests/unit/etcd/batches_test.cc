#include "relayd/etcd/batches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/unit/etcd/played_gateway.h"

namespace tsmtp::etcd {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr base::TimePoint kNow{1000s};
constexpr char kMember[] = "http://a:2379";

Transaction put(const std::string& key, const std::string& value = {}) {
  return {.then = {Put{.key = key, .value = value}}};
}
Transaction read(const std::string& key) {
  return {.then = {Get{.range = {.key = key}}}};
}
Transaction claim(const std::string& key) {
  return {.when = {Compare{.range = {.key = key}}},
          .then = {Put{.key = key, .value = "x"}},
          .otherwise = {Get{.range = {.key = key}}}};
}

std::size_t transactions_in(const Batches::Taken& taken) {
  const json body = json::parse(taken.request.body);
  return !body["success"].empty() && body["success"][0].contains("request_txn") ? body["success"].size() : 1;
}

/// "1 held", "2 undone", "3 unknown", in the order in which they came.
std::vector<std::string> results(Batches& batches) {
  std::vector<std::string> out;
  while (const auto one = batches.next_result()) {
    const std::string how = one->result ? (one->result->held ? " held" : " not held")
                                        : (one->result.error().may_be_done ? " unknown" : " undone");
    out.push_back(std::to_string(one->ticket) + how);
  }
  return out;
}

class BatchesTest : public ::testing::Test {
 protected:
  void submit(const Transaction& transaction) { (void)batches.submit(transaction, kNow + 5s); }
  void answer(const Batches::Taken& taken) {
    EXPECT_TRUE(batches.answered(taken.id, play(data, taken.request.body), kMember));
  }

  support::FakeEtcdData data;
  Batches batches;
};

TEST_F(BatchesTest, WhatWaitsTogetherIsOneRequest) {
  EXPECT_FALSE(batches.take());
  for (const char* key : {"a", "b", "c"})
    submit(claim(key));
  const auto taken = batches.take();
  ASSERT_TRUE(taken);
  EXPECT_EQ(transactions_in(*taken), 3U);
  EXPECT_FALSE(batches.take());
  EXPECT_THAT(results(batches), ElementsAre());
  answer(*taken);
  EXPECT_THAT(results(batches), ElementsAre("1 held", "2 held", "3 held"));
}

TEST_F(BatchesTest, OfOneKeyTheSecondWaitsForTheFirst) {
  for (const char* key : {"a", "b", "a", "c"})
    submit(claim(key));
  const auto first = batches.take();
  ASSERT_TRUE(first);
  EXPECT_EQ(transactions_in(*first), 2U);
  EXPECT_FALSE(batches.has_something_to_send());
  EXPECT_FALSE(batches.take());
  answer(*first);
  const auto second = batches.take();
  ASSERT_TRUE(second);
  answer(*second);
  EXPECT_THAT(results(batches), ElementsAre("1 held", "2 held", "3 not held", "4 held"));
}

TEST_F(BatchesTest, OthersGoMeanwhileButNotTooMany) {
  submit(claim("a"));
  const auto first = batches.take();
  submit(claim("b"));
  const auto second = batches.take();
  ASSERT_TRUE(second);
  submit(claim("c"));
  EXPECT_FALSE(batches.take());
  answer(*second);
  EXPECT_TRUE(batches.take());
  EXPECT_EQ(batches.in_flight(), 2U);
}

TEST_F(BatchesTest, NoMoreThanEtcdTakes) {
  for (int i = 0; i < 300; ++i)
    submit(claim(std::to_string(i)));
  EXPECT_EQ(transactions_in(*batches.take()), 127U);
  for (int i = 0; i < 10; ++i)
    submit(put("big" + std::to_string(i), std::string(300 << 10, 'x')));
  Batches big;
  for (int i = 0; i < 10; ++i)
    (void)big.submit(put("big" + std::to_string(i), std::string(300 << 10, 'x')), kNow);
  EXPECT_EQ(transactions_in(*big.take()), 3U);
  Batches wide;
  Transaction many;
  for (int i = 0; i < 100; ++i)
    many.then.emplace_back(Put{.key = "many" + std::to_string(i), .value = {}});
  for (int i = 0; i < 50; ++i)
    (void)wide.submit(claim(std::to_string(i)), kNow);
  (void)wide.submit(many, kNow);
  EXPECT_EQ(transactions_in(*wide.take()), 50U) << "50 + 1 + 100 operations are too many";
}

TEST_F(BatchesTest, AtMostSoManyWait) {
  Batches few({.waiting = 2, .waiting_bytes = 1000});
  for (const char* key : {"a", "b", "c"})
    (void)few.submit(put(key), kNow + 5s);
  EXPECT_THAT(results(few), ElementsAre("3 undone"));
  (void)few.take();
  (void)few.submit(put("d", std::string(2000, 'x')), kNow + 5s);
  (void)few.submit(put("e", std::string(200, 'x')), kNow + 5s);
  EXPECT_THAT(results(few), ElementsAre("4 undone"));
}

TEST_F(BatchesTest, WhatWaitsTooLongIsCertainlyUndone) {
  (void)batches.submit(put("a"), kNow + 1s);
  (void)batches.submit(put("b"), kNow + 2s);
  EXPECT_EQ(batches.deadline(), kNow + 1s);
  batches.expire(kNow, "why");
  EXPECT_THAT(results(batches), ElementsAre());
  batches.expire(kNow + 1s, "etcd at http://a:2379 refuses connections");
  const auto late = batches.next_result();
  ASSERT_TRUE(late);
  EXPECT_EQ(late->ticket, 1U);
  EXPECT_EQ(late->result.error().cause, "etcd at http://a:2379 refuses connections");
  EXPECT_FALSE(late->result.error().may_be_done);
  batches.fail_waiting("why");
  EXPECT_THAT(results(batches), ElementsAre("2 undone"));
  EXPECT_FALSE(batches.deadline());
}

TEST_F(BatchesTest, LostOnTheWay) {
  submit(put("a"));
  submit(read("b"));
  batches.lost(batches.take()->id, false, "why");
  EXPECT_THAT(results(batches), ElementsAre()) << "it was not sent whole: it is sent again";
  batches.lost(batches.take()->id, true, "why");
  EXPECT_THAT(results(batches), ElementsAre("1 unknown")) << "what only reads can be read again";
  const auto again = batches.take();
  ASSERT_TRUE(again);
  answer(*again);
  EXPECT_THAT(results(batches), ElementsAre("2 held"));
  EXPECT_FALSE(batches.take());
}

TEST_F(BatchesTest, KeysKeepTheirOrderWhenSomethingIsSentAgain) {
  submit(claim("a"));
  submit(claim("a"));
  batches.lost(batches.take()->id, false, "why");
  answer(*batches.take());
  answer(*batches.take());
  EXPECT_THAT(results(batches), ElementsAre("1 held", "2 not held"));
}

TEST_F(BatchesTest, Refusals) {
  submit(put("a"));
  batches.refused(batches.take()->id, refusal_of("etcdserver: no leader"), kMember);
  EXPECT_THAT(results(batches), ElementsAre()) << "certainly undone, and another may do it";
  batches.refused(batches.take()->id, refusal_of("etcdserver: request timed out"), kMember);
  EXPECT_THAT(results(batches), ElementsAre("1 unknown"));

  submit(put("a"));
  batches.refused(batches.take()->id, refusal_of("etcdserver: mvcc: database space exceeded"), kMember);
  const auto full = batches.next_result();
  ASSERT_TRUE(full);
  EXPECT_THAT(full->result.error().cause, AllOf(HasSubstr(kMember), HasSubstr("etcd is full")));
  EXPECT_TRUE(full->result.error().may_be_done);

  submit(put("a"));
  batches.refused(batches.take()->id, refusal_of("etcdserver: permission denied"), kMember);
  EXPECT_THAT(results(batches), ElementsAre("3 undone"));
}

TEST_F(BatchesTest, AnExpiredLoginIsForgivenTwice) {
  submit(put("a"));
  for (int i = 0; i < 2; ++i) {
    batches.refused(batches.take()->id, refusal_of("etcdserver: invalid auth token"), kMember);
    EXPECT_THAT(results(batches), ElementsAre());
  }
  batches.refused(batches.take()->id, refusal_of("etcdserver: invalid auth token"), kMember);
  EXPECT_THAT(results(batches), ElementsAre("1 undone"));
}

TEST_F(BatchesTest, OneThatIsRefusedIsFoundAmongOthers) {
  for (const char* key : {"a", "b", "c"})
    submit(claim(key));
  batches.refused(batches.take()->id, refusal_of("etcdserver: requested lease not found"), kMember);
  std::vector<std::string> all;
  for (int i = 0; i < 3; ++i) {
    const auto one = batches.take();
    ASSERT_TRUE(one);
    EXPECT_EQ(transactions_in(*one), 1U);
    if (i == 1) {
      batches.refused(one->id, refusal_of("etcdserver: requested lease not found"), kMember);
    } else {
      answer(*one);
    }
  }
  EXPECT_THAT(results(batches), ElementsAre("1 held", "2 undone", "3 held"));
}

TEST_F(BatchesTest, AnAnswerToSomethingElse) {
  submit(put("a"));
  submit(read("b"));
  EXPECT_FALSE(batches.answered(batches.take()->id, "{}", kMember));
  EXPECT_THAT(results(batches), ElementsAre("1 unknown", "2 unknown"));
  EXPECT_TRUE(batches.answered(4711, "{}", kMember)) << "nobody waits for that";
}

TEST_F(BatchesTest, WhatTakesRoomIsTold) {
  for (int i = 0; i < 2; ++i) {
    submit(claim("a"));
    answer(*batches.take());
  }
  EXPECT_TRUE(batches.next_result()->was_write);
  EXPECT_FALSE(batches.next_result()->was_write);
}

// Whatever goes together: everybody is answered as if all had come one after the other.
TEST_F(BatchesTest, AsIfOneAfterTheOther) {
  for (unsigned seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto pick = [&](unsigned limit) { return static_cast<unsigned>(random() % limit); };
    const auto key = [&] { return "k" + std::to_string(pick(12)); };
    const auto range = [&] { return pick(4) == 0 ? all_below("k1") : Range{.key = key()}; };
    Batches some({.in_flight = 1 + pick(3), .operations = 4 + pick(10)});
    support::FakeEtcdData together, alone;
    std::map<Batches::Ticket, Answer> expected;
    std::vector<Batches::Taken> flying;
    std::size_t answered = 0;
    while (answered < 60) {
      if (expected.size() < 60 && pick(3) != 0) {
        Transaction one;
        if (pick(2) == 0) one.when.push_back({.range = range()});
        if (pick(3) == 0) one.when.push_back({.range = range(), .value = std::to_string(pick(3))});
        for (auto* operations : {&one.then, &one.otherwise}) {
          if (pick(2) == 0) operations->emplace_back(Put{.key = key(), .value = std::to_string(pick(3))});
          if (operations->empty() && pick(2) == 0) operations->emplace_back(Delete{.range = range()});
          if (pick(2) == 0) operations->emplace_back(Get{.range = range()});
        }
        const auto ticket = some.submit(one, kNow);
        expected.emplace(ticket, *alone.apply(one));
      }
      if (auto taken = some.take()) flying.push_back(std::move(*taken));
      if (!flying.empty() && pick(2) == 0) {
        const std::size_t which = pick(static_cast<unsigned>(flying.size()));
        const auto taken = flying[which];
        flying.erase(flying.begin() + static_cast<std::ptrdiff_t>(which));
        if (pick(4) == 0) {
          some.refused(taken.id, refusal_of("etcdserver: no leader"), kMember);
        } else {
          ASSERT_TRUE(some.answered(taken.id, play(together, taken.request.body), kMember));
        }
      }
      while (const auto one = some.next_result()) {
        ++answered;
        ASSERT_TRUE(one->result);
        const Answer& wanted = expected.at(one->ticket);
        EXPECT_EQ(one->result->held, wanted.held);
        ASSERT_EQ(one->result->got.size(), wanted.got.size());
        for (std::size_t i = 0; i < wanted.got.size(); ++i) {
          ASSERT_EQ(one->result->got[i].size(), wanted.got[i].size());
          for (std::size_t row = 0; row < wanted.got[i].size(); ++row)
            EXPECT_EQ(one->result->got[i][row].value, wanted.got[i][row].value);
        }
      }
    }
    ASSERT_EQ(together.rows().size(), alone.rows().size());
  }
}

}  // namespace
}  // namespace tsmtp::etcd
