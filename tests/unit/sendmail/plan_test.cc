#include "sendmail/plan/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "relayd/settings/reader.h"
#include "sendmail/plan/cf_maps.h"
#include "sendmail/plan/proof.h"

namespace tsmtp::sendmail {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::string kMc =
    "include(`/usr/share/sendmail/cf/m4/cf.m4')dnl\nFEATURE(`use_cw_file')dnl\nFEATURE(`access_db', , "
    "`skip')dnl\n"
    "MAILER_DEFINITIONS\nMAILER(`smtp')dnl\n";

const std::string kPin = "pin = [\"sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"]\n";
const std::string kHub = "[hub]\nname = \"tokyo\"\ndomains = [\"tokyo.example\", \".tokyo.example\"]\n";
const std::string kSite = "[[site]]\nname = \"birl\"\n" + kPin +
                          "address = \"127.0.5.2\"\ndial = [\"hub.birl.example:5443\"]\n"
                          "domains = [\"birl.example\", \".birl.example\"]\n";

HubFacts hub_of(const std::string& toml) {
  base::Diagnostics findings;
  const auto config = settings::read_text(toml, "relayd.toml", {}, findings);
  EXPECT_TRUE(config) << findings.to_string();
  return config ? facts_of(*config) : HubFacts{};
}

Input input_of(Texts texts = {}, const std::string& toml = kHub + kSite) {
  texts.try_emplace("/etc/mail/sendmail.mc", kMc);
  return {std::move(texts), {}, hub_of(toml), "hub.tokyo.example", {}};
}

/// The texts when the plan has been carried out.
Texts after(const Input& input, const Plan& plan) {
  Texts texts = input.texts;
  for (const Change& change : plan.changes) {
    if (change.after)
      texts[change.path] = *change.after;
    else
      texts.erase(change.path);
  }
  return texts;
}

std::string text_after(const Input& input, const std::string& path) {
  const Texts texts = after(input, plan_on(input));
  const auto found = texts.find(path);
  return found == texts.end() ? "(none)" : found->second;
}

TEST(Plan, MakesEveryFileOfTheSites) {
  const Input input = input_of();
  EXPECT_THAT(plan_on(input).findings, IsEmpty());
  EXPECT_THAT(text_after(input, "/etc/mail/mailertable"),
              HasSubstr("\nbirl.example\ttsmtp:[127.0.5.2]\n.birl.example\ttsmtp:[127.0.5.2]\n"));
  EXPECT_THAT(text_after(input, "/etc/mail/tsmtp-domains"),
              HasSubstr("\nbirl.example\n# tsmtp-sendmail end"));
  EXPECT_THAT(text_after(input, "/etc/mail/tsmtp-sites"),
              HasSubstr("\n127.0.5.2\tbirl\nbirl.example\t127.0.5.2\n"));
  EXPECT_THAT(text_after(input, "/etc/mail/local-host-names"), HasSubstr("\ntokyo.example\n"));
  EXPECT_THAT(text_after(input, "/etc/hosts"), HasSubstr("\n127.0.5.2\tbirl.tsmtp\n"));
  EXPECT_EQ(text_after(input, "/etc/mail/access"), "(none)");
}

TEST(Plan, CarriedOutOnceItHasNothingToDo) {
  Input input =
      input_of({{"/etc/mail/mailertable", "x.example\tsmtp:[y]"}, {"/etc/hosts", "127.0.0.1 localhost\n"}});
  input.texts = after(input, plan_on(input));
  EXPECT_FALSE(plan_on(input).changes_anything());
}

TEST(Plan, OffGivesTheSameBytes) {
  const Texts before{{"/etc/mail/sendmail.mc", kMc},
                     {"/etc/mail/mailertable", "x.example\tsmtp:[y]"},
                     {"/etc/mail/local-host-names", ""},
                     {"/etc/hosts", "127.0.0.1 localhost\n"}};
  Input input = input_of(before);
  input.texts = after(input, plan_on(input));
  const Texts off = after(input, plan_off(input.texts, {}));
  for (const auto& [path, text] : before)
    EXPECT_EQ(off.at(path), text) << path;
  EXPECT_EQ(off.at("/etc/mail/tsmtp-domains"), "");
}

