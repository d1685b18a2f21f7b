#include "mailertable/checks/findings_text.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace tsmtp::mailertable {
namespace {

TEST(LineWithCaret, PutsTheCaretBelowTheColumn) {
  EXPECT_EQ(line_with_caret("birl.example tsmpt:[h]", 14), "  birl.example tsmpt:[h]\n               ^\n");
  EXPECT_EQ(line_with_caret("birl.example\ttsmpt:x", 14), "  birl.example\ttsmpt:x\n              \t^\n");
  EXPECT_EQ(line_with_caret("abc", 4), "  abc\n     ^\n");
  EXPECT_EQ(line_with_caret("", 1), "  \n  ^\n");
}

TEST(LineWithCaret, CountsCharactersNotBytes) {
  EXPECT_EQ(line_with_caret("caf\xC3\xA9.example.", 14), "  caf\xC3\xA9.example.\n              ^\n");
}

TEST(LineWithCaret, LetsNothingOddOnTheTerminal) {
  EXPECT_EQ(line_with_caret("a\x1b[2J\xff x\r", 1), "  a?[2J? x\n  ^\n");
}

TEST(LineWithCaret, ShowsAPartOfALongLine) {
  const std::string shown = line_with_caret(std::string(500, 'x') + "!" + std::string(500, 'y'), 501);
  const std::size_t end = shown.find('\n');
  EXPECT_LT(end, 140U);
  EXPECT_EQ(shown[shown.find('^') - end - 1], '!');
}

TEST(FindingsText, HasThreeForms) {
  const std::vector<Source> sources{{"t", "good.example local:\nbad.example. local:\n"}};
  const CheckedTable checked = check_sources(sources, {});
  const std::string line = "t:2:12: error: a key with a trailing dot never matches; write \"bad.example\"\n";
  EXPECT_EQ(findings_text(checked.findings, sources, FindingsFormat::kGcc), line);
  EXPECT_EQ(findings_text(checked.findings, sources, FindingsFormat::kText),
            line + "  bad.example. local:\n             ^\n");
  const auto json = nlohmann::json::parse(findings_text(checked.findings, sources, FindingsFormat::kJson));
  EXPECT_EQ(json["errors"], 1);
  EXPECT_EQ(json["warnings"], 0);
  EXPECT_EQ(json["findings"][0]["line"], 2);
  EXPECT_EQ(json["findings"][0]["column"], 12);
  EXPECT_EQ(json["findings"][0]["severity"], "error");
}

}  // namespace
}  // namespace tsmtp::mailertable
