// One hub of a site: when mail can be handed to it, and in which words not.
#include "relayd/net/site_hub.h"

#include <gmock/gmock.h>

#include "relayd/mail/service.h"
#include "tests/unit/net/linked_hubs.h"

namespace tsmtp::net {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class SiteHubs : public LinkedHubs {
 protected:
  [[nodiscard]] std::string refusal() const {
    const auto reply = tokyo.hub->refusal();
    return reply ? "421 " + std::string(reply->enhanced) + ' ' + reply->text : "";
  }

  StreamRecorder near, far;
};

TEST_F(SiteHubs, ThatIsNotLinkedSaysSinceWhenAndWhy) {
  EXPECT_THAT(refusal(), StartsWith("421 4.4.1 link down since "));
}

TEST_F(SiteHubs, IsHandedNoMailBeforeItHasSpokenOfItsMta) {
  start();
  EXPECT_EQ(refusal(), "421 4.4.1 link up, but it has not yet said whether its MTA can be reached");
  EXPECT_FALSE(tokyo.hub->far_mta());
  EXPECT_GT(tokyo.times_changed, 0);
}

TEST_F(SiteHubs, TellsOfItsMtaWhenTheLinkComesUp) {
  birl.own_mta = mail::FarMta{.reachable = true, .extensions = {}, .cause = {}};
  start();
  EXPECT_TRUE(run_until([&] { return tokyo.hub->far_mta().has_value(); }));
  EXPECT_EQ(refusal(), "");
}

TEST_F(SiteHubs, AnMtaOutOfReachIsNamedWithItsCauseAndComplainedOf) {
  birl.own_mta = mail::FarMta{.reachable = false, .extensions = {}, .cause = "Connection refused"};
  start();
  EXPECT_TRUE(run_until([&] { return tokyo.hub->far_mta().has_value(); }));
  EXPECT_THAT(refusal(), StartsWith("421 4.4.1 its MTA cannot be reached (Connection refused) since "));
  EXPECT_THAT(tokyo.complaints, ElementsAre("its MTA cannot be reached: Connection refused"));
  EXPECT_THAT(tokyo.reliefs, IsEmpty());
  birl.hub->own_mta_changed({.reachable = true, .extensions = {}, .cause = {}});
  EXPECT_TRUE(run_until([&] { return refusal().empty(); }));
  EXPECT_THAT(tokyo.reliefs, ElementsAre("its MTA can be reached again"));
}

TEST_F(SiteHubs, ANoticeThatCannotBeUnderstoodChangesNothing) {
  birl.own_mta = mail::FarMta{.reachable = true, .extensions = {}, .cause = {}};
  start();
  EXPECT_TRUE(run_until([&] { return tokyo.hub->far_mta().has_value(); }));
  birl.hub->link().notice("\xff\xff\xff");
  EXPECT_TRUE(run_until([&] { return !tokyo.complaints.empty(); }));
  EXPECT_TRUE(tokyo.hub->far_mta());
  EXPECT_EQ(refusal(), "");
}

TEST_F(SiteHubs, ThatDrainsIsShuttingDown) {
  birl.own_mta = mail::FarMta{.reachable = true, .extensions = {}, .cause = {}};
  start();
  EXPECT_TRUE(run_until([&] { return refusal().empty(); }));
  birl.hub->drain();
  EXPECT_TRUE(run_until([&] { return !refusal().empty(); }));
  EXPECT_EQ(refusal(), "421 4.3.2 the far relayd is shutting down");
}

TEST_F(SiteHubs, WhatTheHubSaidOfItsMtaEndsWithTheLink) {
  birl.own_mta = mail::FarMta{.reachable = true, .extensions = {}, .cause = {}};
  start();
  EXPECT_TRUE(run_until([&] { return tokyo.hub->far_mta().has_value(); }));
  birl.hub->stop("for a test");
  EXPECT_TRUE(run_until([&] { return !tokyo.hub->far_mta(); }));
  EXPECT_THAT(refusal(), AllOf(StartsWith("421 4.4.1 link down since "), HasSubstr("for a test")));
}

TEST_F(SiteHubs, MailIsHandedToItsOwner) {
  birl.accept_mail = [this](mux::StreamKey) { return &far; };
  start();
  const auto stream = tokyo.hub->link().open(mail::kService, near);
  ASSERT_TRUE(stream);
  tokyo.hub->link().write(*stream, "anything");
  EXPECT_TRUE(run_until([&] { return far.received == "anything"; }));
}

TEST_F(SiteHubs, ThatTakesNoMoreMailsRefusesTheStream) {
  start();
  ASSERT_TRUE(tokyo.hub->link().open(mail::kService, near));
  EXPECT_TRUE(run_until([&] { return !near.lost.empty(); }));
}

TEST_F(SiteHubs, ThatIsNoLongerConfiguredIsLinkedNoMore) {
  start();
  tokyo.hub->retire();
  EXPECT_TRUE(run_until([&] { return !is_up(tokyo) && !is_up(birl); }));
}

}  // namespace
}  // namespace tsmtp::net
