#include "mailertable/commands/build.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/xattr.h>
#include <sysexits.h>

#include <array>

#include "tests/unit/mailertable/table_files.h"

namespace tsmtp::mailertable {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Build : public testing::Test {
 protected:
  Report build_text(const std::string& text) {
    write_file(source_, text);
    return build({{source_}, {}}, {table_, TableType::kHash});
  }

  TemporaryDirectory directory_;
  std::string source_ = directory_ / "mt";
  std::string table_ = directory_ / "mt.db";
};

TEST_F(Build, WritesATable) {
  const Report report = build_text("birl.example tsmtp:[127.0.5.2]\n");
  EXPECT_EQ(report.exit_status(), EX_OK);
  EXPECT_EQ(report.entries, 1U);
  EXPECT_EQ(read_table(table_)["birl.example"], "tsmtp:[127.0.5.2]");
}

TEST_F(Build, LeavesTheOldTableByteForByteWhenALineIsBroken) {
  ASSERT_EQ(build_text("birl.example tsmtp:[127.0.5.2]\n").exit_status(), EX_OK);
  const std::string before = content_of(table_);
  const Report report = build_text("birl.example tsmtp:[127.0.5.2]\ngmd.example [127.0.5.3]\n");
  EXPECT_EQ(report.exit_status(), EX_DATAERR);
  EXPECT_THAT(report.findings.to_string(), HasSubstr(source_ + ":2:13: error: "));
  EXPECT_EQ(content_of(table_), before);
  EXPECT_THAT(directory_.names(), ElementsAre("mt", "mt.db"));
}

TEST_F(Build, ATableKeepsItsExtendedAttributesAsAccessListsAre) {
  ASSERT_EQ(build_text("birl.example tsmtp:[127.0.5.2]\n").exit_status(), EX_OK);
  if (::setxattr(table_.c_str(), "user.tsmtp-test", "kept", 4, 0) != 0)
    GTEST_SKIP() << "this file system has none";
  ASSERT_EQ(build_text("gmd.example tsmtp:[127.0.5.3]\n").exit_status(), EX_OK);
  std::array<char, 5> value{};
  EXPECT_EQ(::getxattr(table_.c_str(), "user.tsmtp-test", value.data(), 4), 4);
  EXPECT_STREQ(value.data(), "kept");
}

TEST_F(Build, MakesNoTableOfABrokenText) {
  EXPECT_EQ(build_text("gmd.example [127.0.5.3]\n").exit_status(), EX_DATAERR);
  EXPECT_THAT(directory_.names(), ElementsAre("mt"));
}

TEST_F(Build, IsNotStoppedByWarnings) {
  const Report report = build_text("birl.example tsmtp:127.0.5.2\n");
  EXPECT_EQ(report.exit_status(), EX_OK);
  EXPECT_EQ(report.findings.all().size(), 1U);
  EXPECT_EQ(read_table(table_)["birl.example"], "tsmtp:127.0.5.2");
}

TEST_F(Build, SaysWhatItCannotOpen) {
  const Report report = build({{directory_ / "none"}, {}}, {table_, TableType::kHash});
  EXPECT_EQ(report.exit_status(), EX_NOINPUT);
  EXPECT_THAT(report.failure->message, HasSubstr("none: No such file or directory"));
  EXPECT_EQ(build({{directory_ / ""}, {}}, {table_, TableType::kHash}).exit_status(), EX_NOINPUT);
}

TEST_F(Build, DoesNotReplaceItsOwnText) {
  write_file(source_, "birl.example tsmtp:[127.0.5.2]\n");
  EXPECT_EQ(build({{source_}, {}}, {source_, TableType::kHash}).exit_status(), EX_USAGE);
  EXPECT_EQ(content_of(source_), "birl.example tsmtp:[127.0.5.2]\n");
}

TEST_F(Build, CheckWritesNothing) {
  write_file(source_, "birl.example tsmtp:[127.0.5.2]\n");
  EXPECT_EQ(check({{source_}, {}}).exit_status(), EX_OK);
  EXPECT_THAT(directory_.names(), ElementsAre("mt"));
}

}  // namespace
}  // namespace tsmtp::mailertable
