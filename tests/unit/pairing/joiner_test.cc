#include "relayd/pairing/joiner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "relayd/pairing/site_file.h"
#include "relayd/settings/pin.h"
#include "relayd/settings/reader.h"
#include "tests/unit/pairing/sample.h"

namespace tsmtp::pairing {
namespace {

using testing::HasSubstr;

const Offered kOffered{.offer = {.is_final = false,
                                 .inviter = {.name = "tokyo", .domains = {"tokyo.example"}, .dial = {}},
                                 .your_domains = {"birl.example", ".birl.example"}},
                       .inviter_pin = kTokyoPin,
                       .dial = {.host = "hub.tokyo.example", .port = 5443, .unix_path = {}}};

Taken birl() {
  Taken taken{.hub_name = "birl", .own_domains = {}, .sites = {}};
  (void)taken.own_domains.add("birl.example");
  (void)taken.own_domains.add(".birl.example");
  return taken;
}

TEST(Joiner, OfferMakesASite) {
  const auto site = site_of(kOffered, {}, birl());
  ASSERT_TRUE(site) << site.error().message;
  EXPECT_EQ(site->name, "tokyo");
  EXPECT_EQ(site->pin, kTokyoPin);
  EXPECT_EQ(site->dial, std::vector<std::string>{"hub.tokyo.example:5443"});
  EXPECT_EQ(site_of(kOffered, {.site = "east", .own_domains = {}}, birl())->name, "east");
}

TEST(Joiner, WhatIsTakenHereIsSaidWithAWayOut) {
  Taken taken = birl();
  taken.sites = {sample_site("tokyo", kMalloryPin, "osaka.example")};
  EXPECT_FALSE(site_of(kOffered, {.site = "tokyo", .own_domains = {}}, taken));
  EXPECT_THAT(
      site_of(kOffered, {}, taken).error().message,
      HasSubstr("the name \"tokyo\" is already that of another site; give the new one another with --name"));
  taken = birl();
  taken.hub_name = "tokyo";
  EXPECT_THAT(site_of(kOffered, {}, taken).error().message, HasSubstr("already that of this hub"));
  taken = birl();
  taken.sites = {sample_site("osaka", kMalloryPin, "tokyo.example")};
  EXPECT_THAT(site_of(kOffered, {}, taken).error().message, HasSubstr("that of site \"osaka\" here"));
  Offered greedy = kOffered;
  greedy.offer.inviter.domains = {"birl.example"};
  EXPECT_THAT(site_of(greedy, {}, birl()).error().message, HasSubstr("that of this hub here"));
  greedy.offer.inviter.domains = {"."};
  EXPECT_FALSE(site_of(greedy, {}, birl()));
}

TEST(Joiner, AHubMoreOfASiteHasTheSitesDomains) {
  Taken taken = birl();
  taken.sites = {sample_site("east", kMalloryPin, "tokyo.example"),
                 sample_site("tokyo", kBirlPin, "x.example")};
  const auto hub = site_of(kOffered, {.site = {}, .hub_of = "east", .own_domains = {}}, taken);
  ASSERT_TRUE(hub) << hub.error().message;
  EXPECT_EQ(hub->hub_of, "east");
  EXPECT_EQ(hub->name, "tokyo") << "sites' names are others than hubs'";
  EXPECT_THAT(site_of(kOffered, {.site = "east", .hub_of = "east", .own_domains = {}}, taken).error().message,
              HasSubstr("site east has a hub \"east\" already"));
  EXPECT_THAT(site_of(kOffered, {.site = {}, .hub_of = "west", .own_domains = {}}, taken).error().message,
              HasSubstr("there is no site \"west\" here"));
  EXPECT_THAT(
      site_of(kOffered, {.site = "west", .hub_of = "tokyo", .own_domains = {}}, taken).error().message,
      HasSubstr("which is none of site tokyo"));
}

// Recipients are accepted in these from the other hub.
TEST(Joiner, OtherHubDoesNotSayWhichDomainsAreOurs) {
  const Wishes said{.site = {}, .own_domains = {"birl.example", ".birl.example"}};
  EXPECT_TRUE(site_of(kOffered, said, birl()));
  Offered greedy = kOffered;
  greedy.offer.your_domains = {"birl.example"};  // less than was said is its affair
  EXPECT_TRUE(site_of(greedy, said, birl()));
  greedy.offer.your_domains = {"birl.example", "bank.example"};
  EXPECT_THAT(site_of(greedy, said, birl()).error().message,
              HasSubstr("takes \"bank.example\" for a domain of this hub, which has not said so"));
  EXPECT_TRUE(site_of(greedy, {}, birl()));  // it was left to the invitation, and is shown
  Taken taken = birl();
  taken.sites = {sample_site("osaka", kMalloryPin, "bank.example")};
  EXPECT_THAT(site_of(greedy, {}, taken).error().message, HasSubstr("it is that of site \"osaka\" here"));
  greedy.offer.your_domains = {"tokyo.example"};
  EXPECT_THAT(site_of(greedy, {}, birl()).error().message, HasSubstr("is its own domain and this hub's"));
}

TEST(Joiner, OfTwoHubsThatAreBothCalledMailTheDomainTells) {
  Taken taken = birl();
  taken.hub_name = "mail";
  Offered offered = kOffered;
  offered.offer.inviter.name = "mail";
  EXPECT_EQ(site_of(offered, {}, taken)->name, "tokyo");
  taken.sites = {sample_site("tokyo", kMalloryPin, "osaka.example")};
  EXPECT_THAT(site_of(offered, {}, taken).error().message, HasSubstr("already that of this hub"));
}

TEST(Joiner, NameThatIsNoneComesIntoNoFile) {
  Offered hostile = kOffered;
  hostile.offer.inviter.name = "x\n[[site]]";
  EXPECT_THAT(site_of(hostile, {}, birl()).error().message, HasSubstr("which is no name for a site"));
  EXPECT_EQ(site_of(hostile, {.site = "east", .own_domains = {}}, birl())->peer, "east");
}

TEST(Joiner, KnowsTheHubThatItHasAlready) {
  Taken taken = birl();
  EXPECT_EQ(site_of_token(sample_token(), taken), nullptr);
  taken.sites = {sample_site("east", kTokyoPin, "tokyo.example")};
  ASSERT_NE(site_of_token(sample_token(), taken), nullptr);
  EXPECT_EQ(site_of_token(sample_token(), taken)->name, "east");
}

TEST(Joiner, EveryRefusalSaysWhatToDo) {
  for (int why = 1; why < static_cast<int>(Why::kTrouble); ++why)
    EXPECT_GT(refusal_text({.why = static_cast<Why>(why), .detail = "x"}).size(), 40U) << why;
  EXPECT_THAT(refusal_text({.why = Why::kForeignDomain, .detail = "evil\nexample"}),
              HasSubstr("\"evil\\x0aexample\""));
}

TEST(SiteFile, IsAConfigurationThatIsRight) {
  const auto site = site_of(kOffered, {}, birl());
  const std::string text = site_file(*site, {.by = "`relayctl join`",
                                             .when = "2026-11-29T15:04:05Z",
                                             .address = "127.0.5.2",
                                             .pin = settings::pin_text(site->pin),
                                             .own_domains = {}});
  EXPECT_THAT(text, testing::StartsWith("# Written by `relayctl join` at 2026-11-29T15:04:05Z"));
  base::Diagnostics findings;
  const auto config = settings::read_text("[hub]\nname = \"birl\"\n" + text, "t", {}, findings);
  ASSERT_TRUE(config) << findings.to_string();
  EXPECT_EQ(config->sites[0].pins(), std::vector<std::string>{kTokyoPin});
  EXPECT_TRUE(config->sites[0].rules.local.contains("lab.birl.example"));
}

TEST(SiteFile, OwnDomainsAreNotSaidTwice) {
  const auto site = site_of(kOffered, {}, birl());
  const std::string text = site_file(*site, {.by = "x",
                                             .when = "y",
                                             .address = "127.0.5.2",
                                             .pin = settings::pin_text(site->pin),
                                             .own_domains = site->local});
  EXPECT_THAT(text, testing::Not(HasSubstr("local")));
}

}  // namespace
}  // namespace tsmtp::pairing
