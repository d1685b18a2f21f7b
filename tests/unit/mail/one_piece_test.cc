// What the client waits for nothing from crosses the link together: a small mail in one piece. Here nothing
// but what is written sends it; in the scripts of other tests, time passes after each command.
#include <gtest/gtest.h>

#include "tests/unit/mail/near_end.h"

namespace tsmtp::mail {
namespace {

constexpr char kMail[] = "MAIL FROM:<a@tokyo.example>\r\n";
constexpr char kRcpt[] = "RCPT TO:<x@birl.example>\r\n";

class OnePiece : public testing::Test {
 protected:
  void SetUp() override {
    near_.settings.rules.max_message_bytes = 0;
    near_.connect();
  }

  /// The client sends these, one after the other.
  void client(std::initializer_list<std::string> pieces) {
    for (const std::string& piece : pieces)
      near_.client(piece);
    near_.intake->output().clear();
  }
  void expect_crossed(const std::string& words) { near_.run("L " + words); }

  NearEnd near_;
};

TEST_F(OnePiece, ASmallMailCrossesWhenAllOfItIsHere) {
  client({kMail, kRcpt, "DATA\r\n", "hello\r\n"});
  expect_crossed("-");
  client({".\r\n"});
  expect_crossed("Mail Rcpt Data Content record(1)");
  EXPECT_EQ(near_.host.content, "hello\r\n");
}

TEST_F(OnePiece, ALargeOneDoesNotWait) {
  client({kMail, kRcpt, "DATA\r\n", std::string(20'000, 'x')});
  expect_crossed("Mail Rcpt Data Content");
}

TEST_F(OnePiece, WhatAddsUpToALargeOneDoesNotWaitEither) {
  client({kMail, kRcpt, "DATA\r\n", std::string(10'000, 'x')});
  expect_crossed("-");
  client({std::string(10'000, 'y')});
  expect_crossed("Mail Rcpt Data Content");
  client({"\r\n.\r\n"});
  expect_crossed("Content record(1)");
  EXPECT_EQ(near_.host.content, std::string(10'000, 'x') + std::string(10'000, 'y') + "\r\n");
}

TEST_F(OnePiece, AVerdictThatIsAwaitedIsAskedForAtOnce) {
  client({kMail, kRcpt});
  expect_crossed("-");
  client({kRcpt});
  expect_crossed("Mail Rcpt Rcpt");
}

TEST_F(OnePiece, AClientThatTakesItsTimeIsNotWaitedFor) {
  client({kMail});
  near_.intake->tick(near_.now);
  expect_crossed("Mail");
}

TEST_F(OnePiece, WhatIsGivenUpBeforeNeverCrosses) {
  client({kMail, kRcpt, "RSET\r\n"});
  expect_crossed("reset(1)");
}

TEST(OnePieceLate, WithoutEarlyRepliesEachCommandCrosses) {
  NearEnd near(false);
  near.connect();
  near.client(kMail);
  near.run("L Mail");
}

}  // namespace
}  // namespace tsmtp::mail
