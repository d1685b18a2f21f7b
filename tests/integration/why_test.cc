// relayctl why, asked of relayds that run. What sendmail says is tested where it is (tests/e2e).
#include "tests/support/two_hubs.h"

namespace tsmtp::support {
namespace {

using ::testing::HasSubstr;

class Why : public TwoHubs {};

TEST_F(Why, MailThatArrivesHasTheFarMtasWord) {
  const Finished said = tokyo.relayctl({"why", "anna@birl.example", "--from", "hans@tokyo.example"});
  EXPECT_THAT(said.output, HasSubstr("far RCPT   ok"));
  EXPECT_EQ(birl_mta.count(), 0U) << "a question delivers nothing";
}

TEST_F(Why, RefusalOfTheFarMtaIsTold) {
  birl_mta.set_script([](const std::string& command) {
    return command.starts_with("RCPT TO:<nobody@") ? "550 5.1.1 nobody is not here\r\n" : std::string();
  });
  const Finished said = tokyo.relayctl({"why", "nobody@birl.example"});
  EXPECT_EQ(said.status, 69);
  EXPECT_THAT(said.output, HasSubstr("BLOCKED  550 5.1.1 nobody is not here"));
  EXPECT_THAT(said.output, HasSubstr("The mail would go back to its sender."));
}

TEST_F(Why, FarHubsRulesAreTold) {
  const Finished said = tokyo.relayctl({"why", "anna@birl.example", "--from", "eve@elsewhere.example"});
  EXPECT_EQ(said.status, 69);
  EXPECT_THAT(said.output, HasSubstr("far MAIL   BLOCKED  550 5.7.1"));
}

TEST_F(Why, LinkThatIsDownIsTold) {
  birl.kill();
  ASSERT_TRUE(tokyo.wait_for_link_down("birl"));
  const Finished said = tokyo.relayctl({"why", "anna@birl.example"});
  EXPECT_EQ(said.status, 75);
  EXPECT_THAT(said.output, HasSubstr("BLOCKED  421 4.4.1 birl: link down since"));
}

TEST_F(Why, RelaydThatDoesNotRunIsTold) {
  tokyo.kill();
  const Finished said = tokyo.relayctl({"why", "anna@birl.example"});
  EXPECT_EQ(said.status, 75);
  EXPECT_THAT(said.output, HasSubstr("is relayd running?"));
}

TEST_F(Why, AddressOfNoSiteIsNoneOfOurs) {
  const Finished said = tokyo.relayctl({"why", "carl@elsewhere.example"});
  EXPECT_EQ(said.status, 0);
  EXPECT_THAT(said.output, HasSubstr("is for no site"));
}

TEST_F(Why, WhatIsNoAddressIsRefused) {
  EXPECT_EQ(tokyo.relayctl({"why", "anna birl.example"}).status, 65);
  EXPECT_EQ(tokyo.relayctl({"why", "anna"}).status, 65);
  EXPECT_EQ(tokyo.relayctl({"why", "a\tb@birl.example"}).status, 65);
}

}  // namespace
}  // namespace tsmtp::support
