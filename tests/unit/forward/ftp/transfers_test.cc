#include "relayd/forward/ftp/transfers.h"

#include <gtest/gtest.h>

namespace tsmtp::forward::ftp {
namespace {

constexpr DataName kPassive{.is_active = false, .token = 1};
constexpr DataName kActive{.is_active = true, .token = 1};

std::string ended(Transfers& transfers) {
  std::string text;
  for (const Transfer& one : transfers.take())
    text += (text.empty() ? "" : "; ") + one.verb + ' ' + one.name + ' ' + std::to_string(one.bytes) + ' ' +
            std::to_string(one.code) + (one.was_cut ? " cut" : "");
  return text;
}

TEST(FtpTransfers, EndsWithReplyAndConnectionInAnyOrder) {
  Transfers transfers;
  transfers.opening(kPassive);
  transfers.begun("RETR", "a");
  transfers.connected(kPassive);
  transfers.answered(150);
  transfers.answered(226);
  EXPECT_EQ(ended(transfers), "");
  transfers.closed(kPassive, 5, false);
  EXPECT_EQ(ended(transfers), "RETR a 5 226");

  transfers.opening(kActive);
  transfers.begun("STOR", "b");
  transfers.answered(150);
  transfers.connected(kActive);
  transfers.closed(kActive, 7, false);
  EXPECT_EQ(ended(transfers), "");
  transfers.answered(226);
  EXPECT_EQ(ended(transfers), "STOR b 7 226");
}

TEST(FtpTransfers, AConnectionThatIsSeenLateIsWaitedFor) {
  Transfers transfers;
  transfers.opening(kActive);
  transfers.begun("RETR", "small");
  transfers.answered(150);
  transfers.answered(226);
  EXPECT_EQ(ended(transfers), "");
  transfers.connected(kActive);
  transfers.closed(kActive, 1, false);
  EXPECT_EQ(ended(transfers), "RETR small 1 226");
}

TEST(FtpTransfers, ARefusalMovesNothing) {
  Transfers transfers;
  transfers.begun("LIST", "");
  transfers.answered(425);
  EXPECT_EQ(ended(transfers), "LIST  0 425");
  transfers.opening(kPassive);
  transfers.connected(kPassive);
  transfers.begun("RETR", "none");
  transfers.answered(550);
  EXPECT_EQ(ended(transfers), "RETR none 0 550");
  transfers.begun("RETR", "there");
  transfers.answered(150);
  transfers.closed(kPassive, 3, false);
  transfers.answered(226);
  EXPECT_EQ(ended(transfers), "RETR there 3 226") << "the connection served the next command";
}

TEST(FtpTransfers, PipelinedOnesHaveTheirOwnConnections) {
  Transfers transfers;
  transfers.opening({.is_active = true, .token = 1});
  transfers.begun("RETR", "a");
  transfers.opening({.is_active = true, .token = 2});
  transfers.begun("RETR", "b");
  transfers.connected({.is_active = true, .token = 1});
  transfers.answered(150);
  transfers.answered(226);
  transfers.connected({.is_active = true, .token = 2});
  transfers.closed({.is_active = true, .token = 2}, 2, false);
  transfers.answered(150);
  transfers.answered(226);
  EXPECT_EQ(ended(transfers), "RETR b 2 226");
  transfers.closed({.is_active = true, .token = 1}, 1, false);
  EXPECT_EQ(ended(transfers), "RETR a 1 226");
}

TEST(FtpTransfers, SaysWhenItWasCut) {
  Transfers transfers;
  transfers.opening(kPassive);
  transfers.begun("RETR", "a");
  transfers.connected(kPassive);
  transfers.answered(150);
  transfers.closed(kPassive, 9, true);
  transfers.answered(426);
  EXPECT_EQ(ended(transfers), "RETR a 9 426 cut");
  transfers.begun("STOR", "b");
  transfers.lost();
  EXPECT_EQ(ended(transfers), "STOR b 0 0 cut");
}

TEST(FtpTransfers, IsBounded) {
  Transfers transfers;
  for (Token token = 1; token < 1000; ++token) {
    transfers.opening({.is_active = true, .token = token});
    transfers.begun("RETR", std::string(10000, 'x'));
    transfers.answered(226);  // and no connection ever
  }
  const auto all = transfers.take();
  EXPECT_GE(all.size(), 999U - Transfers::kMaxWaiting - 1);
  EXPECT_EQ(all.front().name.size(), Transfers::kMaxNameBytes);
}

}  // namespace
}  // namespace tsmtp::forward::ftp
