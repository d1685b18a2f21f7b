// A folder of sites: files that relayd.toml includes are read with it, and errors name the right one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "tests/support/temporary_directory.h"
#include "tests/unit/settings/sample.h"

namespace tsmtp::settings {
namespace {

using support::write_file;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::string kOwn = "[hub]\nname = \"tokyo\"\nlisten = [\"[::]:5443\"]\ndomains = [\"tokyo.example\"]\n";

std::string entry(const std::string& name, const std::string& pin, const std::string& address) {
  return "# by hand\n[[site]]\nname = \"" + name + "\"\npin = [\"" + pin + "\"]\ndomains = [\"" + name +
         ".example\"]\naddress = \"" + address + "\"\n";
}

class Include : public testing::Test {
 protected:
  Include() { std::filesystem::create_directory(directory_.file("sites.d")); }

  [[nodiscard]] std::string in(const std::string& name) const { return directory_.file("sites.d/" + name); }
  [[nodiscard]] Outcome read_them(const std::string& main,
                                  const std::vector<std::string>& overrides = {}) const {
    write_file(directory_.file("relayd.toml"), main);
    base::Diagnostics diagnostics;
    auto config = read(directory_.file("relayd.toml"), overrides, diagnostics);
    return {std::move(config), diagnostics.to_string()};
  }