TEST(Plan, EditsOutsideTheBlockSurviveOff) {
  Input input = input_of({{"/etc/mail/mailertable", "x.example\tsmtp:[y]\n"}});
  input.texts = after(input, plan_on(input));
  input.texts["/etc/mail/mailertable"] =
      "first.example\tsmtp:[z]\n" + input.texts["/etc/mail/mailertable"] + "last.example\tsmtp:[z]\n";
  EXPECT_EQ(after(input, plan_off(input.texts, {})).at("/etc/mail/mailertable"),
            "first.example\tsmtp:[z]\nx.example\tsmtp:[y]\nlast.example\tsmtp:[z]\n");
}

TEST(Plan, WhatIsThereAlreadyIsNotDoubled) {
  const Input input = input_of(
      {{"/etc/mail/mailertable", "Birl.Example\ttsmtp:[127.0.5.2] \n.birl.example tsmtp:[127.0.5.2]\n"},
       {"/etc/mail/local-host-names", "tokyo.example # ours\n"},
       {"/etc/mail/tsmtp-domains", "birl.example\n"},
       {"/etc/hosts", "127.0.5.2 birlinghoven\n"}});
  const Plan plan = plan_on(input);
  EXPECT_THAT(plan.findings, IsEmpty());
  for (const Change& change : plan.changes)
    EXPECT_TRUE(change.path == "/etc/mail/sendmail.mc" || change.path == "/etc/mail/tsmtp-sites")
        << change.path;
}

TEST(Plan, AnIncludedFilesMailertableIsTheOneThatIsWritten) {
  const std::string mc =
      "include(`/usr/share/sendmail/cf/m4/cf.m4')dnl\ninclude(`/etc/mail/m4/"
      "ours.m4')dnl\nMAILER(`smtp')dnl\n";
  Input input = input_of({{"/etc/mail/sendmail.mc", mc}});
  input.included["/etc/mail/m4/ours.m4"] = "FEATURE(`mailertable', `btree /etc/mail/routes')dnl\n";
  const Plan plan = plan_on(input);
  EXPECT_THAT(plan.findings, IsEmpty());
  EXPECT_EQ(plan.mailertable, "/etc/mail/routes");
  EXPECT_EQ(text_after(input, "/etc/mail/mailertable"), "(none)");
  EXPECT_THAT(text_after(input, "/etc/mail/sendmail.mc"), Not(HasSubstr("FEATURE(`mailertable')")));
}

TEST(Plan, AFileOfNamesThatNobodyReadsIsNotMadeUseOf) {
  const std::string mc = "include(`/usr/share/sendmail/cf/m4/cf.m4')dnl\nMAILER(`smtp')dnl\n";
  Input input = input_of({{"/etc/mail/sendmail.mc", mc}, {"/etc/mail/local-host-names", "sold.example\n"}});
  EXPECT_EQ(text_after(input, "/etc/mail/local-host-names"), "sold.example\n");
  const std::string made = text_after(input, "/etc/mail/sendmail.mc");
  EXPECT_THAT(made, Not(HasSubstr("use_cw_file")));
  EXPECT_THAT(made, HasSubstr("LOCAL_DOMAIN(`tokyo.example')dnl\n"));
  input.texts = after(input, plan_on(input));
  input.texts["/etc/mail/sendmail.cf"] = "Cwtokyo.example\n";
  EXPECT_FALSE(plan_on(input).changes_anything());
}

TEST(Plan, AnAccessMapThatIsNoFileIsLeftToItsOwner) {
  const std::string mc =
      "include(`/usr/share/sendmail/cf/m4/cf.m4')dnl\nFEATURE(`access_db', `LDAP')dnl\n"
      "FEATURE(`ratecontrol')dnl\nMAILER(`smtp')dnl\n";
  const Input input = input_of({{"/etc/mail/sendmail.mc", mc}});
  const Plan plan = plan_on(input);
  EXPECT_THAT(plan.notes, Contains(HasSubstr("ClientRate:127.0.5.2 0")));
  EXPECT_FALSE(plan.access);
  for (const Change& change : plan.changes)
    EXPECT_NE(change.path, "/etc/mail/access");
}

