// Replies leave in the order of the commands, whatever the order in which they are given.
#include "relayd/smtp/owed_replies.h"

#include <gtest/gtest.h>

namespace tsmtp::smtp {
namespace {

using Kind = OwedReplies::Kind;

void give(OwedReplies& owed, Ticket ticket, int code) {
  owed.find(ticket)->reply = make_reply(code, "", "text");
}

TEST(OwedReplies, LeaveInTheOrderOfTheCommands) {
  OwedReplies owed;
  const Ticket mail = owed.owe(Kind::kMail), rcpt = owed.owe(Kind::kRcpt);
  give(owed, rcpt, 251);
  EXPECT_FALSE(owed.take_ready());
  give(owed, mail, 250);
  EXPECT_EQ(owed.take_ready()->reply->code, 250);
  EXPECT_EQ(owed.take_ready()->reply->code, 251);
  EXPECT_FALSE(owed.take_ready());
  EXPECT_TRUE(owed.empty());
}

TEST(OwedReplies, NoTicketIsGivenTwiceNorFoundAfterItsReplyHasLeft) {
  OwedReplies owed;
  const Ticket first = owed.owe(Kind::kMail);
  give(owed, first, 250);
  EXPECT_TRUE(owed.take_ready());
  const Ticket dropped = owed.owe(Kind::kRcpt);
  owed.drop();
  const Ticket later = owed.owe(Kind::kRcpt);
  EXPECT_LT(first, dropped);
  EXPECT_LT(dropped, later);
  EXPECT_FALSE(owed.find(first));
  EXPECT_FALSE(owed.find(dropped));
  EXPECT_FALSE(owed.find(later + 1));
  EXPECT_TRUE(owed.find(later));
}

}  // namespace
}  // namespace tsmtp::smtp
