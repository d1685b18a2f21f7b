// The first thing in a mail's way is found, whatever lies behind it.
#include "relayd/diagnosis/explanation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace tsmtp::diagnosis {
namespace {

using testing::HasSubstr;
using Fate = Explanation::Fate;

const KnownSite kBirl{.name = "birl", .address = "127.0.5.2", .endpoints = {"127.0.5.2:5000"}};
const KnownSite kOsaka{.name = "osaka", .address = "127.0.5.3", .endpoints = {"127.0.5.3:5000"}};

SendmailChoice tunnel() {
  return {.mailer = "tsmtp", .host = "[127.0.5.2]", .user = "anna@birl.example"};
}

/// All is well.
Facts facts() {
  return {.sender = "hans@tokyo.example",
          .recipient = "anna@birl.example",
          .sendmail = tunnel(),
          .table = "/etc/mail/mailertable",
          .table_line = std::optional(TableLine{
              .place = "/etc/mail/mailertable:3", .key = "birl.example", .value = "tsmtp:[127.0.5.2]"}),
          .behind = kBirl,
          .reached = kBirl,
          .endpoint = "127.0.5.2:5000",
          .greeting = base::Result<std::string>(boost::system::in_place_value, "220 tokyo ESMTP"),
          .relayd = control::ProbeAnswer{.link = "up since 12:03:04 to 192.0.2.1:5443",
                                         .key = "sha256:x",
                                         .mail = "250 2.1.0 Ok",
                                         .recipient = "250 2.1.5 Ok"}};
}

TEST(Explanation, MailThatArrives) {
  const Explanation found = explain(facts());
  EXPECT_EQ(found.fate, Fate::kArrives);
  EXPECT_EQ(found.obstacle(), nullptr);
  EXPECT_EQ(found.stations.size(), 7u);
}

struct Obstacle {
  const char* what;
  std::function<void(Facts&)> happens;
  Fate fate;
  const char* station;
  const char* text;
  const char* remedy;
};

class Obstacles : public testing::TestWithParam<Obstacle> {};

TEST_P(Obstacles, AreNamedWithARemedy) {
  Facts known = facts();
  GetParam().happens(known);
  const Explanation found = explain(known);
  EXPECT_EQ(found.fate, GetParam().fate);
  ASSERT_NE(found.obstacle(), nullptr);
  EXPECT_EQ(found.obstacle()->name, GetParam().station);
  EXPECT_THAT(found.obstacle()->text, HasSubstr(GetParam().text));
  EXPECT_THAT(found.obstacle()->remedy, HasSubstr(GetParam().remedy));
  EXPECT_EQ(found.obstacle(), &found.stations.back());
}

void leaves_by(Facts& known, const char* mailer, const char* host) {
  known.sendmail = SendmailChoice{.mailer = mailer, .host = host, .user = "anna@birl.example"};
  known.reached.reset();
}

const Obstacle kObstacles[] = {
    {"no line",
     [](Facts& k) {
       leaves_by(k, "esmtp", "birl.example.");
       k.table_line = std::optional<TableLine>();
     },
     Fate::kGoesInClear, "table", "no line of /etc/mail/mailertable answers for birl.example",
     "birl.example\ttsmtp:[127.0.5.2]"},
    {"held without a line",
     [](Facts& k) {
       k.sendmail = SendmailChoice{
           .mailer = "", .host = "", .user = "", .refusal = "451 4.7.0 birl.example is tunnel-only"};
       k.reached.reset();
       k.table_line = std::optional<TableLine>();
     },
     Fate::kWaits, "table", "no line of", "birl.example\ttsmtp:[127.0.5.2]"},
    {"held",
     [](Facts& k) {
       k.sendmail = SendmailChoice{
           .mailer = "",
           .host = "",
           .user = "",
           .refusal = "451 4.7.0 birl.example is tunnel-only, but would leave by mailer esmtp"};
       k.reached.reset();
     },
     Fate::kWaits, "sendmail", "would leave by mailer esmtp", "must lead to the site"},
    {"local name",
     [](Facts& k) {
       k.sendmail = SendmailChoice{
           .mailer = "",
           .host = "",
           .user = "",
           .refusal =
               "451 4.7.0 birl.example is tunnel-only, but a local name too (class w, local-host-names)"};
       k.reached.reset();
     },
     Fate::kWaits, "sendmail", "local name too", "local-host-names"},
    {"refused by the rules",
     [](Facts& k) {
       k.sendmail =
           SendmailChoice{.mailer = "", .host = "", .user = "", .refusal = "553 5.1.2 Invalid route address"};
       k.reached.reset();
     },
     Fate::kBounces, "sendmail", "Invalid route", "own rules"},
    {"leaves in clear", [](Facts& k) { leaves_by(k, "esmtp", "birl.example."); }, Fate::kGoesInClear,
     "sendmail", "mailer esmtp", "build sendmail.cf anew"},
    {"no site there", [](Facts& k) { leaves_by(k, "tsmtp", "[127.0.5.9]"); }, Fate::kWaits, "site",
     "no site of relayd.toml listens at [127.0.5.9]", "[[site]]"},
    {"another site", [](Facts& k) { k.reached = kOsaka; }, Fate::kBounces, "site", "osaka",
     "correct the mailertable"},
    {"nobody listens", [](Facts& k) { k.greeting = base::Error{"connection refused"}; }, Fate::kWaits,
     "endpoint", "connection refused", "is relayd running"},
    {"greeted with 421",
     [](Facts& k) {
       k.greeting = base::Result<std::string>(
           boost::system::in_place_value, "421 4.4.1 birl: link down since 12:03:04 (connection timed out)");
     },
     Fate::kWaits, "endpoint", "link down since 12:03:04", "relayctl status"},
    {"link down", [](Facts& k) { k.relayd = control::ProbeAnswer{.refusal = "421 4.4.1 birl: link down"}; },
     Fate::kWaits, "link", "link down", "relayctl status"},
    {"own rules", [](Facts& k) { (*k.relayd)->rules = "550 5.7.1 birl: birl.example is not behind it"; },
     Fate::kBounces, "our rules", "is not behind it", "domains of this [[site]]"},
    {"far sender", [](Facts& k) { (*k.relayd)->mail = "550 5.7.1 birlinghoven: not a sender of tokyo"; },
     Fate::kBounces, "far MAIL", "not a sender", "far hub's word"},
    {"far recipient", [](Facts& k) { (*k.relayd)->recipient = "550 5.1.1 User unknown"; }, Fate::kBounces,
     "far RCPT", "User unknown", "far hub's word"},
    {"greylisted", [](Facts& k) { (*k.relayd)->recipient = "451 4.7.1 Greylisted"; }, Fate::kWaits,
     "far RCPT", "Greylisted", "far hub's word"},
};

INSTANTIATE_TEST_SUITE_P(Explanation, Obstacles, testing::ValuesIn(kObstacles));

TEST(Explanation, LineThatHoldsTheDomainClosedIsTold) {
  Facts known = facts();
  known.closed = base::Result<std::string>(boost::system::in_place_value, "/etc/mail/tsmtp-domains:2");
  EXPECT_THAT(explanation_text(known, explain(known)),
              HasSubstr("  closed     ok       /etc/mail/tsmtp-domains:2: "));
  known.closed = base::Result<std::string>(boost::system::in_place_value, "");
  const std::string text = explanation_text(known, explain(known));
  EXPECT_THAT(text, HasSubstr("birl.example may leave in clear if the table is lost"));
  EXPECT_THAT(text, HasSubstr("The mail would be delivered."));
}

TEST(Explanation, MailForNoSiteIsNoneOfOurs) {
  Facts known = facts();
  known.recipient = "carl@elsewhere.example";
  known.behind.reset();
  leaves_by(known, "esmtp", "elsewhere.example.");
  known.table_line = std::optional<TableLine>();
  EXPECT_EQ(explain(known).fate, Fate::kNotForASite);
}

TEST(Explanation, NothingIsClaimedOfWhatCouldNotBeLookedAt) {
  Facts known = facts();
  known.relayd = base::Error{"/run/tsmtp/control.sock: Permission denied"};
  const Explanation found = explain(known);
  EXPECT_EQ(found.fate, Fate::kNotKnown);
  EXPECT_EQ(found.stations.back().state, Station::State::kUnknown);
}

TEST(Explanation, WithoutSendmailTheRestIsLookedAt) {
  Facts known = facts();
  known.sendmail = base::Error{"sendmail: no such program"};
  (*known.relayd)->recipient = "550 5.1.1 User unknown";
  EXPECT_EQ(explain(known).fate, Fate::kBounces);
}

TEST(Explanation, TextEndsWithTheFateAndWhatToDo) {
  Facts known = facts();
  known.greeting = base::Error{"connection refused"};
  const std::string text = explanation_text(known, explain(known));
  EXPECT_THAT(text, HasSubstr("To anna@birl.example from <hans@tokyo.example>:\n"));
  EXPECT_THAT(text, HasSubstr("  endpoint   BLOCKED  127.0.5.2:5000: connection refused\n"));
  EXPECT_THAT(text, HasSubstr("The mail would wait in the queue.\nTo do: is relayd running?"));
}

TEST(Explanation, JsonHasEveryStation) {
  const std::string json = explanation_json(facts(), explain(facts()));
  EXPECT_THAT(json, HasSubstr("\"fate\": \"arrives\""));
  EXPECT_THAT(json, HasSubstr("\"station\": \"far RCPT\""));
}

}  // namespace
}  // namespace tsmtp::diagnosis