TEST(Plan, AnEndpointThatIsNoAddressComesIntoNoFile) {
  for (const std::string host : {"127.evil.example", "127.0.0.9'x"}) {
    const Input input = input_of({}, kHub + kSite + "endpoint = [\"" + host + ":5000\"]\n");
    EXPECT_THAT(input.hub.sites, IsEmpty());
    EXPECT_THAT(input.hub.notes, ElementsAre(HasSubstr("is left out")));
  }
}

TEST(Plan, AnotherRouteForASiteIsExplainedNotOverwritten) {
  const Input input =
      input_of({{"/etc/mail/mailertable", "a.example\tsmtp:[x]\nbirl.example\tesmtp:[hub.birl.example]\n"}});
  EXPECT_THAT(
      plan_on(input).findings,
      ElementsAre(
          "/etc/mail/mailertable:2: birl.example has esmtp:[hub.birl.example], and would have to have "
          "tsmtp:[127.0.5.2]: take that line out or change it"));
}

TEST(Plan, ARouteBelowASitesDomainThatWouldNotBeFollowedIsExplained) {
  const std::string site =
      "[[site]]\nname = \"birl\"\n" + kPin +
      "address = \"127.0.5.2\"\ndial = [\"hub.birl.example:5443\"]\ndomains = [\"birl.example\"]\n";
  for (const std::string line : {"x.birl.example\tesmtp:[y]\n", "# own\n.birl.example smtp:[y]\n"}) {
    const Plan plan = plan_on(input_of({{"/etc/mail/mailertable", line}}, kHub + site));
    EXPECT_THAT(plan.findings, ElementsAre(HasSubstr("below birl.example, which is a site's"))) << line;
  }
  for (const std::string line :
       {"x.birl.example\tlocal:anna\n", "notbirl.example\tesmtp:[y]\n", "example\tsmtp:[y]\n",
        "a.birl.example\terror:5.1.2:550 no\n", "b.birl.example\ttsmtp:[127.0.5.2]\n"})
    EXPECT_THAT(plan_on(input_of({{"/etc/mail/mailertable", line}}, kHub + site)).findings, IsEmpty())
        << line;
}

TEST(Plan, OwnDomainsThatSendmailTakesOrHandsOnAreNotAdded) {
  for (const auto& [path, text] : Texts{{"/etc/mail/local-host-names", "TOKYO.example\n"},
                                        {"/etc/mail/relay-domains", "tokyo.example\n"},
                                        {"/etc/mail/mailertable", "tokyo.example\tesmtp:[inside]\n"},
                                        {"/etc/mail/sendmail.cf", "Cwlocalhost tokyo.example\n"},
                                        {"/etc/mail/access", "To:tokyo.example\tRELAY\n"}}) {
    const Input input = input_of({{path, text}});
    for (const Change& change : plan_on(input).changes)
      EXPECT_NE(change.path, "/etc/mail/local-host-names") << path;
  }
}

TEST(Plan, OwnDomainsThatAreMissingAreNamed) {
  const Plan plan = plan_on(input_of());
  const auto change = std::find_if(plan.changes.begin(), plan.changes.end(), [](const Change& one) {
    return one.path == "/etc/mail/local-host-names";
  });
  ASSERT_NE(change, plan.changes.end());
  EXPECT_THAT(change->why, ElementsAre(HasSubstr("tokyo.example")));
  EXPECT_THAT(plan.own_domains, ElementsAre("tokyo.example"));
}

TEST(Plan, ASiteThatSendmailTakesForItselfIsAFinding) {
  EXPECT_THAT(plan_on(input_of({{"/etc/mail/local-host-names", "birl.example\n"}})).findings,
              ElementsAre(HasSubstr("birl.example is a site's domain, but sendmail takes its mail")));
}

