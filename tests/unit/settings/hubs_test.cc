// The hubs of a site: [[site.hub]] sections, and pin and dial of [[site]] as the short form of one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/settings/sample.h"

namespace tsmtp::settings {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kRest =
    "domains = [\"birl.example\"]\nlocal = [\"tokyo.example\"]\naddress = \"127.0.5.2\"\n";
const std::string kSite = "[[site]]\nname = \"birl\"\n" + kRest;

std::string hub(const std::string& name, const std::string& pin, const std::string& more = {}) {
  return "[[site.hub]]\nname = \"" + name + "\"\npin = [\"" + pin + "\"]\n" + more;
}

std::string findings_of(const std::string& text) {
  const auto [config, findings] = read_it(text);
  EXPECT_FALSE(config);
  return findings;
}

TEST(Hubs, TheShortFormIsOneThatIsCalledAsTheSite) {
  const auto [config, findings] = read_it(kHub + site("birl", kPinA, with_address("127.0.5.2")));
  ASSERT_TRUE(config) << findings;
  const Site& site = config->sites[0];
  ASSERT_EQ(site.hubs.size(), 1U);
  EXPECT_EQ(site.hubs[0].name, "birl");
  EXPECT_THAT(site.hubs[0].dial, IsEmpty());
  EXPECT_EQ(site.prefer, Prefer::kOrder);
}

TEST(Hubs, StandInTheOrderOfTheFile) {
  const auto [config, findings] =
      read_it(kHub + kSite + "prefer = \"spread\"\n" + hub("mail2", kPinB, "dial = [\"b.example:5443\"]\n") +
              hub("mail1", kPinA));
  ASSERT_TRUE(config) << findings;
  EXPECT_THAT(findings, IsEmpty());
  const Site& site = config->sites[0];
  ASSERT_EQ(site.hubs.size(), 2U);
  EXPECT_EQ(site.hubs[0].name, "mail2");
  EXPECT_EQ(site.hubs[0].dial[0].to_string(), "b.example:5443");
  EXPECT_EQ(site.hubs[1].name, "mail1");
  EXPECT_EQ(site.prefer, Prefer::kSpread);
  EXPECT_THAT(site.pins(), ElementsAre(std::string(32, '\1'), std::string(32, '\0')));
}

TEST(Hubs, AreOfTheSiteThatStandsAbove) {
  const std::string other =
      "[[site]]\nname = \"bonn\"\ndomains = [\"bonn.example\"]\nlocal = [\"tokyo.example\"]\n"
      "address = \"127.0.5.3\"\n";
  const auto [config, findings] = read_it(kHub + kSite + hub("mail", kPinA) + other + hub("mail", kPinB));
  ASSERT_TRUE(config) << findings;
  EXPECT_EQ(config->sites[0].hubs[0].pins, std::vector{std::string(32, '\0')});
  EXPECT_EQ(config->sites[1].hubs[0].pins, std::vector{std::string(32, '\1')});
}

TEST(Hubs, BothFormsAtOnceAreAnError) {
  EXPECT_EQ(findings_of(kHub + site("birl", kPinA, with_address("127.0.5.2") + "\ndial = [\"a:1\"]") +
                        hub("mail", kPinB)),
            "t.toml:6:7: error: pin: belongs to each [[site.hub]] of a site that has such sections\n"
            "t.toml:10:8: error: dial: belongs to each [[site.hub]] of a site that has such sections\n");
}

TEST(Hubs, OneOfTheTwoFormsIsNeeded) {
  EXPECT_EQ(findings_of(kHub + kSite),
            "t.toml:4:1: error: missing key \"pin\" in [[site]]: pins of the site's keys; or a section "
            "[[site.hub]] for each of its hubs\n");
}

TEST(Hubs, NamesAndPinsAreOfOneHub) {
  EXPECT_EQ(findings_of(kHub + kSite + hub("mail", kPinA) + hub("mail", kPinB)),
            "t.toml:13:8: error: the name \"mail\" is already that of a hub of this site above\n");
  EXPECT_THAT(findings_of(kHub + kSite + hub("mail1", kPinA) + hub("mail2", kPinA)),
              HasSubstr("t.toml:14:7: error: the pin \"" + kPinA +
                        "\" is already that of hub \"mail1\" of site \"birl\"\n"));
}

TEST(Hubs, EachNeedsItsKeys) {
  EXPECT_EQ(
      findings_of(kHub + kSite + "[[site.hub]]\ndial = [\"a:1\"]\n"),
      "t.toml:9:1: error: missing key \"name\" in [[site.hub]]: names the hub within its site, in logs, in "
      "status and in the replies that the MTA sees\n"
      "t.toml:9:1: error: missing key \"pin\" in [[site.hub]]: pins of the hub's keys\n");
}

TEST(Hubs, AnUnknownKeyNamesTheNearest) {
  EXPECT_EQ(findings_of(kHub + kSite + hub("mail", kPinA, "dail = [\"a:1\"]\n")),
            "t.toml:12:1: error: unknown key \"dail\" in [[site.hub]]; did you mean \"dial\"?\n");
  EXPECT_THAT(findings_of(kHub + kSite + "[[site.hubs]]\nname = \"a\"\n"),
              HasSubstr("unknown key \"hubs\" in [[site]]; did you mean \"hub\"?\n"));
  EXPECT_THAT(findings_of(kHub + kSite + "prefer = \"ordre\"\n" + hub("mail", kPinA)), HasSubstr("order"));
}

TEST(Hubs, AreSections) {
  EXPECT_THAT(findings_of(kHub + kSite + "hub = \"mail1\"\n"),
              HasSubstr("error: hub: a section [[site.hub]] was expected, in double brackets\n"));
  EXPECT_THAT(findings_of(kHub + kSite + "hub = [1]\n"),
              HasSubstr("error: hub: a section [[site.hub]] was expected\n"));
  EXPECT_THAT(findings_of(kHub + kSite + "[site.hub]\nname = \"mail\"\n"),
              HasSubstr("error: hub: a section [[site.hub]] was expected, in double brackets\n"));
}

TEST(Hubs, EachCanBeReached) {
  const std::string deaf = "[hub]\nname = \"tokyo\"\n";
  EXPECT_EQ(findings_of(deaf + kSite + hub("mail1", kPinA, "dial = [\"a:1\"]\n") + hub("mail2", kPinB)),
            "t.toml:12:1: error: the link to hub \"mail2\" of site \"birl\" could never come up: nothing to "
            "\"dial\", and the hub does not \"listen\"\n");
}

TEST(Hubs, AProxyNeedsOneThatIsDialled) {
  const std::string proxied = kSite + "dial_through = \"socks5://proxy.example:1080\"\n";
  EXPECT_TRUE(
      read_it(kHub + proxied + hub("mail1", kPinA) + hub("mail2", kPinB, "dial = [\"a:1\"]\n")).config);
  EXPECT_THAT(findings_of(kHub + proxied + hub("mail1", kPinA)),
              HasSubstr("dial_through: there is nothing to \"dial\" through it"));
}

TEST(Hubs, AreNotTooMany) {
  std::string text = kHub + kSite;
  for (char i = 0; i < 17; ++i)
    text += hub("mail" + std::to_string(i),
                "sha256:" + std::string(1, static_cast<char>('A' + i)) + kPinA.substr(8));
  EXPECT_THAT(findings_of(text), HasSubstr("more than 16 hubs of one site"));
}

TEST(Hubs, ACommandLineSaysKeysOfTheirSite) {
  const auto [config, findings] = read_it(kHub + kSite + hub("mail", kPinA), {"site.birl.prefer=spread"});
  ASSERT_TRUE(config) << findings;
  EXPECT_EQ(config->sites[0].prefer, Prefer::kSpread);
}

}  // namespace
}  // namespace tsmtp::settings
