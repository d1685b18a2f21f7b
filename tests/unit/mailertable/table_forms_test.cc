// Texts of tables and what differs between them: dump, diff, fmt, generate.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mailertable/database/table_diff.h"
#include "mailertable/files/progress.h"
#include "mailertable/output/generated.h"
#include "mailertable/output/table_text.h"
#include "mailertable/output/text_layout.h"

namespace tsmtp::mailertable {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(TableText, SaysWhatItCannotSay) {
  const TableText text = table_text(
      {{"a", "x:1  "}, {"b c", "x:1"}, {"#d", "x:1"}, {"e", ""}, {"f", " x"}, {"G", "x"}, {"h", "a\nb"}});
  EXPECT_EQ(text.text, "a\tx:1  \n");
  EXPECT_THAT(text.unsayable,
              ElementsAre(HasSubstr("a blank in the key"), HasSubstr("a comment"), HasSubstr("no value"),
                          HasSubstr("begins with a blank"), HasSubstr("capitals"), HasSubstr("line end")));
  EXPECT_FALSE(text.has_nuls);
}

TEST(TableText, LeavesOutTheNulsOfMakemap) {
  const TableText text = table_text({{std::string("a\0", 2), std::string("x\0", 2)}});
  EXPECT_EQ(text.text, "a\tx\n");
  EXPECT_TRUE(text.has_nuls);
}

TEST(TableDiff, FindsWhatCameWentAndChanged) {
  std::string text;
  for (const Change& change : changes_between({{"a", "1"}, {"b", "1"}, {"c", "1"}, {"d", "1"}, {"d", "2"}},
                                              {{"a", "1"}, {"b", "2"}, {"bb", "\x1b"}, {"d", "1"}}))
    text += to_text(change);
  EXPECT_EQ(text, "-b\t1\n+b\t2\n+bb\t\\x1b\n-c\t1\n-d\t1\n-d\t2\n+d\t1\n");
  EXPECT_TRUE(changes_between({{"a", "1"}}, {{"a", "1"}}).empty());
}

TEST(TextLayout, AlignsEachRunAndKeepsTheRest) {
  const std::string text =
      "# sites\nbirl.example\t\ttsmtp:[127.0.5.2]  \n.birl.example tsmtp:[127.0.5.2]\r\n\n  # "
      "odd\nno-value\nA x:y # z";
  const std::string expected =
      "# sites\nbirl.example   tsmtp:[127.0.5.2]\n.birl.example  tsmtp:[127.0.5.2]\n\n  # odd\nno-value\nA  "
      "x:y # z\n";
  EXPECT_EQ(laid_out(text), expected);
  EXPECT_EQ(laid_out(expected), expected);
}

TEST(TextLayout, MakesNoLineTooLong) {
  const std::string long_value(1010, 'v');
  const std::string text = "a-rather-long-key.example x\nkey.example " + long_value.substr(12) + "\n";
  EXPECT_THAT(laid_out(text), HasSubstr("\nkey.example " + long_value.substr(12) + "\n"));
}

TEST(Generated, FollowsFromTheSites) {
  Sites sites;
  sites.file = "relayd.toml";
  sites.all.resize(2);
  sites.all[0].name = "Birl";
  sites.all[0].hosts = {"127.0.5.2"};
  ASSERT_TRUE(sites.all[0].domains.add("birl.example"));
  ASSERT_TRUE(sites.all[0].domains.add(".birl.example"));
  sites.all[1].name = "socket";
  ASSERT_TRUE(sites.all[1].domains.add("x.example"));
  EXPECT_THAT(
      generated_table(sites),
      testing::EndsWith("\n# Birl\nbirl.example   tsmtp:[127.0.5.2]\n.birl.example  tsmtp:[127.0.5.2]\n"));
  EXPECT_THAT(generated_hosts(sites), testing::EndsWith("\n127.0.5.2\tbirl.tsmtp\n"));
}

TEST(ProgressText, SaysHowFarAndHowLong) {
  EXPECT_EQ(progress_text("writing", 250'000, 1'000'000, std::chrono::milliseconds(500)),
            "writing: 250000 of 1000000 entries (25%), 500000/s, 2 s left");
  EXPECT_EQ(progress_text("checking", 0, 0, std::chrono::seconds(0)), "checking: 0 of 0 entries");
}

}  // namespace
}  // namespace tsmtp::mailertable
