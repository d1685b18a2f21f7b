#include "relayd/smtp/line_ends.h"

#include <gtest/gtest.h>

#include <vector>

namespace tsmtp::smtp {
namespace {

struct Case {
  std::string text;
  bool bare;
  std::string canonical;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> all{
      {"", false, ""},
      {"a", false, "a"},
      {"a\r\n", false, "a\r\n"},
      {"\r\n\r\n", false, "\r\n\r\n"},
      {"a\r\nb\r\n.\r\n", false, "a\r\nb\r\n.\r\n"},
      {"\n", true, "\r\n"},
      {"\r", true, "\r\n"},
      {"a\nb", true, "a\r\nb"},
      {"a\rb", true, "a\r\nb"},
      {"a\r\r\n", true, "a\r\n\r\n"},
      {"a\n\r\n", true, "a\r\n\r\n"},
      {"\n\n", true, "\r\n\r\n"},
      {"\r\n\n", true, "\r\n\r\n"},
      {"\n\r", true, "\r\n\r\n"},
      {"a\r\nb\nc\rd\r\n", true, "a\r\nb\r\nc\r\nd\r\n"},
      {"a\n.\nb", true, "a\r\n.\r\nb"},
      {"a\r.\rb", true, "a\r\n.\r\nb"},
      {std::string("a\r\0\n", 4), true, std::string("a\r\n\0\r\n", 6)},
  };
  return all;
}

/// Calls `take` with the two pieces of `text`, for each place to cut it.
template <typename Take>
void at_every_cut(const std::string& text, Take take) {
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    SCOPED_TRACE(testing::PrintToString(text) + " cut at " + std::to_string(cut));
    take(std::string_view(text).substr(0, cut), std::string_view(text).substr(cut));
  }
}

TEST(LineEndCheck, FindsWhatStandsAlone) {
  for (const Case& c : cases()) {
    at_every_cut(c.text, [&](std::string_view first, std::string_view second) {
      LineEndCheck check;
      check.look_at(first);
      check.look_at(second);
      check.finish();
      EXPECT_EQ(check.found_bare(), c.bare);
    });
  }
}

TEST(LineEndCheck, KnowsWhetherALineIsUnderWay) {
  LineEndCheck check;
  EXPECT_TRUE(check.at_line_start());
  check.look_at("a\r");
  EXPECT_FALSE(check.at_line_start());
  check.look_at("\n");
  EXPECT_TRUE(check.at_line_start());
}

TEST(CanonicalLineEnds, MakesCrlfOfEach) {
  for (const Case& c : cases()) {
    at_every_cut(c.text, [&](std::string_view first, std::string_view second) {
      CanonicalLineEnds canonical;
      std::string out = canonical.convert(first);
      out += canonical.convert({});
      out += canonical.convert(second);
      EXPECT_EQ(out, c.canonical);
    });
  }
}

}  // namespace
}  // namespace tsmtp::smtp
