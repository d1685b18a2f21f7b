// The ledger's thread: what somebody waits for is on disk when he is told, and what nobody waits for comes to
// the disk too.
#include "relayd/net/ledger/transaction_ledger.h"

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
  EXPECT_EQ(ledger_->mails_in_doubt().size(), 1U);
}

// By its timer alone: a process that is killed then has lost nothing that is a moment old.
TEST_F(Ledger, WhatNobodyWaitsForIsWrittenWithoutCompany) {
  open();
  record_outcome(kTransaction);
  ledger_->forget_outcome("birl", kTransaction);
  EXPECT_GT(io_.run_one_for(kPatience), 0U) << "nothing is under way that would write it";
}

// What one user has in doubt costs no other user, and no other site.
TEST_F(Ledger, EachUserHasItsOwnBound) {
  open();
  ledger_->set_max_of_user(2);
  const auto record = [&](char name, const std::string& site, std::uint32_t user) {
    std::optional<std::string> said;
    ledger_->record_doubt(
        site, std::string(16, name), kRecipient,
        [&](const base::Result<void>& result) { said = result ? "" : result.error().message; }, user);
    while (!said && io_.run_one_for(kPatience) > 0) {
    }
    return said.value_or("never said");
  };
  EXPECT_EQ(record('a', "birl", 1000), "");
  EXPECT_EQ(record('b', "birl", 1000), "");
  EXPECT_EQ(record('c', "birl", 1000),
            "hub tokyo: user 1000 has 2 recipients in doubt at birl, no more are kept; see relayctl doubts");
  EXPECT_EQ(record('d', "birl", 1001), "");
  EXPECT_EQ(record('e', "osaka", 1000), "");
  EXPECT_EQ(record('f', "birl", ledger::Doubts::kNoUser), "");
  ledger_->settle_doubt(std::string(16, 'a'));
  EXPECT_EQ(record('g', "birl", 1000), "");
}

// Clients on other machines have bounds of their own, and so has the site as a whole; rows of before a
// restart count.
TEST_F(Ledger, ClientsElsewhereAndTheSiteAreBoundedAfterARestartToo) {
  open();
  const TransactionLedger::Bounds bounds{.of_client = 2, .of_site = 4, .few = 1, .outcomes_of_site = 2};
  ledger_->set_bounds(bounds);
  const auto record = [&](char name, const ledger::Client& client) {
    std::optional<std::string> said;
    ledger_->record_doubt(
        "birl", std::string(16, name), kRecipient,
        [&](const base::Result<void>& result) { said = result ? "" : result.error().message; }, client);
    while (!said && io_.run_one_for(kPatience) > 0) {
    }
    return said.value_or("never said");
  };
  const ledger::Client remote(ledger::Client::kNoUser, "192.0.2.7");
  EXPECT_EQ(record('a', remote), "");
  EXPECT_EQ(record('b', remote), "");
  open();
  ledger_->set_bounds(bounds);
  EXPECT_EQ(record('c', remote),
            "hub tokyo: client 192.0.2.7 has 2 recipients in doubt at birl, no more are kept; see relayctl "
            "doubts");
  EXPECT_EQ(record('d', 1000), "");
  EXPECT_EQ(record('e', 1001), "");
  EXPECT_EQ(record('f', 1001),
            "hub tokyo: user 1001 has 1 recipients in doubt at birl, no more are kept; see relayctl doubts");
  EXPECT_EQ(record('g', {}),
            "hub tokyo: there are 4 recipients in doubt at birl, no more are kept; see relayctl doubts");
  EXPECT_EQ(record('h', 1002), "") << "others' many are not a new one's trouble";
}

// A peer that never settles, and one that settles what is not there.
TEST_F(Ledger, OutcomesOfASiteAreBounded) {
  open();
  ledger_->set_bounds({.of_client = 2, .of_site = 4, .few = 1, .outcomes_of_site = 2});
  EXPECT_FALSE(ledger_->too_many_outcomes("birl"));
  record_outcome(std::string(16, 'a'));
  record_outcome(std::string(16, 'b'));
  EXPECT_EQ(
      ledger_->too_many_outcomes("birl"),
      "hub tokyo: the outcomes of 2 mails from birl are kept, because its relayd has not said that its MTA "
      "has them; no more are kept");
  EXPECT_FALSE(ledger_->too_many_outcomes("osaka"));
  ledger_->forget_outcome("birl", std::string(16, 'a'));
  EXPECT_FALSE(ledger_->too_many_outcomes("birl"));
  while (io_.run_one_for(std::chrono::milliseconds(300)) > 0) {
  }
  for (int i = 0; i < 1000; ++i)
    ledger_->forget_outcome("birl", std::string(16, 'z'));
  EXPECT_EQ(io_.run_one_for(std::chrono::milliseconds(300)), 0U) << "nothing is written for that";
}

}  // namespace
}  // namespace tsmtp::net
