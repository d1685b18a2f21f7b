#include "relayd/mail/refused_recipients.h"

#include <gtest/gtest.h>

namespace tsmtp::mail {
namespace {

TEST(RefusedRecipients, AreKnownUntilAccepted) {
  RefusedRecipients memory;
  EXPECT_FALSE(memory.contains("x"));
  memory.refused("x");
  memory.refused("x");
  EXPECT_TRUE(memory.contains("x"));
  memory.accepted("y");
  EXPECT_TRUE(memory.contains("x"));
  memory.accepted("x");
  EXPECT_FALSE(memory.contains("x"));
}

TEST(RefusedRecipients, TheOldestIsForgottenFirst) {
  RefusedRecipients memory(2);
  memory.refused("x");
  memory.refused("y");
  memory.accepted("x");
  memory.refused("z");
  EXPECT_TRUE(memory.contains("y"));
  memory.refused("x");
  EXPECT_FALSE(memory.contains("y"));
  EXPECT_TRUE(memory.contains("z"));
  EXPECT_TRUE(memory.contains("x"));
}

}  // namespace
}  // namespace tsmtp::mail
