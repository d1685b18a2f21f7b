#include "sendmail/host/agreement.h"

#include <gtest/gtest.h>

#include "sendmail/host/sendmail_control.h"
#include "tests/support/temporary_directory.h"

namespace tsmtp::sendmail {
namespace {

TEST(Agreement, CommentsAndTheirDatesAreNoEdits) {
  EXPECT_EQ(first_edit("##### built on Monday\nO A=1\nO B=2\n### x ###\n# y\n",
                       "##### built on Sunday\nO A=1\n\nO B=2\n"),
            "");
}

TEST(Agreement, AnEditOfSendmailCfIsFound) {
  EXPECT_EQ(first_edit("O A=1\nO B=3\n", "O A=1\nO B=2\n"), "O B=3");
  EXPECT_EQ(first_edit("O A=1\nO A=1\n", "O A=1\n"), "O A=1");
  EXPECT_EQ(first_edit("O A=1\n", "O A=1\nO B=2\n"), "O B=2");
}

TEST(Agreement, AKeyThatOnlyTheDatabaseHasIsFound) {
  const support::TemporaryDirectory scratch;
  for (const char* type : {"hash", "btree"}) {
    const auto bytes = make_map("A.example\tsmtp:[x]\nb.example\tsmtp:[y]\nb.example\tsmtp:[z]\n",
                                {type, "/etc/mail/mailertable"}, scratch.path());
    ASSERT_TRUE(bytes) << bytes.error().message;
    EXPECT_EQ(lost_key(*bytes, "a.example\tother\nb.example\tother\nc.example x\n"), "");
    EXPECT_EQ(lost_key(*bytes, "b.example\tother\n"), "a.example");
  }
  EXPECT_EQ(lost_key("", ""), "");
}

}  // namespace
}  // namespace tsmtp::sendmail
