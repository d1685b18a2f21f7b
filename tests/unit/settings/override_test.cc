// --set KEY=VALUE.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/settings/sample.h"

namespace tsmtp::settings {
namespace {

using testing::HasSubstr;

const std::string kText = kHub + site("birl.hub", kPinA, with_address("127.0.5.2"));

TEST(Override, TomlAndBareStrings) {
  const auto [config, findings] =
      read_it(kText, {"hub.control=/tmp/c", "hub.user=\"mail\"", "hub.drain_timeout=5s", "hub.log=stderr",
                      "site.birl.hub.deliver=127.0.0.1:2525", "site.birl.hub.early_reply=false",
                      "site.birl.hub.max_message=1000", "site.birl.hub.dial=[\"a:1\", \"b:2\"]"});
  ASSERT_TRUE(config) << findings;
  EXPECT_EQ(config->hub.control, "/tmp/c");
  EXPECT_EQ(config->hub.user, "mail");
  EXPECT_EQ(config->hub.drain_timeout, std::chrono::seconds(5));
  EXPECT_EQ(config->hub.log, LogTarget::kStderr);
  EXPECT_EQ(config->sites[0].deliver.port, 2525);
  EXPECT_FALSE(config->sites[0].sessions.early_reply);
  EXPECT_EQ(config->sites[0].rules.max_message_bytes, 1000U);
  EXPECT_EQ(config->sites[0].hubs[0].dial.size(), 2U);
}

TEST(Override, OneWordIsAListOfOne) {
  const auto [config, findings] = read_it(kText, {"hub.listen=[::]:1", "site.birl.hub.local=x.example"});
  ASSERT_TRUE(config) << findings;
  EXPECT_EQ(config->hub.listen[0].port, 1);
  EXPECT_TRUE(config->sites[0].rules.local.contains("x.example"));
}

TEST(Override, LaterWins) {
  const auto [config, findings] = read_it(kText, {"hub.name=a", "hub.name=b"});
  ASSERT_TRUE(config) << findings;
  EXPECT_EQ(config->hub.name, "b");
}

TEST(Override, GivesWhatTheFileLeavesOut) {
  const auto [config, findings] = read_it("", {"hub.name=a"});
  ASSERT_TRUE(config) << findings;
  EXPECT_EQ(config->hub.name, "a");
}

TEST(Override, CannotHoldMoreThanAValue) {
  const auto [config, findings] = read_it(kText, {"hub.user=1\ncontrol = 2"});
  EXPECT_FALSE(config);
  EXPECT_THAT(findings, HasSubstr("--set hub.user: error: user: control character in \"1\\x0acontrol = 2\""));
}

std::string finding(const std::string& argument) {
  const auto [config, findings] = read_it(kText, {argument});
  EXPECT_FALSE(config);
  return findings;
}

TEST(Override, ErrorsNameTheArgument) {
  EXPECT_EQ(finding("hub.foo=1"), "--set hub.foo: error: unknown key \"foo\" in [hub]\n");
  EXPECT_EQ(finding("hub.user=3"), "--set hub.user: error: user: a string was expected, not an integer\n");
  EXPECT_EQ(finding("hub.user"), "--set hub.user: error: KEY=VALUE was expected, the value is missing\n");
  EXPECT_EQ(finding("user=3"), "--set user: error: hub.KEY or site.NAME.KEY was expected\n");
  EXPECT_EQ(finding("hub.a.b=3"), "--set hub.a.b: error: hub.KEY or site.NAME.KEY was expected\n");
  EXPECT_EQ(finding("=3"), "--set : error: hub.KEY or site.NAME.KEY was expected\n");
  EXPECT_EQ(finding("site.birl.deliver=a:1"),
            "--set site.birl.deliver: error: no [[site]] has the name \"birl\"\n");
  EXPECT_THAT(finding("hub.listen=x"),
              HasSubstr("--set hub.listen: error: listen: \"x\": HOST:PORT was expected"));
  EXPECT_THAT(finding("hub.listen=[3]"),
              HasSubstr("--set hub.listen: error: listen: a string HOST:PORT was expected"));
}

TEST(Override, SiteThatIsNoTable) {
  EXPECT_FALSE(read_it("site = 3\n", {"site.a.deliver=b:1", "hub.name=x"}).config);
  EXPECT_FALSE(read_it("hub = 3\nsite = [3]\n", {"site.a.deliver=b:1", "hub.name=x"}).config);
}

}  // namespace
}  // namespace tsmtp::settings
