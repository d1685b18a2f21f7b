// One ledger and two relayds: both remember all of it, the first one writes, and the second one goes on alone
// when the first has gone, whenever that is.
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <thread>

#include "relayd/ledger/news.h"
#include "relayd/net/ledger/transaction_ledger.h"
#include "tests/support/temporary_directory.h"

namespace tsmtp::net {
namespace {

constexpr std::chrono::seconds kPatience{60};
const std::string kTransaction(16, 't');

class NoLog : public base::Logger {
 public:
  void log(base::LogLevel, std::string_view) override {}
};

std::vector<ledger::DoubtfulRecipient> recipient(char mail) {
  return {{.index = 0, .mail = std::string(32, mail), .address = std::string(32, 'a')}};
}

class SharedLedger : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = TransactionLedger::open(io_.get_executor(), "tokyo", dir(), log_);
    ASSERT_TRUE(opened) << opened.error().message;
    first_ = std::move(*opened);
  }
  [[nodiscard]] std::string dir() const { return directory_.file("ledger"); }

  void share() {
    auto lent = first_->lend([this](const std::string& id) { return id == committing_; });
    ASSERT_TRUE(lent) << lent.error().message;
    // The first one's loop has to run while the second one waits for what it tells.
    std::atomic<bool> done = false;
    std::thread second([&] {
      auto borrowed = TransactionLedger::borrow(io2_.get_executor(), "tokyo", dir(), std::move(*lent), log_);
      EXPECT_TRUE(borrowed) << borrowed.error().message;
      if (borrowed) second_ = std::move(*borrowed);
      done = true;
    });
    while (!done)  // the second one's loop does not run yet
      io_.run_one_for(std::chrono::milliseconds(1));
    second.join();
  }
  // The second one's writes that are still to be confirmed are confirmed by nobody then.
  void TearDown() override { first_.reset(); }

  template <typename Condition>
  void run_until(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (!condition() && std::chrono::steady_clock::now() < deadline) {
      io_.run_one_for(std::chrono::milliseconds(1));
      io2_.run_one_for(std::chrono::milliseconds(1));
    }
    EXPECT_TRUE(condition());
  }
  void record_doubt(TransactionLedger& ledger, const std::string& transaction, char mail) {
    bool recorded = false;
    ledger.record_doubt("birl", transaction, recipient(mail), [&](const base::Result<void>& result) {
      EXPECT_TRUE(result);
      recorded = true;
    });
    run_until([&] { return recorded; });
  }
  void record_outcome(TransactionLedger& ledger, const std::string& transaction) {
    bool recorded = false;
    ledger.record_outcome("birl", transaction, "250 ok", [&](const base::Result<void>& result) {
      EXPECT_TRUE(result) << result.error().message;
      recorded = true;
    });
    run_until([&] { return recorded; });
  }

  support::TemporaryDirectory directory_;
  NoLog log_;
  boost::asio::io_context io_;
  boost::asio::io_context io2_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work2_{io2_.get_executor()};
  std::string committing_;
  std::unique_ptr<TransactionLedger> first_;
  std::unique_ptr<TransactionLedger> second_;
};

TEST_F(SharedLedger, WhatWasThereAndWhatComesIsKnownToBoth) {
  record_outcome(*first_, kTransaction);
  record_doubt(*first_, std::string(16, 'd'), 'm');
  first_->mark_in_doubt(std::string(16, 'd'));
  share();
  EXPECT_EQ(second_->find_outcome("birl", kTransaction), "250 ok");
  EXPECT_TRUE(second_->is_in_doubt("birl", std::string(32, 'a')));
  record_outcome(*first_, std::string(16, 'u'));
  EXPECT_TRUE(second_->find_outcome("birl", std::string(16, 'u')));
  record_outcome(*second_, std::string(16, 'v'));
  EXPECT_TRUE(first_->find_outcome("birl", std::string(16, 'v')));
  second_->forget_outcome("birl", kTransaction);
  run_until([&] { return !first_->find_outcome("birl", kTransaction); });
}

