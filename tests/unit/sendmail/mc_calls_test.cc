#include "sendmail/plan/mc_calls.h"

#include <gtest/gtest.h>

#include <string>

namespace tsmtp::sendmail {
namespace {

TEST(McCalls, HasMacroArgumentsAndLines) {
  const std::string mc = "x\nFEATURE(`access_db', , `skip')dnl note\nMAILER(`smtp')\n";
  const auto calls = calls_of(mc);
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_TRUE(calls[0].is("FEATURE", "access_db"));
  EXPECT_EQ(calls[0].argument(1), "");
  EXPECT_EQ(calls[0].argument(2), "skip");
  EXPECT_EQ(calls[0].line, 2);
  EXPECT_EQ(calls[0].line_begin, 2U);
  EXPECT_EQ(mc.substr(calls[0].line_end, 6), "MAILER");
  EXPECT_EQ(calls[1].line_end, mc.size());
}

TEST(McCalls, WhatStandsBehindDnlOrInQuotesIsNone) {
  EXPECT_TRUE(calls_of("dnl MAILER(`smtp')\n").empty());
  EXPECT_TRUE(calls_of("ifdef(`x', `MAILER(`smtp')')dnl\n").empty());
  EXPECT_TRUE(calls_of("# MAILER(`smtp')\n").empty());
  EXPECT_TRUE(calls_of("MYMAILER(`smtp') _MAILER(`x')\n").empty());
}

TEST(McCalls, BehindSendmailsOwnMacrosAHashBeginsNoComment) {
  const auto calls = calls_of("include(`/usr/share/sendmail/cf/m4/cf.m4')dnl\n# MAILER(`smtp')\n");
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_TRUE(calls[1].is("MAILER", "smtp"));
}

TEST(McCalls, ArgumentsMayHaveQuotesParenthesesAndLines) {
  const auto calls = calls_of("define(`confX',dnl\n`a, (b) `c'')dnl\ndefine(`E', f(1, 2))\n");
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_EQ(calls[0].line, 1);
  EXPECT_EQ(calls[1].argument(1), "f(1, 2)");
  EXPECT_EQ(calls[1].line, 3);
}

TEST(McCalls, AnIncludedFileIsReadWhereItStands) {
  const std::string mc =
      "include(`/opt/cf/m4/cf.m4')dnl\nDOMAIN(`ours')dnl\n# include(`more.m4')dnl\nMAILER(`local')\n";
  const auto calls = calls_of(mc, [](const std::string& path) -> std::optional<std::string> {
    if (path == "/opt/cf/domain/ours.m4") return "FEATURE(redirect)\n";
    if (path == "/etc/mail/more.m4") return "\nsinclude(`more.m4')MAILER(`smtp')\n";
    return std::nullopt;
  });
  ASSERT_GE(calls.size(), 6U);
  EXPECT_TRUE(calls[2].is("FEATURE", "redirect"));
  EXPECT_EQ(calls[2].file, "/opt/cf/domain/ours.m4");
  EXPECT_EQ(mc.substr(calls[2].line_begin, 6), "DOMAIN");
  const McCall& deepest = calls[calls.size() - 2];
  EXPECT_TRUE(deepest.is("MAILER", "smtp"));
  EXPECT_EQ(deepest.line, 2);
  EXPECT_EQ(mc.substr(deepest.line_end, 6), "MAILER");
}

TEST(McCalls, NothingBreaksIt) {
  for (const std::string text :
       {"", "MAILER", "MAILER(", "MAILER(`", "FEATURE(`a', (", "`", "'", "dnl", "MAILER(`x')"})
    (void)calls_of(text);
  EXPECT_EQ(calls_of("MAILER(`x')").front().line_end, 11U);
}

}  // namespace
}  // namespace tsmtp::sendmail
