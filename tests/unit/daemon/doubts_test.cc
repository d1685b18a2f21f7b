#include "relayd/daemon/doubts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sysexits.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>

#include "relayd/control/request.h"
#include "tests/support/temporary_directory.h"

namespace tsmtp::daemon {
namespace {

using testing::HasSubstr;

const std::string kMail(32, 'm');

class Log : public base::Logger {
 public:
  void log(base::LogLevel, std::string_view text) override { last = text; }
  std::string last;
};

class ForgetMail : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = net::TransactionLedger::open(io_.get_executor(), "tokyo", directory_.file("ledger"), log_);
    ASSERT_TRUE(opened) << opened.error().message;
    ledger_ = std::move(*opened);
    in_doubt("\x3f\x6c", 1000);
    in_doubt("\x3f\x60", ledger::Doubts::kNoUser);
  }

  /// A mail in doubt whose transaction begins so.
  void in_doubt(const std::string& begin, std::uint32_t user) {
    const std::string transaction = begin + std::string(16 - begin.size(), '\x11');
    bool recorded = false;
    ledger_->record_doubt(
        "birl", transaction, {{.index = 0, .mail = kMail, .address = std::string(32, 'a')}},
        [&](const base::Result<void>& result) { recorded = result.has_value(); }, user);
    while (!recorded && io_.run_one_for(std::chrono::seconds(60)) > 0) {
    }
    ASSERT_TRUE(recorded);
    ledger_->mark_in_doubt(transaction);
  }
  [[nodiscard]] std::size_t left() const { return ledger_->mails_in_doubt().size(); }

  support::TemporaryDirectory directory_;
  Log log_;
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
  std::unique_ptr<net::TransactionLedger> ledger_;
};

TEST_F(ForgetMail, WhatIsShown) {
  const auto shown = mails_in_doubt(*ledger_, base::WallTime());
  ASSERT_EQ(shown.mails.size(), 2U);
  const control::MailInDoubt& first = shown.mails.front();
  EXPECT_EQ(first.id, "3f6c" + std::string(28, '1'));
  EXPECT_EQ(first.user, 1000U);
  EXPECT_EQ(first.forgotten - first.since, std::chrono::hours(168));
  EXPECT_FALSE(shown.mails.back().user);
}

TEST_F(ForgetMail, ByAPrefixThatIsUnique) {
  const std::string many = forget_mail(*ledger_, log_, "3f6");
  EXPECT_EQ(control::reply_exit_status(many), EX_DATAERR);
  EXPECT_THAT(many, HasSubstr("more than one mail in doubt"));
  EXPECT_EQ(left(), 2U);
  EXPECT_THAT(forget_mail(*ledger_, log_, "3F6C"),
              HasSubstr("mail 3f6c11111111 for birl (1 recipient) is forgotten"));
  EXPECT_THAT(log_.last, HasSubstr("relayctl: mail 3f6c11111111 for birl"));
  EXPECT_EQ(left(), 1U);
}

TEST_F(ForgetMail, WhatIsNotThere) {
  for (const char* id : {"", "4", "3f6c111111111111111111111111111111", "3f6c\x1b"})
    EXPECT_EQ(control::reply_exit_status(forget_mail(*ledger_, log_, id)), EX_DATAERR) << id;
  EXPECT_EQ(left(), 2U);
}

// It is about to be settled, and whoever tries it waits for the answer.
TEST_F(ForgetMail, NotWhileItIsTriedAgain) {
  ASSERT_TRUE(ledger_->claim_doubt("birl", kMail));
  const std::string reply = forget_mail(*ledger_, log_, "3f6c");
  EXPECT_EQ(control::reply_exit_status(reply), EX_TEMPFAIL);
  EXPECT_THAT(reply, HasSubstr("is being tried again just now"));
  EXPECT_EQ(left(), 2U);
}

}  // namespace
}  // namespace tsmtp::daemon