  support::TemporaryDirectory directory_;
};

TEST_F(Include, SitesOfTheFolderAreReadWithTheFile) {
  write_file(in("osaka.toml"), entry("osaka", kPinB, "127.0.5.3"));
  write_file(in("birl.toml"), entry("birl", kPinA, "127.0.5.2"));
  write_file(in("birl.toml~"), "not TOML");
  write_file(in(".birl.toml"), "not TOML");
  const auto [config, findings] = read_them(kOwn);
  ASSERT_TRUE(config) << findings;
  EXPECT_THAT(findings, IsEmpty());
  ASSERT_EQ(config->sites.size(), 2U);
  EXPECT_EQ(config->sites[0].name, "birl");
  EXPECT_EQ(config->sites[1].endpoints[0].to_string(), "127.0.5.3:5000");
}

TEST_F(Include, NoFolderAndNoFileIsNoError) {
  EXPECT_TRUE(read_them(kOwn).config);
  std::filesystem::remove(directory_.file("sites.d"));
  EXPECT_EQ(read_them(kOwn).findings, directory_.file("relayd.toml") +
                                          ": warning: no [[site]]: there is nobody to exchange mail with\n");
}

TEST_F(Include, NothingIsIncludedWhereNothingIsWanted) {
  write_file(in("birl.toml"), "not TOML");
  EXPECT_TRUE(read_them(kOwn + "include = []\n").config);
}

TEST_F(Include, OwnDomainsAreTheDefaultOfLocal) {
  write_file(in("birl.toml"), entry("birl", kPinA, "127.0.5.2"));
  write_file(in("osaka.toml"), entry("osaka", kPinB, "127.0.5.3") + "local = [\"lab.tokyo.example\"]\n");
  const auto [config, findings] = read_them(kOwn);
  ASSERT_TRUE(config) << findings;
  EXPECT_TRUE(config->sites[0].rules.local.contains("tokyo.example"));
  EXPECT_FALSE(config->sites[1].rules.local.contains("tokyo.example"));
  EXPECT_TRUE(config->sites[1].rules.local.contains("lab.tokyo.example"));
}

TEST_F(Include, NoDomainsAtAllIsSaidWithBothWaysOut) {
  write_file(in("birl.toml"), entry("birl", kPinA, "127.0.5.2"));
  EXPECT_THAT(
      read_them(kHub).findings,
      HasSubstr(in("birl.toml") + ":2:1: error: missing key \"local\" in [[site]]: recipients that are "
                                  "accepted from the site; or name this hub's domains once"));
  EXPECT_FALSE(read_them(kHub + "domains = []\n").config);
}

TEST_F(Include, OwnDomainBehindASiteIsWarnedOf) {
  write_file(in("birl.toml"), entry("tokyo2", kPinA, "127.0.5.2"));
  EXPECT_THAT(
      read_them(kHub + "domains = [\"tokyo2.example\"]\n").findings,
      HasSubstr(in("birl.toml") + ":5:11: warning: domains: \"tokyo2.example\" is in \"domains\" of [hub] "
                                  "too: mail to it may go in circles"));
}

TEST_F(Include, ErrorsNameTheirFileAndComeInTheOrderOfFiles) {
  write_file(in("a.toml"), "[[site]]\nnaem = \"a\"\n");
  write_file(in("b.toml"), "[[site]\n");
  const std::string findings = read_them(kOwn + "foo = 1\n").findings;
  EXPECT_THAT(findings,
              HasSubstr(directory_.file("relayd.toml") + ":5:1: error: unknown key \"foo\" in [hub]"));
  EXPECT_THAT(findings,
              HasSubstr(in("a.toml") + ":2:1: error: unknown key \"naem\" in [[site]]; did you mean"));
  EXPECT_THAT(findings, HasSubstr(in("a.toml") + ":1:1: error: missing key \"pin\""));
  EXPECT_THAT(findings, HasSubstr(in("b.toml") + ":1:8: error: not TOML: "));
  EXPECT_LT(findings.find("relayd.toml:"), findings.find("a.toml:"));
  EXPECT_LT(findings.rfind("a.toml:"), findings.find("b.toml:"));
}

TEST_F(Include, OnlySitesBelongThere) {
  write_file(in("a.toml"), "[hub]\nname = \"x\"\n");
  EXPECT_THAT(read_them(kOwn).findings,
              HasSubstr(in("a.toml") +
                        ":1:2: error: \"hub\" does not belong here: an included file holds [[site]] "
                        "only, all else stands in " +
                        directory_.file("relayd.toml")));
  write_file(in("a.toml"), "[site]\nname = \"x\"\n");
  EXPECT_THAT(read_them(kOwn).findings,
              HasSubstr("a.toml:1:2: error: site: a section [[site]] was expected"));
  write_file(in("a.toml"), "site = 3\n");
  EXPECT_FALSE(read_them(kOwn).config);
  write_file(in("a.toml"), "site = [3]\n");
  EXPECT_THAT(read_them(kOwn).findings,
              HasSubstr("a.toml:1:9: error: site: a section [[site]] was expected"));
}

TEST_F(Include, SameThingInTwoFilesSaysBothPlaces) {
  write_file(in("a.toml"), entry("birl", kPinA, "127.0.5.2"));
  write_file(in("b.toml"), entry("birl", kPinA, "127.0.5.2"));
  const std::string findings = read_them(kOwn).findings;
  EXPECT_THAT(findings,
              HasSubstr(in("b.toml") + ":3:8: error: the name \"birl\" is already that of a site above (" +
                        in("a.toml") + ":3)"));
  EXPECT_THAT(findings, HasSubstr("is already that of site \"birl\" (" + in("a.toml") + ":4)"));
  EXPECT_THAT(findings, HasSubstr("is already that of site \"birl\" (" + in("a.toml") + ":6)"));
}

TEST_F(Include, OrderOfFilesDoesNotMatter) {
  write_file(in("a.toml"), entry("birl", kPinA, "127.0.5.2"));
  write_file(in("b.toml"), entry("osaka", kPinB, "127.0.5.3"));
  const auto one = read_them(kOwn).config;
  write_file(in("b.toml"), entry("birl", kPinA, "127.0.5.2"));
  write_file(in("a.toml"), entry("osaka", kPinB, "127.0.5.3"));
  const auto other = read_them(kOwn).config;
  ASSERT_TRUE(one && other);
  EXPECT_EQ(one->sites[0], other->sites[1]);
  EXPECT_EQ(one->sites[1], other->sites[0]);
}

TEST_F(Include, SiteOfTheFolderCanBeOverridden) {
  write_file(in("a.toml"), entry("birl", kPinA, "127.0.5.2"));
  const auto [config, findings] = read_them(kOwn, {"site.birl.deliver=127.0.0.1:2525"});
  ASSERT_TRUE(config) << findings;
  EXPECT_EQ(config->sites[0].deliver.port, 2525);
  EXPECT_THAT(read_them(kOwn, {"site.birl.deliver=3"}).findings,
              HasSubstr("--set site.birl.deliver: error: "));
  EXPECT_EQ(read_them(kOwn, {"hub.include=[]"}).config->sites.size(), 0U);
}

TEST_F(Include, PatternsAreTriedInOrderAndAFileIsReadOnce) {
  write_file(in("a.toml"), entry("birl", kPinA, "127.0.5.2"));
  write_file(directory_.file("extra.toml"), entry("osaka", kPinB, "127.0.5.3"));
  const auto [config, findings] =
      read_them(kOwn + "include = [\"*.toml\", \"sites.d/a.toml\", \"" + in("*.toml") + "\", \"none/*\"]\n");
  ASSERT_TRUE(config) << findings;
  ASSERT_EQ(config->sites.size(), 2U);
  EXPECT_EQ(config->sites[0].name, "osaka");
}

TEST_F(Include, NameWithoutWildcardsMustBeThere) {
  EXPECT_THAT(read_them(kOwn + "include = [\"sites.d/x.toml\"]\n").findings,
              HasSubstr(in("x.toml") + ": error: cannot be read: No such file or directory"));
  EXPECT_THAT(read_them(kOwn + "include = [\"none/x.toml\"]\n").findings,
              HasSubstr("none/x.toml: error: cannot be read: No such file or directory"));
}

TEST_F(Include, WrongPatternsAreExplained) {
  EXPECT_THAT(
      read_them(kOwn + "include = [\"*/x.toml\"]\n").findings,
      HasSubstr(":5:12: error: include: \"*/x.toml\": wildcards may only stand behind the last slash"));
  EXPECT_THAT(read_them(kOwn + "include = [\"sites.d/\"]\n").findings,
              HasSubstr("such as \"sites.d/*.toml\""));
  EXPECT_THAT(read_them(kOwn + "include = \"x\"\n").findings, HasSubstr("an array such as"));
}

TEST_F(Include, WhatIsNoFileIsRefusedAtOnce) {
  ASSERT_EQ(mkfifo(in("a.toml").c_str(), 0600), 0);
  EXPECT_THAT(read_them(kOwn).findings, HasSubstr(in("a.toml") + ": error: is no regular file"));
  std::filesystem::remove(in("a.toml"));
  std::filesystem::create_directory(in("a.toml"));
  EXPECT_THAT(read_them(kOwn).findings, HasSubstr(in("a.toml") + ": error: is no regular file"));
}

TEST_F(Include, FileThatIsTooLargeIsRefused) {
  write_file(in("a.toml"), std::string((1 << 20) + 1, '#'));
  EXPECT_THAT(read_them(kOwn).findings, HasSubstr(in("a.toml") + ": error: larger than 1 MiB"));
}

TEST_F(Include, FolderThatCannotBeReadIsAnErrorAndNotEmpty) {
  std::filesystem::remove(directory_.file("sites.d"));
  write_file(directory_.file("sites.d"), "");
  EXPECT_THAT(read_them(kOwn).findings, HasSubstr("sites.d/: error: cannot be read: Not a directory"));
}

// Whoever owns the folder could otherwise have root read any file, and see what the complaints say of it.
TEST_F(Include, AsRootNoLinkIsFollowedInAFolderOfOthers) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  write_file(directory_.file("secret"), "top secret");
  std::filesystem::create_symlink(directory_.file("secret"), in("a.toml"));
  EXPECT_THAT(read_them(kOwn).findings, HasSubstr("a.toml:1:5: error: not TOML"));  // root's own folder
  ASSERT_EQ(chown(directory_.file("sites.d").c_str(), 54321, 54321), 0);
  EXPECT_THAT(read_them(kOwn).findings,
              HasSubstr(in("a.toml") + ": error: is a link in a folder that others"));
  EXPECT_THAT(read_them(kOwn).findings, Not(HasSubstr("TOML")));
  std::filesystem::remove(in("a.toml"));
  std::filesystem::create_hard_link(directory_.file("secret"), in("a.toml"));
  EXPECT_THAT(read_them(kOwn).findings, HasSubstr(in("a.toml") + ": error: has another name elsewhere"));
}

}  // namespace
}  // namespace tsmtp::settings
