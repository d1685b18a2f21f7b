// Domains of a site that stand in a file of their own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_directory.h"
#include "tests/unit/settings/sample.h"

namespace tsmtp::settings {
namespace {

using support::write_file;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class DomainFiles : public testing::Test {
 protected:
  [[nodiscard]] Outcome read_with(const std::string& keys) const {
    write_file(directory_.file("relayd.toml"),
               kHub + "[[site]]\nname = \"birl\"\npin = [\"" + kPinA +
                   "\"]\naddress = \"127.0.5.2\"\nlocal = [\"tokyo.example\"]\n" + keys + '\n');
    base::Diagnostics diagnostics;
    auto config = read(directory_.file("relayd.toml"), {}, diagnostics);
    return {std::move(config), diagnostics.to_string()};
  }
  [[nodiscard]] std::string file() const { return directory_.file("birl.domains"); }

  support::TemporaryDirectory directory_;
};

TEST_F(DomainFiles, AreReadBesideTheFileThatNamesThem) {
  write_file(file(), "# made by a program\n\nBirl.example\n.birl.example");
  for (const std::string& path : {std::string("birl.domains"), file()}) {
    const auto [config, findings] = read_with("domains_file = \"" + path + '"');
    ASSERT_TRUE(config) << findings;
    EXPECT_THAT(findings, IsEmpty());
    EXPECT_THAT(config->sites[0].rules.domains.patterns(), ElementsAre("birl.example", ".birl.example"));
  }
}

TEST_F(DomainFiles, WithoutDomainsLetNothingThrough) {
  write_file(file(), "# none\n");
  const auto [config, findings] = read_with("domains_file = \"birl.domains\"");
  ASSERT_TRUE(config) << findings;
  EXPECT_FALSE(config->sites[0].rules.domains.contains("birl.example"));
}

TEST_F(DomainFiles, WrongLineIsNamed) {
  write_file(file(), "birl.example\nbirl.example.\n");
  const Outcome outcome = read_with("domains_file = \"birl.domains\"");
  EXPECT_FALSE(outcome.config);
  EXPECT_THAT(outcome.findings, HasSubstr(file() + ":2:1: error: "));
}

TEST_F(DomainFiles, MissingFileIsAnError) {
  const Outcome outcome = read_with("domains_file = \"birl.domains\"");
  EXPECT_FALSE(outcome.config);
  EXPECT_THAT(outcome.findings, HasSubstr(file() + ": error: cannot be read: No such file"));
}

TEST_F(DomainFiles, OneOfTheTwoIsThere) {
  EXPECT_THAT(read_with("").findings, HasSubstr(":4:1: error: missing key \"domains\" in [[site]]"));
  write_file(file(), "birl.example\n");
  EXPECT_THAT(read_with("domains = [\"birl.example\"]\ndomains_file = \"birl.domains\"").findings,
              HasSubstr(":10:16: error: domains_file: the site has \"domains\" too"));
}

}  // namespace
}  // namespace tsmtp::settings