TEST_F(SharedLedger, AMailInDoubtIsClaimedOnce) {
  record_doubt(*first_, kTransaction, 'm');
  first_->mark_in_doubt(kTransaction);
  share();
  EXPECT_TRUE(second_->claim_doubt("birl", std::string(32, 'm')));
  EXPECT_FALSE(first_->claim_doubt("birl", std::string(32, 'm')));
  second_->mark_in_doubt(kTransaction);
  EXPECT_TRUE(first_->claim_doubt("birl", std::string(32, 'm')));
  EXPECT_FALSE(second_->claim_doubt("birl", std::string(32, 'm')));
  first_->settle_doubt(kTransaction);
  run_until([&] { return second_->mails_in_doubt().empty(); });
}

TEST_F(SharedLedger, TheSameMailUnderWayAtTheOtherIsASecondTry) {
  share();
  record_doubt(*first_, kTransaction, 'm');
  EXPECT_FALSE(first_->claim_doubt("birl", std::string(32, 'm')));
  EXPECT_TRUE(second_->claim_doubt("birl", std::string(32, 'm')));
}

TEST_F(SharedLedger, WhatWasUnderWayAtOneThatHasEndedIsInDoubt) {
  share();
  record_doubt(*second_, kTransaction, 'm');
  second_.reset();
  run_until([&] { return !first_->is_shared(); });
  EXPECT_EQ(first_->mails_in_doubt().size(), 1U);
  share();
  record_doubt(*first_, std::string(16, 'u'), 'n');
  first_.reset();
  run_until([&] { return !second_->is_shared(); });
  EXPECT_EQ(second_->mails_in_doubt().size(), 2U);
}

TEST_F(SharedLedger, TheSecondGoesOnAloneAndHasEverythingOnTheDisk) {
  share();
  record_outcome(*first_, kTransaction);
  record_outcome(*second_, std::string(16, 'u'));
  first_.reset();
  record_outcome(*second_, std::string(16, 'v'));
  second_.reset();
  auto again = TransactionLedger::open(io_.get_executor(), "tokyo", dir(), log_);
  ASSERT_TRUE(again) << again.error().message;
  for (const char id : {'t', 'u', 'v'})
    EXPECT_TRUE((*again)->find_outcome("birl", std::string(16, id))) << id;
}

TEST_F(SharedLedger, TheSecondAsksWhetherTheFirstIsCommitting) {
  share();
  committing_ = kTransaction;
  for (const bool is_committing : {true, false}) {
    std::atomic<bool> has_answer = false;
    bool answer = false;
    std::thread asking([&] {
      answer = second_->may_other_commit(is_committing ? kTransaction : std::string(16, 'u'));
      has_answer = true;
    });
    while (!has_answer)
      io_.run_one_for(std::chrono::milliseconds(1));
    asking.join();
    EXPECT_EQ(answer, is_committing);
  }
  first_.reset();
  run_until([&] { return !second_->is_shared(); });
  EXPECT_FALSE(second_->may_other_commit(kTransaction));
}

// It may be hung: then nobody knows.
TEST_F(SharedLedger, NoAnswerMeansThatItMayBe) {
  share();
  EXPECT_TRUE(second_->may_other_commit(kTransaction));
}

TEST(LedgerNews, ComesBackFromItsBytesWhateverItsPieces) {
  using Kind = ledger::News::Kind;
  std::string bytes;
  ledger::append(
      bytes,
      ledger::News{
          .kind = Kind::kChange,
          .change = {.table = ledger::Table::kOutcomes, .key = "key", .value = "value", .durable = true}});
  ledger::append(bytes, ledger::News{.kind = Kind::kChange, .change = {.key = "gone", .value = {}}});
  ledger::append(
      bytes,
      ledger::News{.kind = Kind::kClaimed, .change = {}, .key = {.transaction = kTransaction, .index = 7}});
  std::string in;
  std::vector<ledger::News> all;
  for (const char byte : bytes) {
    in += byte;
    std::string_view rest = in;
    bool is_broken = false;
    while (auto news = ledger::take_news(rest, is_broken))
      all.push_back(*news);
    EXPECT_FALSE(is_broken);
    in.erase(0, in.size() - rest.size());
  }
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].change.value, "value");
  EXPECT_TRUE(all[0].change.durable);
  EXPECT_FALSE(all[1].change.value);
  EXPECT_EQ(all[2].key.index, 7);
  std::string_view nonsense("\0\0\0\1\377", 5);
  bool is_broken = false;
  EXPECT_FALSE(ledger::take_news(nonsense, is_broken));
  EXPECT_TRUE(is_broken);
}

}  // namespace
}  // namespace tsmtp::net
