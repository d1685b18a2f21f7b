// An administrator's typical mistakes, each in an otherwise right table: every one is found, and the message
// says what to write.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/mailertable/findings.h"

namespace tsmtp::mailertable {
namespace {

using testing::Contains;
using testing::HasSubstr;

struct Mistake {
  const char* name;
  std::string line;
  const char* advice;
};

void PrintTo(const Mistake& mistake, std::ostream* out) {
  *out << mistake.name;
}

class Mistakes : public testing::TestWithParam<Mistake> {};

TEST_P(Mistakes, AreFoundAtTheirLine) {
  const std::string text =
      "gmd.example\ttsmtp:[127.0.5.3]\n" + GetParam().line + "\nlab.example\terror:nohost:gone\n";
  EXPECT_THAT(findings(text),
              Contains(testing::AllOf(testing::StartsWith("table:2:"), HasSubstr(GetParam().advice))));
}

INSTANTIATE_TEST_SUITE_P(
    Typical, Mistakes,
    testing::Values(
        Mistake{"no_mailer", "birl.example\t[127.0.5.2]", "write tsmtp:[127.0.5.2]"},
        Mistake{"misspelt_mailer", "birl.example\ttsmpt:[127.0.5.2]", "did you mean \"tsmtp\"?"},
        Mistake{"no_brackets", "birl.example\ttsmtp:birl.tsmtp", "write [birl.tsmtp]"},
        Mistake{"no_brackets_about_an_address", "birl.example\ttsmtp:127.0.5.2", "write [127.0.5.2]"},
        Mistake{"a_port", "birl.example\ttsmtp:[127.0.5.2]:5000", "write tsmtp:[127.0.5.2]"},
        Mistake{"a_port_within_the_brackets", "birl.example\ttsmtp:[127.0.5.2:5000]",
                "write an address in brackets"},
        Mistake{"a_note_behind", "birl.example\ttsmtp:[127.0.5.2] # the site", "on a line of its own"},
        Mistake{"no_value", "birl.example", "write a blank and the route behind it"},
        Mistake{"a_blank_before", " birl.example\ttsmtp:[127.0.5.2]", "in the first column"},
        Mistake{"a_star", "*.birl.example\ttsmtp:[127.0.5.2]", "write \".birl.example\""},
        Mistake{"a_trailing_dot", "birl.example.\ttsmtp:[127.0.5.2]", "write \"birl.example\""},
        Mistake{"an_address_as_key", "joe@birl.example\ttsmtp:[127.0.5.2]", "use the virtusertable"},
        Mistake{"a_colon_behind_the_key", "birl.example:\ttsmtp:[127.0.5.2]", "write \"birl.example\""},
        Mistake{"the_same_twice", "gmd.example\ttsmtp:[127.0.5.2]", "line 1 has it already"},
        Mistake{"umlauts",
                "b\xC3\xBC"
                "cher.example\ttsmtp:[127.0.5.2]",
                "xn--bcher-kva.example"},
        Mistake{"capitals", "Birl.Example\ttsmtp:[127.0.5.2]", "write \"birl.example\""},
        Mistake{"quotes", "birl.example\t\"tsmtp:[127.0.5.2]\"", "without them"},
        Mistake{"two_hosts", "birl.example\ttsmtp:[127.0.5.2]:[127.0.5.4]", "name one site address"},
        Mistake{"the_remote_address", "birl.example\ttsmtp:[192.0.2.1]", "write the site's address"},
        Mistake{"below_only", ".birl.example\ttsmtp:[127.0.5.2]", "add a line \"birl.example\""},
        Mistake{"a_bracket_too_few", "birl.example\ttsmtp:[127.0.5.2", "write [127.0.5.2]"},
        Mistake{"a_user", "birl.example\ttsmtp:joe@[127.0.5.2]", "write tsmtp:[127.0.5.2]"},
        Mistake{"a_semicolon", "birl.example\ttsmtp;[127.0.5.2]", "write tsmtp:[127.0.5.2]"},
        Mistake{"an_equals_sign", "birl.example = tsmtp:[127.0.5.2]",
                "the value does not begin with a mailer"},
        Mistake{"dos_line_ends", "birl.example\ttsmtp:[127.0.5.2]\r", "dos2unix"},
        Mistake{"no_host", "birl.example\ttsmtp:", "write tsmtp:[127.0.5.2]"}),
    [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace tsmtp::mailertable
