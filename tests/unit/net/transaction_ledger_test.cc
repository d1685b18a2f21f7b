// The ledger's thread: what somebody waits for is on disk when he is told, and what nobody waits for comes to
// the disk too.
#include "relayd/net/transaction_ledger.h"

#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "tests/support/temporary_directory.h"

namespace tsmtp::net {
namespace {

constexpr std::chrono::seconds kPatience{60};
const std::string kTransaction(16, 't');
const std::vector<ledger::DoubtfulRecipient> kRecipient{
    {.index = 0, .mail = std::string(32, 'm'), .address = std::string(32, 'a')}};

class NoLog : public base::Logger {
 public:
  void log(base::LogLevel, std::string_view) override {}
};

class Ledger : public testing::Test {
 protected:
  void open() {
    ledger_.reset();
    auto opened = TransactionLedger::open(io_.get_executor(), "tokyo", directory_.file("ledger"), log_);
    ASSERT_TRUE(opened) << opened.error().message;
    ledger_ = std::move(*opened);
  }
  /// Runs the event loop until the outcome of a transaction is on disk.
  void record_outcome(const std::string& transaction) {
    bool recorded = false;
    ledger_->record_outcome("birl", transaction, "250 ok", [&](const base::Result<void>& result) {
      EXPECT_TRUE(result);
      recorded = true;
    });
    EXPECT_FALSE(recorded) << "not before it is on disk";
    while (!recorded && io_.run_one_for(kPatience) > 0) {
    }
    EXPECT_TRUE(recorded);
  }

  support::TemporaryDirectory directory_;
  NoLog log_;
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
  std::unique_ptr<TransactionLedger> ledger_;
};

TEST_F(Ledger, WhatWasRecordedIsThereAfterwards) {
  open();
  record_outcome(kTransaction);
  open();
  EXPECT_EQ(ledger_->find_outcome("birl", kTransaction), "250 ok");
}

TEST_F(Ledger, WhatNobodyWaitsForIsWrittenBeforeTheEnd) {
  open();
  record_outcome(kTransaction);
  ledger_->forget_outcome("birl", kTransaction);
  open();
  EXPECT_EQ(ledger_->find_outcome("birl", kTransaction), std::nullopt);
}

TEST_F(Ledger, WhatNobodyWaitsForIsWrittenInItsOrder) {
  open();
  ledger_->record_doubt("birl", kTransaction, kRecipient, [](const base::Result<void>&) {});
  ledger_->settle_doubt(kTransaction);
  ledger_->record_doubt("birl", kTransaction, kRecipient, [](const base::Result<void>&) {});
  open();
  EXPECT_EQ(ledger_->in_doubt("birl"), 1U);
}

// By its timer alone: a process that is killed then has lost nothing that is a moment old.
TEST_F(Ledger, WhatNobodyWaitsForIsWrittenWithoutCompany) {
  open();
  record_outcome(kTransaction);
  ledger_->forget_outcome("birl", kTransaction);
  EXPECT_GT(io_.run_one_for(kPatience), 0U) << "nothing is under way that would write it";
}

}  // namespace
}  // namespace tsmtp::net
