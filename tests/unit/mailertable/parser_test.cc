#include "mailertable/text/parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/mailertable/findings.h"

namespace tsmtp::mailertable {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

Table parsed(std::string_view text) {
  base::Diagnostics findings;
  Table table = parse(text, "table", findings);
  EXPECT_EQ(findings.to_string(), "");
  return table;
}

TEST(Parser, FindsKeysAndValuesAndTheirPlaces) {
  constexpr std::string_view kText =
      "# sites\n"
      "birl.example\ttsmtp:[127.0.5.2]\n"
      "\n"
      ".Birl.Example \t  error:4.4.1:451 no # such way\n";
  const Table table = parsed(kText);
  ASSERT_EQ(table.entries.size(), 2U);
  EXPECT_EQ(table.entries[0].line, 2);
  EXPECT_EQ(table.entries[0].key, "birl.example");
  EXPECT_EQ(table.entries[0].value, "tsmtp:[127.0.5.2]");
  EXPECT_EQ(table.entries[0].value_column, 14);
  EXPECT_EQ(table.entries[1].line, 4);
  EXPECT_EQ(table.entries[1].key, ".birl.example");
  EXPECT_EQ(table.entries[1].written_key, ".Birl.Example");
  EXPECT_EQ(table.entries[1].value, "error:4.4.1:451 no # such way");
  EXPECT_EQ(table.entries[1].value_column, 18);
}

TEST(Parser, TakesAnyBlankAndKeepsTrailingOnesAsMakemapDoes) {
  const Table table = parsed("a.example\vx:1 \t\r\nb.example\fx:2\nc.example\rx:3");
  ASSERT_EQ(table.entries.size(), 3U);
  EXPECT_EQ(table.entries[0].value, "x:1 \t\r");
  EXPECT_EQ(table.entries[1].value, "x:2");
  EXPECT_EQ(table.entries[2].value, "x:3");
}

TEST(Parser, FoldsAsciiOnly) {
  const Table table = parsed("CAF\xC3\x89.Example x:1\n");
  ASSERT_EQ(table.entries.size(), 1U);
  EXPECT_EQ(table.entries[0].key, "caf\xC3\x89.example");
}

TEST(Parser, HasNothingToSayOfEmptyLinesCommentsAndCrLf) {
  EXPECT_THAT(parsed("").entries, IsEmpty());
  EXPECT_THAT(parsed("\n\r\n# a\r\n#\n\n").entries, IsEmpty());
}

TEST(Parser, ReadsLinesUpToMakemapsLimit) {
  const std::string longest = "k " + std::string(kMaxLineBytes - 2, 'v');
  EXPECT_EQ(parsed(longest + "\nz w\n").entries.size(), 2U);
  EXPECT_EQ(parsed(longest).entries.size(), 1U);
  EXPECT_THAT(findings("a.example local:\n" + longest + "v\n"),
              ElementsAre(StartsWith("table:2:1023: error: line longer than 1022 bytes")));
}

TEST(Parser, RefusesBlanksBeforeTheKey) {
  EXPECT_THAT(findings("a.example local:\n  b.example local:\n"),
              ElementsAre(StartsWith("table:2:1: error: blank before the key")));
}

TEST(Parser, RefusesAnIndentedComment) {
  EXPECT_THAT(findings("a.example local:\n\t # b\n"),
              ElementsAre(StartsWith("table:2:3: error: a comment begins in the first column")));
}

TEST(Parser, WarnsOfALineOfBlanks) {
  EXPECT_THAT(findings("a.example local:\n  \n"),
              ElementsAre(StartsWith("table:2:1: warning: line of blanks only")));
}

TEST(Parser, RefusesAKeyWithoutValue) {
  EXPECT_THAT(findings("birl.example\n"), ElementsAre(StartsWith("table:1:13: error: no value for the key")));
  EXPECT_THAT(findings("birl.example \t\r\n"),
              ElementsAre(StartsWith("table:1:13: error: no value for the key")));
}

TEST(Parser, RefusesNul) {
  using namespace std::string_view_literals;
  EXPECT_THAT(findings("a.example local:\nb.exa\0mple local:\n"sv),
              ElementsAre(StartsWith("table:2:6: error: NUL byte")));
}

TEST(Parser, EscapesWhatItQuotes) {
  EXPECT_THAT(findings("a\x1B[31m\n"), ElementsAre(HasSubstr("\"a\\x1b[31m\"")));
}

}  // namespace
}  // namespace tsmtp::mailertable
