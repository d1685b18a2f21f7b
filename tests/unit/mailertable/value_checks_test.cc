#include "mailertable/checks/value_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>

#include "relayd/base/bytes.h"
#include "tests/unit/mailertable/findings.h"

namespace tsmtp::mailertable {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

// What sendmail 8.17's rules made of each of these values was seen in `sendmail -bt`.
constexpr const char* kKey = "birl.example\t";  // the value begins in column 14

class GoodValue : public testing::TestWithParam<const char*> {};

TEST_P(GoodValue, IsAccepted) {
  EXPECT_THAT(findings(std::string(kKey) + GetParam() + "\n"), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(ValueChecks, GoodValue,
                         testing::Values("tsmtp:/run/tsmtp/birl.sock", "tsmtp:[127.0.5.2]",
                                         "tsmtp:[birl.tsmtp]", "TSMTP:[127.0.5.2]", "tsmtp: [127.0.5.2]",
                                         "tsmtp :[127.0.5.2]", "tsmtp:[IPv6:::1]", "esmtp:hub.birl.example",
                                         "relay:[192.0.2.1]", "esmtp:[192.0.2.1]:[192.0.2.2]",
                                         "error:4.4.1:451 4.4.1 the link is down # now",
                                         "error:nohost:no such host", "error:5.1.1:\"550 User unknown\"",
                                         "local:joe", "local:", "procmail:/etc/procmailrcs/x",
                                         "uucp-dom:birl", "prog:/bin/x y"));

// A dot that ends a name, and blanks that the tokenizer drops, are right.
INSTANTIATE_TEST_SUITE_P(HarmlessSpellings, GoodValue,
                         testing::Values("esmtp:hub.birl.example.", "esmtp:[hub.birl.example.]",
                                         "tsmtp:[ 127.0.5.2 ]", "tsmtp:[127.0.5.2 ]",
                                         "esmtp:[ hub.birl.example ]", "error:4.4.1:451 held",
                                         "error:tempfail:451 held", "error:75:held", "error:gone for good",
                                         "error:5.1.1:\"550 (so it is)\""));

TEST(ValueChecks, WhatTheKeyLeavesOverMayBeUsed) {
  EXPECT_THAT(
      findings(
          ".birl.example\ttsmtp:[%1]\n.gmd.example\tsmtp:%1.x.example\n.\tsmtp:[%0]\ngmd.example\tsmtp:[%0]\n"
          "birl.example\ttsmtp:[127.0.5.2]\n"),
      Not(testing::Contains(HasSubstr("%"))));
}

struct BadValue {
  std::string value;
  std::string begins;  ///< after "table:1:"
  std::string advises;
};

// The name of the test in CTest's list, which must be the same in every run, and which a ';' would break.
void PrintTo(const BadValue& bad, std::ostream* out) {
  std::string name = base::escaped(bad.value, 60);
  std::replace(name.begin(), name.end(), ';', '_');
  *out << name;
}

class OddValue : public testing::TestWithParam<BadValue> {};

TEST_P(OddValue, IsReportedWithPlaceAndAdvice) {
  EXPECT_THAT(findings(kKey + GetParam().value + "\n"),
              ElementsAre(AllOf(StartsWith("table:1:" + GetParam().begins), HasSubstr(GetParam().advises))));
}

constexpr const char* kInClear = "14: error: the value does not begin with a mailer and a colon";

INSTANTIATE_TEST_SUITE_P(
    NoMailer, OddValue,
    testing::Values(BadValue{"[127.0.5.2]", kInClear, "in clear; write tsmtp:[127.0.5.2]"},
                    BadValue{"hub.birl.example", kInClear, "write tsmtp:[hub.birl.example]"},
                    BadValue{"tsmtp[127.0.5.3]", kInClear, "write tsmtp:[127.0.5.3]"},
                    BadValue{"esmtp [192.0.2.1]", kInClear, "write esmtp:[192.0.2.1]"},
                    BadValue{"tsmtp;127.0.5.3", kInClear, "write tsmtp:[127.0.5.3]"},
                    BadValue{"tsmtp", kInClear, "write tsmtp:["},
                    BadValue{":[127.0.5.2]", kInClear, "write tsmtp:["},
                    BadValue{"tsm.tp:[127.0.5.2]", kInClear, "write tsmtp:["},
                    BadValue{"\"tsmtp:[127.0.5.2]\"", "14: error: quotes", "without them"},
                    BadValue{"tsmtp:\"[127.0.5.2]\"", "20: error: quotes", "without them"},
                    BadValue{"\"tsmtp:[127.0.5.2]", "14: error: unbalanced", "in clear"}));

INSTANTIATE_TEST_SUITE_P(Arguments, OddValue,
                         testing::Values(BadValue{"tsmtp:[%1]", "21: warning: %1 is empty here",
                                                  "\".birl.example\""},
                                         BadValue{"smtp:%1.birl.example", "19: warning: %1 is empty here",
                                                  "write the name itself"}));

INSTANTIATE_TEST_SUITE_P(
    ErrorMailer, OddValue,
    testing::Values(
        BadValue{"error:5.1.1", "20: error: \"5.1.1\" alone", "write error:5.1.2:550"},
        BadValue{"error:550", "20: error: \"550\" alone", "write error:5.1.2:550"},
        BadValue{"error:nohost", "20: error: \"nohost\" alone", "write error:5.1.2:550"},
        BadValue{"error:nohost:", "27: error: no text", "write error:5.1.2:550"},
        BadValue{"error:5.1.2:550", "26: error: no text", "write error:5.1.2:550"},
        BadValue{"error:4.4.1:\"451\"", "26: error: no text", "write error:5.1.2:550"},
        BadValue{"error:nohots:gone", "20: error: \"nohots\" is no status", "did you mean \"nohost\"?"},
        BadValue{"error:9.1.1:gone", "20: error: \"9.1.1\" is no status", "write error:"},
        BadValue{"error:5.1:gone", "20: error: \"5.1\" is no status", "write error:"},
        BadValue{"error:5.1.2:550 gone (for good)", "35: warning: text in parentheses", "in double quotes"},
        BadValue{"error:5.1.2:550 gone :-)", "37: error: a parenthesis", "in double quotes"},
        BadValue{"error:5.1.2:451 gone", "26: warning: the code 451 keeps", "let both say the same"},
        BadValue{"error:4.4.1:550 gone", "26: warning: the code 550 bounces", "let both say the same"},
        BadValue{"discard:x", "14: warning: all mail for this key is thrown away", "write error:"}));

TEST(ValueChecks, TheKeyItselfIsNoHostBelowADomain) {
  EXPECT_THAT(findings(".birl.example\tesmtp:[%0]\n"),
              testing::Contains(HasSubstr("warning: %0 is the key itself here")));
}

INSTANTIATE_TEST_SUITE_P(
    UnknownMailer, OddValue,
    testing::Values(BadValue{"tsmpt:[127.0.5.2]", "14: error: unknown mailer \"tsmpt\"",
                             "did you mean \"tsmtp\"?"},
                    BadValue{"paper:x", "14: error: unknown mailer \"paper\"", "--mailer paper"},
                    BadValue{"phquery:x", "14: error: unknown mailer \"phquery\"", "--mailer phquery"}));

INSTANTIATE_TEST_SUITE_P(NothingBehindTheColon, OddValue,
                         testing::Values(BadValue{"tsmtp:", "20: error: no host", "write tsmtp:[127.0.5.2]"},
                                         BadValue{"esmtp: ", "20: error: no host", "write esmtp:"},
                                         BadValue{"uucp:", "19: error: nothing behind", "write uucp:HOST"},
                                         BadValue{"error:", "20: error: no text", "write error:5.1.2:550"}));

INSTANTIATE_TEST_SUITE_P(
    Notes, OddValue,
    testing::Values(BadValue{"tsmtp:[127.0.5.2] # note", "32: error: a note", "on a line of its own"},
                    BadValue{"tsmtp:[127.0.5.2]# note", "31: error: a note", "on a line of its own"},
                    BadValue{"local:joe # note", "24: error: a note", "on a line of its own"},
                    BadValue{"tsmtp:[127.0.5.2] note", "31: error: blank in the host",
                             "write tsmtp:[127.0.5.2]"},
                    BadValue{"tsmtp:[127.0.5.2] (note)", "32: warning: a note", "on a line of its own"},
                    BadValue{"tsmtp:[127.0.5.2] \t", "31: warning: blanks behind the value", "remove them"},
                    BadValue{"tsmtp:[127.0.5.2]\r", "31: warning: lines end in CR LF", "convert the file"}));

INSTANTIATE_TEST_SUITE_P(
    Hosts, OddValue,
    testing::Values(
        BadValue{"tsmtp:[127.0.5.2]:5001", "32: error: \"5001\" would be a second host, not a port",
                 "write tsmtp:[127.0.5.2]"},
        BadValue{"tsmtp:[127.0.5.2]:[127.0.5.3]", "32: warning: a second host", "arrives twice"},
        BadValue{"tsmtp:birl.tsmtp", "20: warning: a name without brackets", "write [birl.tsmtp]"},
        BadValue{"tsmtp:127.0.5.2", "20: warning: an address without brackets", "write [127.0.5.2]"},
        BadValue{"smtp:192.0.2.1", "19: warning: an address without brackets", "write [192.0.2.1]"},
        BadValue{"tsmtp:joe@[127.0.5.2]", "20: error: sendmail would rewrite every recipient",
                 "write tsmtp:[127.0.5.2]"},
        BadValue{"esmtp:joe@[192.0.2.1]", "20: warning: sendmail will send all mail",
                 "write esmtp:[192.0.2.1]"},
        BadValue{"tsmtp:[127.0.5.2", "20: error: '[' without ']'", "write [127.0.5.2]"},
        BadValue{"tsmtp:[127.0.5.2]x", "31: error: \"x\" behind the bracket", "write tsmtp:[127.0.5.2]"},
        BadValue{"tsmtp:[::1]", "21: error: an IPv6 address needs its tag", "write [IPv6:::1]"},
        BadValue{"tsmtp:[192.0.2.1]", "20: warning: [192.0.2.1] is not this host", "in clear"},
        BadValue{"tsmtp:[127.0.5.2],", "32: error: no host here", "remove"},
        BadValue{"relay:hub%", "23: error: a '%' at the end", "write %%"},
        BadValue{"tsmtp:[]", "21: error: no host", "[127.0.5.2]"},
        BadValue{"tsmtp:[hub_.b;x]", "21: error: no host: character ';'", "[127.0.5.2]"}));

TEST(ValueChecks, LetTheAdministratorNameMailers) {
  Mailers mailers;
  mailers.add("Paper");
  EXPECT_THAT(findings("birl.example paper:x\n", mailers), IsEmpty());
}

TEST(ValueChecks, ReportSeveralMistakesOfOneValue) {
  EXPECT_THAT(findings("birl.example tsmtp:joe@127.0.5.2:5001\n"),
              ElementsAre(StartsWith("table:1:20: error: sendmail would rewrite"),
                          StartsWith("table:1:24: warning: an address without brackets"),
                          StartsWith("table:1:34: error: \"5001\"")));
}

}  // namespace
}  // namespace tsmtp::mailertable
