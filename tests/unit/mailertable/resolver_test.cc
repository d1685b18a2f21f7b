#include "mailertable/lookup/resolver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace tsmtp::mailertable {
namespace {

using Table = std::map<std::string, std::string, std::less<>>;

/// The steps as "key=value" or "key", the last with '!' if it answered.
std::string way(const std::string& host, const Table& table) {
  const Walk walked = walk(host, [&](std::string_view key) -> std::optional<std::string> {
    const auto found = table.find(key);
    return found == table.end() ? std::nullopt : std::optional(found->second);
  });
  std::string text;
  for (const Step& step : walked.steps)
    text += (text.empty() ? "" : " ") + step.key + (step.value ? "=" + *step.value : "");
  return text + (walked.answered ? "!" : "") + (walked.is_endless ? " endless" : "");
}

TEST(Resolver, AsksForTheHostItsParentsAndTheRest) {
  EXPECT_EQ(way("mx.birl.example", {}), "mx.birl.example .birl.example .example .");
  EXPECT_EQ(way("localhost", {}), "localhost .");
  EXPECT_EQ(way("MX.Birl.Example.", {{".birl.example", "tsmtp:[x]"}}),
            "mx.birl.example .birl.example=tsmtp:[x]!");
  EXPECT_EQ(way("a.example", {{".", "relay:hub"}}), "a.example .example .=relay:hub!");
}

// As seen in `sendmail -bt -d60.5`.
TEST(Resolver, FillsInWhatTheStepsStripped) {
  EXPECT_EQ(way("A.b.example", {{"a.b.example", "x:%0/%1/%2/%%"}}), "a.b.example=x:A.b.example///%!");
  EXPECT_EQ(way("a.B.example", {{".example", "x:%0/%1/%2"}}),
            "a.b.example .b.example .example=x:.example/a.B/B!");
  EXPECT_EQ(way("a.b", {{".", "x:%0/%1/%2"}}), "a.b .b .=x:./a.b/!");
  EXPECT_EQ(substitute("%x%", {"k"}), "%x%");
}

TEST(Resolver, TakesAValueWithoutMailerForADomain) {
  EXPECT_EQ(way("a.example", {{"a.example", "b.c.d"}, {".d", "x:%1"}}), "a.example=b.c.d .c.d .d=x:b.c!");
  EXPECT_EQ(way("a.example", {{"a.example", "[127.0.5.2]"}, {".", "x:%1"}}),
            "a.example=[127.0.5.2] .=x:[127.0.5.2]!");
  EXPECT_EQ(way("a.b", {{".b", "hub x"}, {".", "y:%1"}}), "a.b .b=hub x .=y:a.hub.x!");
  EXPECT_EQ(way("a.b.c", {{".c", ".b.c"}}).substr(0, 30), "a.b.c .b.c .c=.b.c .c=.b.c .c=");
  EXPECT_TRUE(way("a.b.c", {{".c", ".b.c"}}).ends_with("endless"));
}

}  // namespace
}  // namespace tsmtp::mailertable