TEST(Plan, ASiteThatIsGoneLetsNothingOutInClear) {
  Input input = input_of(
      {}, kHub + kSite + "[[site]]\nname = \"rom\"\n" + kPin.substr(0, 16) + "BBBB" + kPin.substr(20) +
              "address = \"127.0.5.9\"\ndial = [\"rom.example:5443\"]\ndomains = [\"rom.example\"]\n");
  input.texts = after(input, plan_on(input));
  input.hub = hub_of(kHub + kSite);
  const Plan plan = plan_on(input);
  EXPECT_THAT(plan.kept_domains, ElementsAre("rom.example"));
  EXPECT_THAT(plan.notes, Contains(HasSubstr("rom.example belongs to no site any more: its mail waits")));
  const Texts texts = after(input, plan);
  EXPECT_THAT(texts.at("/etc/mail/tsmtp-domains"), HasSubstr("\nrom.example\n"));
  EXPECT_THAT(texts.at("/etc/mail/mailertable"), Not(HasSubstr("rom.example")));
  input.texts = texts;
  EXPECT_FALSE(plan_on(input).changes_anything());
  input.wish.released = {"rom.example"};
  EXPECT_THAT(after(input, plan_on(input)).at("/etc/mail/tsmtp-domains"), Not(HasSubstr("rom.example")));
}

TEST(Plan, TheLastSiteThatGoesIsKeptToo) {
  Input input = input_of();
  input.texts = after(input, plan_on(input));
  input.hub = hub_of(kHub);
  EXPECT_THAT(plan_on(input).kept_domains, ElementsAre("birl.example"));
  input.wish.released = {"birl.example"};
  EXPECT_EQ(after(input, plan_on(input)).at("/etc/mail/sendmail.mc"), kMc);
}

TEST(Plan, WithoutASiteNothingIsChanged) {
  const Plan plan = plan_on(input_of({}, kHub));
  EXPECT_FALSE(plan.changes_anything());
  EXPECT_THAT(plan.findings, IsEmpty());
  EXPECT_THAT(plan.notes, ElementsAre(HasSubstr("no site yet")));
}

TEST(Plan, ADamagedBlockIsAFindingOnAndOff) {
  const Input input = input_of({{"/etc/hosts", "# tsmtp-sendmail begin\n127.0.5.2 x\n"}});
  EXPECT_THAT(plan_on(input).findings, ElementsAre(HasSubstr("/etc/hosts: the block of line 1 has no end")));
  EXPECT_THAT(plan_off(input.texts, {}).findings,
              ElementsAre(HasSubstr("/etc/hosts: the block of line 1 has no end")));
}

TEST(Plan, AMailertableThatAnotherProgramWritesIsLeftToIt) {
  const auto findings_on = [](const std::string& first_line) {
    return plan_on(input_of({{"/etc/mail/mailertable", first_line + "\nx.example\tesmtp:[h]\n"}})).findings;
  };
  EXPECT_THAT(findings_on("# Made by `mailertable generate --ldap`; change the directory instead."),
              Contains(HasSubstr("is made by tsmtp-routes")));
  EXPECT_THAT(findings_on("# Made by `mailertable generate --relayd relayd.toml`"),
              Contains(HasSubstr("is made by the GNUmakefile")));
}

TEST(Plan, AccessEntriesAreMadeWhereSomethingNeedsThem) {
  const std::string limits =
      "include(`/usr/share/sendmail/cf/m4/cf.m4')dnl\nFEATURE(`access_db')dnl\nFEATURE(`ratecontrol')dnl\n"
      "MAILER(`smtp')dnl\n";
  EXPECT_THAT(
      text_after(input_of({{"/etc/mail/sendmail.mc", limits}, {"/etc/mail/access", "ClientRate:\t10\n"}}),
                 "/etc/mail/access"),
      HasSubstr("ClientRate:127.0.5.2\t0\n"));
  EXPECT_EQ(
      text_after(input_of({{"/etc/mail/sendmail.mc", limits},
                           {"/etc/mail/access", "ClientRate:127 0\nClientConn:127.0 0\nGreetPause:127 0\n"}}),
                 "/etc/mail/access"),
      "ClientRate:127 0\nClientConn:127.0 0\nGreetPause:127 0\n");
  EXPECT_THAT(text_after(input_of({}, kHub + kSite + "any_sender = true\n"), "/etc/mail/access"),
              HasSubstr("TsmtpLists:127.0.5.2\tOK\n"));
}

