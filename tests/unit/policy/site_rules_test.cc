#include "relayd/policy/site_rules.h"

#include <gtest/gtest.h>

namespace tsmtp::policy {
namespace {

using settings::Rules;

Rules rules() {
  Rules rules;
  EXPECT_TRUE(rules.domains.add("birl.example"));
  EXPECT_TRUE(rules.domains.add(".birl.example"));
  EXPECT_TRUE(rules.local.add("tokyo.example"));
  EXPECT_TRUE(rules.local.add(".tokyo.example"));
  rules.max_message_bytes = 1000;
  return rules;
}

smtp::Path path(const std::string& text) {
  const smtp::PathResult parsed = smtp::parse_mail("FROM:<" + text + ">");
  EXPECT_TRUE(parsed) << text;
  return parsed ? parsed->path : smtp::Path{};
}

struct Case {
  std::string address;
  bool allowed;
};

TEST(SiteRules, OutgoingRecipientsMustBeBehindTheSite) {
  for (const Case& c : std::vector<Case>{{"b@birl.example", true},
                                         {"b@BIRL.Example", true},
                                         {"b@dept.birl.example", true},
                                         {"b@xbirl.example", false},
                                         {"b@tokyo.example", false},
                                         {"b@example", false},
                                         {"postmaster", true},
                                         {"b@[192.0.2.1]", false}})
    EXPECT_EQ(!check_outgoing_recipient(rules(), "birl", path(c.address)), c.allowed) << c.address;
}

TEST(SiteRules, IncomingSendersMustBeOfTheSite) {
  Rules open = rules();
  open.any_sender = true;
  for (const Case& c : std::vector<Case>{{"", true},
                                         {"root", true},
                                         {"a@birl.example", true},
                                         {"a@dept.birl.example", true},
                                         {"a@tokyo.example", false},
                                         {"a@[192.0.2.1]", false},
                                         {"list-request@elsewhere.example", false}}) {
    EXPECT_EQ(!check_incoming_sender(rules(), "birl", path(c.address)), c.allowed) << c.address;
    EXPECT_FALSE(check_incoming_sender(open, "birl", path(c.address))) << c.address;
  }
}

TEST(SiteRules, IncomingRecipientsMustBeOurs) {
  for (const Case& c : std::vector<Case>{{"b@tokyo.example", true},
                                         {"b@hub.tokyo.example", true},
                                         {"\"b c\"@tokyo.example", true},
                                         {"Postmaster", true},
                                         {"postmaster@tokyo.example", true},
                                         {"root", false},
                                         {"b@birl.example", false},
                                         {"b@outside.example", false},
                                         {"b@[127.0.0.1]", false},
                                         {"@hub.tokyo.example:b@outside.example", false},
                                         {"@hub.tokyo.example:b@tokyo.example", false},
                                         {"b%outside.example@tokyo.example", false},
                                         {"b%outside.example", false},
                                         {"outside.example!b@tokyo.example", false},
                                         {"\"b@outside.example\"@tokyo.example", false},
                                         {"\"b\\@outside.example\"@tokyo.example", false},
                                         {"\"b%outside.example\"@tokyo.example", false},
                                         {"\"outside::b\"@tokyo.example", false}})
    EXPECT_EQ(!check_incoming_recipient(rules(), "birl", path(c.address)), c.allowed) << c.address;
}

TEST(SiteRules, AnyDomainStillMeansNoLiteralAndNoRoute) {
  Rules any;
  ASSERT_TRUE(any.domains.add("."));
  ASSERT_TRUE(any.local.add("."));
  EXPECT_FALSE(check_outgoing_recipient(any, "birl", path("b@outside.example")));
  EXPECT_TRUE(check_outgoing_recipient(any, "birl", path("b@[192.0.2.1]")));
  EXPECT_FALSE(check_incoming_recipient(any, "birl", path("b@outside.example")));
  EXPECT_TRUE(check_incoming_recipient(any, "birl", path("b@[192.0.2.1]")));
  EXPECT_TRUE(check_incoming_recipient(any, "birl", path("b%c@outside.example")));
}

TEST(SiteRules, WithoutDomainsNothingPasses) {
  EXPECT_EQ(check_outgoing_recipient({}, "birl", path("b@x"))->summary(),
            "550 5.7.1 birl: <b@x> is not behind this site; its domains are none");
  EXPECT_TRUE(check_incoming_recipient({}, "birl", path("b@x")));
}

TEST(SiteRules, RefusalsNameSiteAndCause) {
  EXPECT_EQ(check_outgoing_recipient(rules(), "birl", path("b@x"))->summary(),
            "550 5.7.1 birl: <b@x> is not behind this site; its domains are birl.example, .birl.example");
  EXPECT_EQ(
      check_incoming_sender(rules(), "birl", path("a@x"))->summary(),
      "550 5.7.1 birl: <a@x> is not a sender of this site; its domains are birl.example, .birl.example");
  EXPECT_EQ(
      check_incoming_recipient(rules(), "birl", path("b@x"))->summary(),
      "550 5.7.1 birl: <b@x> is not local here; accepted from this site are tokyo.example, .tokyo.example");
  Rules many;
  for (int i = 1; i <= 300; ++i)
    ASSERT_TRUE(many.domains.add("d" + std::to_string(i) + ".example"));
  const auto refusal = check_outgoing_recipient(many, "birl", path(std::string(3000, 'x') + "@x"));
  EXPECT_TRUE(refusal->summary().ends_with("d5.example and 295 more")) << refusal->summary();
  EXPECT_LT(refusal->wire().size(), 512U);
}

TEST(SiteRules, LimitsSize) {
  EXPECT_FALSE(check_size(rules(), "birl", 1000));
  EXPECT_EQ(check_size(rules(), "birl", 1001)->summary(),
            "552 5.3.4 birl: message of 1001 bytes is over the limit of 1000");
  Rules unlimited;
  unlimited.max_message_bytes = 0;
  EXPECT_FALSE(check_size(unlimited, "birl", 1'000'000'000'000));
}

}  // namespace
}  // namespace tsmtp::policy
