// The table of the log's lines: each row is found by a line like it, and docs/operations.md shows the table.
// TSMTP_UPDATE_MANUAL=1 makes the document's part anew.
#include "relayd/daemon/log_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>

namespace tsmtp::daemon {
namespace {

using testing::ElementsAre;
using testing::Pair;

constexpr std::string_view kBegin =
    "<!-- The tables of lines are made from relayd/daemon/log_lines_of_*.cc by TSMTP_UPDATE_MANUAL=1 "
    "unit_daemon. -->\n";
constexpr std::string_view kEnd = "<!-- So far. -->\n";

std::string sample_of(std::string_view pattern) {
  std::string out;
  for (std::size_t gap = 0; (gap = pattern.find('{')) != pattern.npos;) {
    const std::size_t end = pattern.find('}', gap);
    out += std::string(pattern.substr(0, gap)) + (pattern[end - 1] == '*' ? "some text, x" : "word");
    pattern.remove_prefix(end + 1);
  }
  return out + std::string(pattern);
}

std::string cell(std::string_view text) {
  return text.empty() ? " " : ' ' + std::string(text) + ' ';
}

std::string tables() {
  std::string out;
  for (const LogPart& part : log_parts()) {
    out +=
        "\n### " + std::string(part.title) + "\n\n| line | kind, level | means | do |\n|---|---|---|---|\n";
    for (const LogLine& line : part.lines)
      out += "| `" + shown_pattern(line.pattern) + "` | " + std::string(line.kind) + ", " +
             std::string(line.levels) + " |" + cell(line.meaning) + '|' + cell(line.remedy) + "|\n";
  }
  return out + '\n';
}

TEST(LogLines, EachIsFoundByALineLikeIt) {
  std::set<std::string_view> kinds;
  for (const LogPart& part : log_parts())
    for (const LogLine& line : part.lines) {
      EXPECT_TRUE(kinds.insert(line.kind).second) << line.kind;
      const MatchedLine found = match_line(sample_of(line.pattern));
      ASSERT_NE(found.row, nullptr) << line.pattern;
      EXPECT_EQ(found.row->kind, line.kind) << "is shadowed";
      EXPECT_TRUE(line.levels == "info" || line.levels == "warning" || line.levels == "error" ||
                  line.levels == "debug" || line.levels.find(", ") != line.levels.npos)
          << line.levels;
      EXPECT_LE(line.meaning.size(), 200U) << "a cell is short: " << line.kind;
      EXPECT_LE(line.remedy.size(), 200U) << "a cell is short: " << line.kind;
    }
}

TEST(LogLines, GapsAreReadOutOfALine) {
  const MatchedLine mail = match_line(
      "out birl 5aaac491fb48: from=<a@tokyo.example> to=<b@birl.example>,<c@birl.example> size=18 "
      "reply=\"250 2.0.0 Ok: took=1ms\" took=522ms");
  ASSERT_NE(mail.row, nullptr);
  EXPECT_EQ(mail.row->kind, "mail");
  EXPECT_THAT(
      mail.gaps,
      ElementsAre(Pair("direction", "out"), Pair("site", "birl"), Pair("transaction", "5aaac491fb48"),
                  Pair("sender", "a@tokyo.example"), Pair("recipients", "<b@birl.example>,<c@birl.example>"),
                  Pair("bytes", "18"), Pair("reply", "250 2.0.0 Ok: took=1ms"), Pair("took", "522")));
  const MatchedLine down = match_line("birl: link down: no sign of life for 20 s");
  ASSERT_NE(down.row, nullptr);
  EXPECT_EQ(down.row->kind, "link-down");
  EXPECT_THAT(down.gaps, ElementsAre(Pair("site", "birl"), Pair("cause", "no sign of life for 20 s")));
}

TEST(LogLines, AWordHoldsNoBlank) {
  EXPECT_EQ(match_line("somebody says: link down: x").row, nullptr);
  EXPECT_EQ(match_line("").row, nullptr);
  EXPECT_EQ(match_line("nothing that relayd says").row, nullptr);
}

TEST(LogLines, AreShownWithGapsInCapitals) {
  EXPECT_EQ(shown_pattern("{site}: link down: {cause*}"), "SITE: link down: CAUSE");
}

TEST(LogLines, OfTheDocumentAreThoseOfTheTable) {
  std::ifstream file(TSMTP_OPERATIONS);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::size_t begin = text.find(kBegin);
  const std::size_t end = text.find(kEnd);
  ASSERT_NE(begin, text.npos);
  ASSERT_NE(end, text.npos);
  const std::size_t first = begin + kBegin.size();
  if (std::getenv("TSMTP_UPDATE_MANUAL") != nullptr) {
    text.replace(first, end - first, tables());
    std::ofstream(TSMTP_OPERATIONS) << text;
    return;
  }
  EXPECT_EQ(text.substr(first, end - first), tables()) << "TSMTP_UPDATE_MANUAL=1 mends the document";
}

}  // namespace
}  // namespace tsmtp::daemon
