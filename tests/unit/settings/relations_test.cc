// What holds between keys and between sites.
#include "relayd/settings/relations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/settings/sample.h"

namespace tsmtp::settings {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string birl(const std::string& more) {
  return site("birl", kPinA, more);
}
std::string osaka(const std::string& more) {
  return site("osaka", kPinB, more);
}

TEST(Relations, PapersOneSiteFormWorksAndWarnsOfTheSourceAddress) {
  const auto [config, findings] = read_it(kHub + birl("endpoint = [\"127.0.0.1:5000\"]"));
  ASSERT_TRUE(config) << findings;
  EXPECT_THAT(findings, HasSubstr("t.toml:4:1: warning: site \"birl\" has no \"address\""));
  EXPECT_EQ(config->sites[0].address, "");
}

TEST(Relations, AddressesThatOthersUseAreWarnedOf) {
  for (const char* address : {"127.0.0.2", "127.0.1.1"}) {
    const auto [config, findings] = read_it(kHub + birl(with_address(address)));
    EXPECT_TRUE(config);
    EXPECT_THAT(findings, HasSubstr("t.toml:9:11: warning: address: "));
  }
}

TEST(Relations, WarnedAddressStillGivesTheEndpoint) {
  const auto [config, findings] = read_it(kHub + birl(with_address("127.0.1.1")));
  ASSERT_TRUE(config) << findings;
  EXPECT_EQ(config->sites[0].endpoints.size(), 1U);
}

TEST(Relations, NoSiteIsAWarning) {
  const auto [config, findings] = read_it(kHub);
  EXPECT_TRUE(config);
  EXPECT_EQ(findings, "t.toml: warning: no [[site]]: there is nobody to exchange mail with\n");
}

TEST(Relations, SiteNamedTwice) {
  const auto [config, findings] =
      read_it(kHub + birl(with_address("127.0.5.2")) + site("birl", kPinB, with_address("127.0.5.3")));
  EXPECT_FALSE(config);
  EXPECT_EQ(findings, "t.toml:11:8: error: the name \"birl\" is already that of a site above\n");
}

TEST(Relations, SiteNamedLikeTheHub) {
  const auto [config, findings] = read_it(kHub + site("tokyo", kPinA, with_address("127.0.5.2")));
  EXPECT_FALSE(config);
  EXPECT_EQ(findings, "t.toml:5:8: error: the name \"tokyo\" is already that of this hub\n");
}

TEST(Relations, AddressTwice) {
  const auto [config, findings] =
      read_it(kHub + birl(with_address("127.0.5.2")) + osaka(with_address("127.0.5.2")));
  EXPECT_FALSE(config);
  EXPECT_THAT(findings,
              HasSubstr("t.toml:15:11: error: the address \"127.0.5.2\" is already that of site \"birl\""));
}

TEST(Relations, EndpointTwice) {
  const auto [config, findings] = read_it(kHub + birl(with_address("127.0.5.2")) +
                                          osaka("address = \"127.0.5.3\"\nendpoint = [\"127.0.5.2:5000\"]"));
  EXPECT_FALSE(config);
  EXPECT_EQ(
      findings,
      "t.toml:16:12: error: the address to listen on \"127.0.5.2:5000\" is already that of site \"birl\"\n");
}

TEST(Relations, EndpointIsTheHubsOwnListener) {
  const auto [config, findings] = read_it("[hub]\nname = \"tokyo\"\nlisten = [\"127.0.0.1:5000\"]\n" +
                                          birl("endpoint = [\"127.0.0.1:5000\"]"));
  EXPECT_FALSE(config);
  EXPECT_THAT(findings, HasSubstr("is already that of hub.listen"));
}

TEST(Relations, PinTwice) {
  const auto [config, findings] =
      read_it(kHub + birl(with_address("127.0.5.2")) + site("osaka", kPinA, with_address("127.0.5.3")));
  EXPECT_FALSE(config);
  EXPECT_THAT(findings,
              HasSubstr("t.toml:12:7: error: the pin \"" + kPinA + "\" is already that of site \"birl\""));
}

TEST(Relations, LinkThatCouldNeverComeUp) {
  const auto [config, findings] = read_it("[hub]\nname = \"tokyo\"\n" + birl(with_address("127.0.5.2")));
  EXPECT_FALSE(config);
  EXPECT_EQ(findings,
            "t.toml:3:1: error: the link to site \"birl\" could never come up: nothing to \"dial\", and the "
            "hub does "
            "not \"listen\"\n");
}

TEST(Relations, DialingIsEnough) {
  const auto [config, findings] = read_it(
      "[hub]\nname = \"tokyo\"\n" + birl(with_address("127.0.5.2") + "\ndial = [\"hub.birl.example:5443\"]"));
  EXPECT_TRUE(config) << findings;
}

TEST(Relations, AProxyHasSomethingToDialAndAPasswordForItsUser) {
  const std::string listen = "[hub]\nname = \"tokyo\"\nlisten = [\"[::]:5443\"]\n";
  const std::string dial = "\ndial = [\"hub.birl.example:5443\"]";
  const std::vector<std::pair<std::string, std::string>> cases{
      {"\ndial_through = \"http://p:1\"", "dial_through: there is nothing to \"dial\" through it"},
      {dial + "\ndial_through = \"http://tokyo@p:1\"",
       "dial_through: has a user, so \"dial_through_password\" must name the file with its password"},
      {dial + "\ndial_through = \"http://p:1\"\ndial_through_password = \"/x\"",
       "dial_through_password: \"dial_through\" names no user who has one"},
      {dial + "\ndial_through_password = \"/x\"",
       "dial_through_password: \"dial_through\" names no user who has one"},
      {"\ndial = [\"" + std::string(256, 'x') + ":1\"]\ndial_through = \"http://p:1\"",
       "dial: a proxy takes no name of more than 255 bytes"}};
  for (const auto& [keys, complaint] : cases) {
    const auto [config, findings] = read_it(listen + birl(with_address("127.0.5.2") + keys));
    EXPECT_FALSE(config);
    EXPECT_NE(findings.find("error: " + complaint + '\n'), std::string::npos) << findings;
  }
}

TEST(Relations, WrongListenIsNotALinkThatNeverComesUp) {
  const auto [config, findings] =
      read_it("[hub]\nname = \"tokyo\"\nlisten = [\"x\"]\n" + birl(with_address("127.0.5.2")));
  EXPECT_FALSE(config);
  EXPECT_THAT(findings, Not(HasSubstr("never come up")));
}

TEST(Relations, DeliveringIntoAnEndpointIsALoop) {
  const auto [config, findings] =
      read_it(kHub + birl("address = \"127.0.5.2\"\ndeliver = \"127.0.5.2:5000\""));
  EXPECT_FALSE(config);
  EXPECT_THAT(findings,
              HasSubstr("t.toml:10:11: error: deliver: \"127.0.5.2:5000\" is an endpoint of site \"birl\""));
}

TEST(Relations, EndpointForTheWorldIsWarnedOf) {
  for (const std::string where : {"0.0.0.0:5000", "[::]:5000", "[0::0]:5000", "192.0.2.7:5000",
                                  "[2001:db8::7]:5000", "[::ffff:192.0.2.7]:5000", "[fe80::1]:5000"}) {
    const auto [config, findings] = read_it(kHub + birl("endpoint = [\"" + where + "\"]"));
    EXPECT_TRUE(config);
    EXPECT_THAT(findings, HasSubstr("warning: endpoint: \"" + where + "\" is no loopback address"));
  }
}

TEST(Relations, EndpointForThisMachineIsNotWarnedOf) {
  for (const std::string where : {"127.255.0.1:5000", "[::1]:5000", "[0:0:0:0:0:0:0:1]:5000",
                                  "[::ffff:127.0.5.2]:5000", "unix:/run/tsmtp/birl.sock"}) {
    const auto [config, findings] = read_it(kHub + birl("endpoint = [\"" + where + "\"]"));
    EXPECT_TRUE(config);
    EXPECT_THAT(findings, Not(HasSubstr("loopback"))) << where;
  }
}

TEST(Relations, MetricsForTheWorldAreWarnedOf) {
  for (const std::string where : {"0.0.0.0:9163", "[::]:9163", "192.0.2.7:9163"}) {
    const auto [config, findings] =
        read_it(kHub + "metrics = \"" + where + "\"\n" + birl(with_address("127.0.5.2")));
    EXPECT_TRUE(config);
    EXPECT_THAT(findings, HasSubstr("warning: metrics: \"" + where + "\" is no loopback address"));
  }
  const auto [config, findings] =
      read_it(kHub + "metrics = \"[::1]:9163\"\n" + birl(with_address("127.0.5.2")));
  EXPECT_THAT(findings, IsEmpty());
}

TEST(Relations, DomainOnBothSidesIsWarnedOf) {
  const auto [config, findings] = read_it(
      kHub + "[[site]]\nname = \"birl\"\npin = [\"" + kPinA +
      "\"]\ndomains = [\".\", \"a.example\"]\nlocal = [\".\", \"a.example\"]\naddress = \"127.0.5.2\"\n");
  EXPECT_TRUE(config);
  EXPECT_EQ(
      findings,
      "t.toml:8:9: warning: local: \"a.example\" is in \"domains\" too: mail to it may go in circles\n");
}

TEST(Relations, UsersCanOnlyBeKnownOnLoopback) {
  const std::string users = "\nallow_users = [\"root\"]";
  EXPECT_FALSE(read_it(kHub + birl("endpoint = [\"192.0.2.1:5000\"]" + users)).config);
  EXPECT_TRUE(
      read_it(kHub + birl("endpoint = [\"127.0.0.1:5000\", \"unix:/x\", \"[::1]:5000\"]" + users)).config);
}

TEST(Relations, AnOriginNeedsTheSiteAddress) {
  const auto [config, findings] = read_it(kHub + birl("endpoint = [\"127.0.0.1:5000\"]\norigin = \"proxy\""));
  EXPECT_FALSE(config);
  EXPECT_THAT(findings, HasSubstr("origin: needs \"address\""));
}

}  // namespace
}  // namespace tsmtp::settings
