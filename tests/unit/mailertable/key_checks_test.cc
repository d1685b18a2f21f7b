#include "mailertable/checks/key_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

#include "relayd/base/bytes.h"
#include "tests/unit/mailertable/findings.h"

namespace tsmtp::mailertable {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

std::vector<std::string> findings_of_key(const std::string& key) {
  return findings("# first\n" + key + "\ttsmtp:[127.0.5.2]\n");
}

class GoodKey : public testing::TestWithParam<const char*> {};

TEST_P(GoodKey, IsAccepted) {
  EXPECT_THAT(findings_of_key(GetParam()), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(KeyChecks, GoodKey,
                         testing::Values("birl.example", "localhost", "a_b.example", "xn--caf-dma.example",
                                         "3com.example", "host.uucp"));

struct BadKey {
  std::string key;
  std::string begins;
  std::string advises;
};

// The name of the test in CTest's list, which must be the same in every run.
void PrintTo(const BadKey& bad, std::ostream* out) {
  *out << base::escaped(bad.key, 30);
}

class OddKey : public testing::TestWithParam<BadKey> {};

TEST_P(OddKey, IsReportedWithPlaceAndAdvice) {
  EXPECT_THAT(findings_of_key(GetParam().key),
              ElementsAre(AllOf(StartsWith("table:2:" + GetParam().begins), HasSubstr(GetParam().advises))));
}

INSTANTIATE_TEST_SUITE_P(
    KeyChecks, OddKey,
    testing::Values(
        BadKey{"birl.example.", "13: error: a key with a trailing dot never matches",
               "write \"birl.example\""},
        BadKey{"joe@birl.example", "4: error: a mail address never matches", "write \"birl.example\""},
        BadKey{"[127.0.0.9]", "1: error: an address in brackets never matches", "write a domain"},
        BadKey{"127.0.0.9", "1: warning: an address as key", "user@127.0.0.9"},
        BadKey{"birl.example:", "13: error: a colon behind the key", "write \"birl.example\""},
        BadKey{"*.birl.example", "1: error: '*' is no wildcard", "write \".birl.example\""},
        BadKey{"caf\xC3\xA9.example", "4: error: non-ASCII character", "punycode (xn--caf-dma.example)"},
        BadKey{"\xEF\xBB\xBF"
               "birl.example",
               "1: error: the line begins with a byte order mark", "plain ASCII"},
        BadKey{"birl..example", "1: error: empty label", "two dots"},
        BadKey{"BIRL.Example", "1: warning: capitals in a key", "write \"birl.example\""},
        BadKey{"..birl.example", "1: error: empty label", "two dots"},
        BadKey{"birl,example", "5: error: character ','", "a key is a host or domain"},
        BadKey{"-birl.example", "1: error: label begins or ends with '-'", "a key is a host or domain"},
        BadKey{std::string(64, 'a') + ".example", "1: error: label longer than 63",
               "a key is a host or domain"}));

TEST(Duplicates, NameTheFirstLine) {
  EXPECT_THAT(
      findings("a.example local:\nb.example local:\n\na.example local:\n"),
      ElementsAre(AllOf(StartsWith("table:4:1: error: duplicate key \"a.example\""), HasSubstr("line 1"))));
}

TEST(Duplicates, AreNotADomainAndWhatIsBelowIt) {
  EXPECT_THAT(findings("a.example local:\n.a.example local:\n"), IsEmpty());
}

TEST(Findings, AreInTheOrderOfTheFile) {
  EXPECT_THAT(findings("a.example. [127.0.5.2]\n  b local:\nc.example local:\nc.example tsmpt:[127.0.5.2]\n"),
              ElementsAre(StartsWith("table:1:10: error"), StartsWith("table:1:12: error"),
                          StartsWith("table:2:1: error"), StartsWith("table:4:1: error"),
                          StartsWith("table:4:11: error")));
}

TEST(Findings, WarnOfAnEmptyTable) {
  EXPECT_THAT(findings("# nothing\n"), ElementsAre(StartsWith("table: warning: no entries")));
}

}  // namespace
}  // namespace tsmtp::mailertable