TEST(Plan, ATrialRoutesItsAddressesAndNothingElse) {
  Input input = input_of();
  input.wish.only = {"anna@birl.example", "bob+x@Sub.birl.example"};
  const Plan plan = plan_on(input);
  EXPECT_THAT(plan.findings, IsEmpty());
  const Texts texts = after(input, plan);
  EXPECT_EQ(texts.count("/etc/mail/mailertable") + texts.count("/etc/mail/tsmtp-domains"), 0U);
  EXPECT_THAT(texts.at("/etc/mail/access"), HasSubstr("TsmtpFrom:birl.example\tOK\n"));
  EXPECT_THAT(texts.at("/etc/mail/sendmail.mc"), HasSubstr("R`bob+x' < @ `sub.birl.example' > $*"));
  EXPECT_THAT(
      questions_of(plan),
      HasSubstr(
          "/parse anna@birl.example\n/parse bob+x@sub.birl.example\n/parse tsmtp-proof@birl.example\n"));
}

TEST(Plan, ATrialTakesAddressesOfSitesOnly) {
  Input input = input_of();
  input.wish.only = {"anna@other.example", "anna", "\"a b\"@birl.example", "a`x@birl.example"};
  EXPECT_THAT(plan_on(input).findings, testing::SizeIs(4));
}

TEST(Plan, SitesThatSendmailCannotReachAreLeftOutAndSaid) {
  const std::string unix_site =
      "[[site]]\nname = \"u\"\n" + kPin.substr(0, 16) + "BBBB" + kPin.substr(20) +
      "endpoint = [\"unix:/run/tsmtp/u.sock\"]\ndial = [\"u.example:5443\"]\ndomains = [\"u.example\"]\n";
  const Plan plan = plan_on(input_of({}, kHub + kSite + unix_site));
  EXPECT_THAT(plan.findings, IsEmpty());
  EXPECT_THAT(plan.notes, Contains(HasSubstr("site u is left out")));
}

TEST(Proof, SaysWhichAnswersAreWrong) {
  const Plan plan = plan_on(input_of());
  const std::string good =
      "ADDRESS TEST MODE\nEnter <ruleset> <address>\n> Cracked\nmailer tsmtp, host [127.0.5.2], user "
      "tsmtp-proof@birl.example\n"
      "> Cracked\nmailer tsmtp, host [127.0.5.2], user x\n> Cracked\nmailer esmtp, host foreign.invalid, "
      "user x\n"
      "> localhost\ntokyo.example\n> ";
  EXPECT_THAT(contradictions(plan, good), IsEmpty());
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    return contradictions(plan, text);
  };
  EXPECT_THAT(
      with("mailer tsmtp, host [127.0.5.2], user tsmtp", "mailer tsmtp, host [127.0.5.22], user tsmtp"),
      ElementsAre(HasSubstr("not mailer tsmtp, host [127.0.5.2]")));
  EXPECT_THAT(with("mailer esmtp, host foreign.invalid", "mailer tsmtp, host [127.0.5.2]"),
              ElementsAre(HasSubstr("not a mailer other than tsmtp")));
  EXPECT_THAT(with("tokyo.example\n> ", "\n> "), ElementsAre(HasSubstr("is not in sendmail's class w")));
  EXPECT_THAT(contradictions(plan, "sendmail: fatal\n"), ElementsAre(HasSubstr("ends early")));
  EXPECT_THAT(contradictions(plan, ""), ElementsAre(HasSubstr("ends early")));
}

TEST(CfMaps, AreFoundAndMoved) {
  const std::string cf =
      "# Kmailertable x\nKmailertable hash -o /etc/mail/mailertable\nKmailertable2 x y\nO "
      "PidFile=/run/x.pid\n";
  const auto map = map_in(cf, "mailertable");
  ASSERT_TRUE(map);
  EXPECT_EQ(map->type, "hash");
  EXPECT_EQ(map->database(), "/etc/mail/mailertable.db");
  EXPECT_THAT(with_map_at(cf, "mailertable", "/new"),
              HasSubstr("\nKmailertable hash -o /new\nKmailertable2"));
  EXPECT_EQ(option_in(cf, "PidFile"), "/run/x.pid");
  EXPECT_FALSE(map_in(cf, "access"));
}

}  // namespace
}  // namespace tsmtp::sendmail
