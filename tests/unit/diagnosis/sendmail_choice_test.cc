// What sendmail's address test mode says, as 8.17 and 8.18 say it.
#include "relayd/diagnosis/sendmail_choice.h"

#include <gtest/gtest.h>

namespace tsmtp::diagnosis {
namespace {

const std::string kBefore =
    "ADDRESS TEST MODE (ruleset 3 NOT automatically invoked)\nEnter <ruleset> <address>\n"
    "> Cracked address = $g\nParsing envelope recipient address\n"
    "parse              input: anna < @ birl . example >\n";

TEST(SendmailChoice, MailerHostAndUser) {
  const auto choice = read_choice(kBefore + "mailer tsmtp, host [127.0.5.2], user anna@birl.example\n> ");
  ASSERT_TRUE(choice);
  EXPECT_EQ(*choice, (SendmailChoice{.mailer = "tsmtp", .host = "[127.0.5.2]", .user = "anna@birl.example"}));
}

TEST(SendmailChoice, LocalMailerHasNoHost) {
  const auto choice = read_choice(kBefore + "mailer local, user root\n> ");
  ASSERT_TRUE(choice);
  EXPECT_EQ(*choice, (SendmailChoice{.mailer = "local", .host = "", .user = "root"}));
}

TEST(SendmailChoice, RulesThatRefuseGiveAReply) {
  const auto choice =
      read_choice(kBefore + "mailer *error*, host 4.7.0, user \"451 birl.example is tunnel-only\"\n> ");
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->refusal, "451 4.7.0 birl.example is tunnel-only");
  EXPECT_TRUE(choice->mailer.empty());
}

TEST(SendmailChoice, SilenceIsAnError) {
  EXPECT_FALSE(read_choice(""));
  EXPECT_FALSE(read_choice("/etc/mail/sendmail.cf: line 0: cannot open: No such file or directory\n"));
}

}  // namespace
}  // namespace tsmtp::diagnosis
