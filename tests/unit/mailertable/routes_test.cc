// What becomes of a directory's entries: lines, findings that name the entry, and above all the traps of
// sendmail's LDAP maps.
#include "mailertable/routes/routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "mailertable/routes/checked_routes.h"
#include "mailertable/routes/entry_compiler.h"
#include "mailertable/routes/held.h"
#include "mailertable/text/parser.h"

namespace tsmtp::mailertable {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;
using testing::UnorderedElementsAre;

using Attributes = std::map<std::string, std::vector<std::string>, std::less<>>;

DirectoryEntry entry_of(const std::string& cn, const std::string& object_class, Attributes attributes) {
  attributes["objectclass"] = {object_class};
  return {"cn=" + cn + ",dc=example", std::move(attributes)};
}

DirectoryEntry site(const std::string& cn, const std::string& name, std::vector<std::string> domains) {
  return entry_of(cn, "tsmtpSite", {{"tsmtpsitename", {name}}, {"tsmtpdomain", std::move(domains)}});
}

DirectoryEntry route(const std::string& cn, std::vector<std::string> keys, std::vector<std::string> values) {
  return entry_of(cn, "tsmtpRoute",
                  {{"tsmtproutekey", std::move(keys)}, {"tsmtproutevalue", std::move(values)}});
}

DirectoryEntry map_object(const std::string& cn, std::vector<std::string> keys,
                          std::vector<std::string> values) {
  return entry_of(cn, "sendmailMTAMapObject",
                  {{"sendmailmtamapname", {"mailer"}},
                   {"sendmailmtacluster", {"hubs"}},
                   {"sendmailmtakey", std::move(keys)},
                   {"sendmailmtamapvalue", std::move(values)}});
}

class RoutesTest : public testing::Test {
 protected:
  void SetUp() override {
    sites_.file = "relayd.toml";
    sites_.hub = "tokyo";
    Site birl;
    birl.name = "birl";
    birl.hosts = {"127.0.5.2"};
    (void)birl.domains.add("birl.example");
    sites_.all.push_back(birl);
    rules_.cluster = "hubs";
    rules_.host = "tokyo.example";
  }

  Routes compile(const std::vector<DirectoryEntry>& entries) const {
    std::vector<const DirectoryEntry*> pointers;
    for (const DirectoryEntry& entry : entries)
      pointers.push_back(&entry);
    return compile_entries(pointers, sites_, rules_);
  }

  std::string findings(const std::vector<DirectoryEntry>& entries) const {
    return compile(entries).findings.to_string();
  }

  /// What all checks say.
  std::string checked(const std::vector<DirectoryEntry>& entries) const {
    Knowledge knowledge;
    knowledge.sites = sites_;
    return check_routes(compile(entries), {}, knowledge).findings.to_string();
  }

  static std::map<std::string, std::string> lines(const Routes& routes) {
    std::map<std::string, std::string> lines;
    for (const RouteLine& line : routes.lines)
      lines[line.key] = line.value;
    return lines;
  }

  Sites sites_;
  RouteRules rules_;
};

TEST_F(RoutesTest, DomainsOfASiteGoToItsAddress) {
  const Routes routes = compile({site("b", "Birl", {"Birl.Example", ".birl.example"})});
  EXPECT_THAT(routes.findings.to_string(), IsEmpty());
  EXPECT_THAT(lines(routes), ElementsAre(Pair(".birl.example", "tsmtp:[127.0.5.2]"),
                                         Pair("birl.example", "tsmtp:[127.0.5.2]")));
  EXPECT_THAT(routes.domains.at("birl").patterns(), UnorderedElementsAre("birl.example", ".birl.example"));
}

TEST_F(RoutesTest, SiteWithoutAnAddressIsReachedAtItsSocket) {
  sites_.all[0].hosts.clear();
  sites_.all[0].sockets = {"/run/tsmtp/birl.sock"};
  EXPECT_THAT(lines(compile({site("b", "birl", {"birl.example"})})),
              ElementsAre(Pair("birl.example", "tsmtp:/run/tsmtp/birl.sock")));
  sites_.all[0].sockets.clear();
  EXPECT_THAT(findings({site("b", "birl", {"birl.example"})}), HasSubstr("has no address"));
}

TEST_F(RoutesTest, UnknownSiteIsHeldAndNamed) {
  const Routes routes = compile({site("o", "osaka: (evil)", {"osaka.example"})});
  EXPECT_FALSE(routes.findings.has_errors());
  EXPECT_THAT(
      routes.findings.to_string(),
      AllOf(HasSubstr("cn=o,dc=example: tsmtpSiteName \"osaka: (evil)\": warning: "), HasSubstr("held")));
  EXPECT_EQ(
      lines(routes)["osaka.example"],
      "error:4.7.0:451 held by tsmtp because the directory names site osaka???evil? which this hub does "
      "not know");
  EXPECT_THAT(checked({site("b", "birl", {"birl.example"}), site("o", "osaka", {"osaka.example"})}),
              Not(HasSubstr("error")));
}

TEST_F(RoutesTest, OwnSiteGetsNoLines) {
  EXPECT_THAT(compile({site("t", "TOKYO", {"tokyo.example"})}).lines, IsEmpty());
  rules_.own_site = "east";
  EXPECT_THAT(compile({site("t", "east", {"tokyo.example"})}).lines, IsEmpty());
  EXPECT_THAT(lines(compile({site("t", "tokyo", {"tokyo.example"})}))["tokyo.example"], HasSubstr("held"));
}

TEST_F(RoutesTest, DomainThatIsNoneIsAnError) {
  EXPECT_THAT(findings({site("b", "birl", {"birl.example."})}),
              HasSubstr("cn=b,dc=example: tsmtpDomain \"birl.example.\": error: "));
  EXPECT_TRUE(compile({site("b", "birl", {"*.birl.example"})}).findings.has_errors());
  EXPECT_TRUE(compile({site("b", "birl", {"birl example"})}).findings.has_errors());
  EXPECT_TRUE(compile({site("b", "birl", {""})}).findings.has_errors());
}

TEST_F(RoutesTest, SiteNeedsOneName) {
  EXPECT_THAT(findings({entry_of("b", "tsmtpSite", {{"tsmtpdomain", {"birl.example"}}})}),
              HasSubstr("cn=b,dc=example: tsmtpSiteName: error: the entry has none, or does not show it"));
  EXPECT_THAT(findings({entry_of("b", "tsmtpSite", {{"tsmtpsitename", {"a", "b"}}})}),
              HasSubstr("a site has one name"));
}

TEST_F(RoutesTest, SitesOfOneNameAreOne) {
  const Routes routes = compile({site("b", "birl", {"birl.example"}), site("c", "birl", {"b.example"})});
  EXPECT_THAT(routes.findings.to_string(), IsEmpty());
  EXPECT_EQ(routes.domains.at("birl").patterns().size(), 2U);
}

// sendmail's map has -1: two records are none, and the mail goes to the MX in clear.
TEST_F(RoutesTest, TwoRecordsForOneKeyAreAnErrorThatNamesBoth) {
  const std::string found = findings({map_object("a", {"x.example"}, {"tsmtp:[127.0.5.2]"}),
                                      map_object("b", {"x.example"}, {"tsmtp:[127.0.5.2]"})});
  EXPECT_THAT(found,
              AllOf(HasSubstr("cn=b,dc=example: sendmailMTAKey \"x.example\": error: cn=a,dc=example has"),
                    HasSubstr("takes two records for none, and would send the mail out in clear")));
}

TEST_F(RoutesTest, KeysThatLdapTakesForOneAreTwoRecords) {
  for (const char* const same : {"X.Example", " x.example ", "x.EXAMPLE  "})
    EXPECT_THAT(findings({map_object("a", {"x.example"}, {"esmtp:[192.0.2.1]"}),
                          map_object("b", {same}, {"esmtp:[192.0.2.1]"})}),
                HasSubstr("two records for none"))
        << same;
}

TEST_F(RoutesTest, RecordOfTheClusterAndRecordOfTheHostAreTwo) {
  DirectoryEntry of_host = map_object("h", {"x.example"}, {"esmtp:[192.0.2.2]"});
  of_host.attributes.erase("sendmailmtacluster");
  of_host.attributes["sendmailmtahost"] = {"Tokyo.Example"};
  EXPECT_THAT(findings({map_object("a", {"x.example"}, {"esmtp:[192.0.2.1]"}), of_host}),
              HasSubstr("two records for none"));
}

TEST_F(RoutesTest, TwoValuesOfOneRecordAreAnError) {
  EXPECT_THAT(findings({map_object("a", {"x.example"}, {"tsmtp:[127.0.5.2]", "esmtp:[192.0.2.1]"})}),
              AllOf(HasSubstr("cn=a,dc=example: sendmailMTAMapValue: error: the entry has 2 values"),
                    HasSubstr("would send the mail out in clear")));
}

TEST_F(RoutesTest, RecordThatShowsNoValueIsAnError) {
  EXPECT_THAT(findings({map_object("a", {"x.example"}, {})}), HasSubstr("has none, or does not show it"));
  EXPECT_THAT(findings({map_object("a", {"x.example"}, {" "})}), HasSubstr("it is empty"));
  EXPECT_THAT(findings({map_object("a", {}, {"esmtp:[192.0.2.1]"})}), HasSubstr("sendmailMTAKey: error"));
}

TEST_F(RoutesTest, FurtherSearchesAreAnError) {
  DirectoryEntry entry = map_object("a", {"x.example"}, {"esmtp:[192.0.2.1]"});
  entry.attributes["sendmailmtamapurl"] = {"ldap:///dc=example?x"};
  EXPECT_THAT(findings({entry}), HasSubstr("it leads to another search"));
}

TEST_F(RoutesTest, RecordsOfOtherMapsClustersAndHostsAreOthers) {
  DirectoryEntry access = map_object("a", {"x.example"}, {"OK"});
  access.attributes["sendmailmtamapname"] = {"access"};
  DirectoryEntry elsewhere = map_object("b", {"x.example"}, {"nonsense"});
  elsewhere.attributes["sendmailmtacluster"] = {"others"};
  const Routes routes = compile({access, elsewhere});
  EXPECT_THAT(routes.findings.to_string(), IsEmpty());
  EXPECT_THAT(routes.lines, IsEmpty());
  DirectoryEntry nobodys = map_object("c", {"x.example"}, {"esmtp:[192.0.2.1]"});
  nobodys.attributes.erase("sendmailmtacluster");
  EXPECT_THAT(findings({nobodys}), HasSubstr("warning: the entry names no sendmailMTACluster"));
}

TEST_F(RoutesTest, OneKeyInBothSchemasMaySayTheSame) {
  EXPECT_THAT(findings({route("r", {"x.example"}, {"esmtp:[192.0.2.1]"}),
                        map_object("s", {"x.example"}, {"esmtp:[192.0.2.1]"})}),
              IsEmpty());
  EXPECT_THAT(findings({route("r", {"x.example"}, {"esmtp:[192.0.2.1]"}),
                        map_object("s", {"x.example"}, {"esmtp:[192.0.2.9]"})}),
              HasSubstr("cn=r,dc=example has the key \"x.example\" too"));
}

TEST_F(RoutesTest, LineEndInAValueMakesNoLine) {
  const Routes routes =
      compile({route("r", {"x.example"}, {"esmtp:[192.0.2.1]\nbirl.example\tesmtp:[192.0.2.9]"}),
               route("s", {"y.example\nbirl.example"}, {"esmtp:[192.0.2.1]"}),
               route("t", {"z.example"}, {std::string("a\0b", 3)})});
  EXPECT_THAT(routes.lines, IsEmpty());
  EXPECT_THAT(routes.findings.to_string(), AllOf(HasSubstr("cn=r,dc=example: tsmtpRouteValue"),
                                                 HasSubstr("cn=s,dc=example: tsmtpRouteKey"),
                                                 HasSubstr("cn=t,dc=example: tsmtpRouteValue")));
}

TEST_F(RoutesTest, ChecksOfALineAreSaidOfItsEntry) {
  const std::string found =
      checked({site("b", "birl", {"birl.example"}), route("bare", {"x.example"}, {"[192.0.2.1]"}),
               route("dot", {"y.example."}, {"esmtp:[192.0.2.1]"}),
               route("past", {"mx.birl.example"}, {"tsmtp:[127.0.5.9]"})});
  EXPECT_THAT(
      found,
      AllOf(HasSubstr("cn=bare,dc=example: tsmtpRouteValue \"[192.0.2.1]\": error: the value does not "
                      "begin with a mailer"),
            HasSubstr("cn=dot,dc=example: tsmtpRouteKey \"y.example.\": error: a key with a trailing "
                      "dot never matches"),
            HasSubstr("cn=past,dc=example: tsmtpRouteValue \"tsmtp:[127.0.5.9]\": error: no site of")));
}

TEST_F(RoutesTest, DomainOfASiteThatLeavesInClearIsAnError) {
  EXPECT_THAT(checked({route("r", {"birl.example"}, {"esmtp:[192.0.2.1]"})}),
              HasSubstr("sends its mail past the link, in clear"));
}

TEST_F(RoutesTest, LocalTextIsPartOfTheTable) {
  Knowledge knowledge;
  const std::vector<Source> local{{"/etc/mail/own", "x.example esmtp:[192.0.2.9]\n"}};
  EXPECT_THAT(check_routes(compile({route("r", {"x.example"}, {"esmtp:[192.0.2.1]"})}), local, knowledge)
                  .findings.to_string(),
              HasSubstr("/etc/mail/own:1:1: error: duplicate key"));
}

TEST_F(RoutesTest, TextIsTheSameWhateverTheOrderOfValues) {
  std::vector<int> line_of;
  EXPECT_EQ(text_of(compile({site("b", "birl", {"b.example", "a.example"})}), line_of),
            text_of(compile({site("b", "birl", {"a.example", "b.example"})}), line_of));
}

class HeldTest : public RoutesTest {
 protected:
  /// The lines that are made of `entries` where `old` was there before.
  std::map<std::string, std::string> after(std::string_view old, const std::vector<DirectoryEntry>& entries,
                                           const std::string& let_go = "") {
    Routes routes = compile(entries);
    if (!let_go.empty()) routes.let_go.insert(let_go);
    base::Diagnostics findings;
    const Table table = parse(old, "old", findings);
    hold_what_is_gone(routes, table.entries, {});
    lost_ = too_much_lost(routes, table.entries, {}).value_or("");
    return lines(routes);
  }

  std::string lost_;
};

TEST_F(HeldTest, DomainThatTheDirectoryHasLostWaits) {
  const auto now = after(
      "gone.example tsmtp:[127.0.5.2]\n.gone.example tsmtp:[127.0.5.2]\nold.example esmtp:[192.0.2.1]\n",
      {site("b", "birl", {"birl.example"})});
  EXPECT_THAT(now, UnorderedElementsAre(Pair("birl.example", "tsmtp:[127.0.5.2]"),
                                        Pair("gone.example", HasSubstr("error:4.7.0:451 held by tsmtp")),
                                        Pair(".gone.example", HasSubstr("error:4.7.0:451 held by tsmtp"))));
}

TEST_F(HeldTest, HeldDomainStaysHeldUntilItHasARouteOrIsLetGo) {
  const std::string held = "gone.example error:4.7.0:451 held by tsmtp because of this\n";
  const std::vector<DirectoryEntry> birl{site("b", "birl", {"birl.example"})};
  EXPECT_THAT(after(held, birl).at("gone.example"), HasSubstr("held by tsmtp"));
  EXPECT_EQ(after(held, {birl[0], route("r", {"gone.example"}, {"esmtp:gone.example"})}).at("gone.example"),
            "esmtp:gone.example");
  EXPECT_FALSE(after(held, birl, "gone.example").contains("gone.example"));
  EXPECT_FALSE(after(held, {birl[0], entry_of("x", "tsmtpRelease", {{"tsmtpdomain", {"Gone.Example"}}})})
                   .contains("gone.example"));
  EXPECT_FALSE(after(held, {birl[0], site("t", "tokyo", {"gone.example"})}).contains("gone.example"));
}

TEST_F(HeldTest, WhatIsBelowADomainThatIsLetGoIsLetGo) {
  const std::string old =
      "gone.example tsmtp:[127.0.5.2]\n.gone.example tsmtp:[127.0.5.2]\nmx.gone.example tsmtp:[127.0.5.2]\n";
  EXPECT_THAT(after(old, {site("b", "birl", {"birl.example"})}, "gone.example"),
              ElementsAre(Pair("birl.example", "tsmtp:[127.0.5.2]")));
}

TEST_F(HeldTest, HostBelowADomainThatStillGoesThroughTheLinkNeedsNoLine) {
  EXPECT_FALSE(after("mx.birl.example tsmtp:[127.0.5.2]\n", {site("b", "birl", {".birl.example"})})
                   .contains("mx.birl.example"));
  EXPECT_TRUE(
      after("mx.birl.example tsmtp:[127.0.5.2]\n",
            {site("b", "birl", {"birl.example"}), route("r", {".birl.example"}, {"esmtp:[192.0.2.1]"})})
          .contains("mx.birl.example"));
}

TEST_F(HeldTest, DomainThatTheHubRoutesByItselfIsNotHeld) {
  Routes routes = compile({site("b", "birl", {"birl.example"})});
  base::Diagnostics findings;
  const Table old = parse("gone.example tsmtp:[127.0.5.2]\n", "old", findings);
  const Table local = parse("gone.example tsmtp:[127.0.5.3]\n", "local", findings);
  hold_what_is_gone(routes, old.entries, local.entries);
  EXPECT_FALSE(lines(routes).contains("gone.example"));
}

TEST_F(HeldTest, RestIsNeverHeld) {
  EXPECT_FALSE(after(". tsmtp:[127.0.5.2]\n", {site("b", "birl", {"birl.example"})}).contains("."));
}

TEST_F(HeldTest, HeldLinesPassAllChecks) {
  Routes routes = compile({site("b", "birl", {"birl.example"})});
  base::Diagnostics findings;
  const Table table =
      parse("gone.example tsmtp:[127.0.5.2]\n.gone.example tsmtp:[127.0.5.2]\n", "old", findings);
  hold_what_is_gone(routes, table.entries, {});
  Knowledge knowledge;
  knowledge.sites = sites_;
  EXPECT_THAT(check_routes(routes, {}, knowledge).findings.to_string(), IsEmpty());
}

TEST_F(HeldTest, DirectoryWithoutEntriesReplacesNothing) {
  (void)after("", {});
  EXPECT_THAT(lost_, HasSubstr("no entry for this hub"));
}

TEST_F(HeldTest, DirectoryThatHasLostMostReplacesNothing) {
  std::string old;
  for (int i = 0; i < 20; ++i)
    old += "d" + std::to_string(i) + ".example esmtp:[192.0.2.1]\n";
  std::vector<DirectoryEntry> entries;
  for (int i = 0; i < 10; ++i)
    entries.push_back(
        route("r" + std::to_string(i), {"d" + std::to_string(i) + ".example"}, {"esmtp:[192.0.2.1]"}));
  (void)after(old, entries);
  EXPECT_EQ(lost_, "");
  entries.pop_back();
  (void)after(old, entries);
  EXPECT_THAT(lost_, HasSubstr("has lost 11 of 20 keys at once"));
}

// Whatever the entries hold: the text has one line for each route and no other, and what makes no line is
// named.
TEST_F(RoutesTest, AnyEntriesMakeLinesOrFindings) {
  std::minstd_rand random(16);
  const std::vector<std::string> words{"birl.example",
                                       ".birl.example",
                                       "X.example",
                                       "x.example",
                                       ".",
                                       "..",
                                       "#",
                                       "",
                                       " ",
                                       "\n",
                                       "\t",
                                       std::string(1, '\0'),
                                       "\xff",
                                       "tsmtp:[127.0.5.2]",
                                       "esmtp:[192.0.2.1]",
                                       "error:",
                                       "%",
                                       "\"",
                                       "birl",
                                       "osaka",
                                       "tokyo",
                                       "mailer",
                                       "hubs",
                                       "*",
                                       "@",
                                       std::string(1100, 'a')};
  const std::vector<std::string> classes{"tsmtpSite", "tsmtpRoute", "tsmtpRelease", "sendmailMTAMapObject",
                                         "TSMTPSITE"};
  const std::vector<std::string> names{"tsmtpsitename",   "tsmtpdomain",        "tsmtproutekey",
                                       "tsmtproutevalue", "sendmailmtamapname", "sendmailmtacluster",
                                       "sendmailmtakey",  "sendmailmtamapvalue"};
  const auto any = [&](const auto& of) { return of[random() % of.size()]; };
  Knowledge knowledge;
  knowledge.sites = sites_;
  for (int round = 0; round < 3000; ++round) {
    std::vector<DirectoryEntry> entries;
    for (std::size_t i = random() % 6; i-- > 0;) {
      DirectoryEntry entry = entry_of(any(words), any(classes), {});
      for (const std::string& name : names)
        for (std::size_t values = random() % 3; values-- > 0;)
          entry.attributes[name].push_back(any(words) + (random() % 4 == 0 ? any(words) : ""));
      entries.push_back(std::move(entry));
    }
    const Routes routes = compile(entries);
    const CheckedRoutes checked = check_routes(routes, {}, knowledge);
    if (!checked.findings.has_errors()) {
      EXPECT_EQ(checked.checked.table.entries.size(), routes.lines.size());
    }
    base::Diagnostics findings;
    std::vector<int> line_of;
    const std::string text = text_of(routes, line_of);
    EXPECT_EQ(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')), line_of.size());
    EXPECT_LE(parse(text, "", findings).entries.size(), routes.lines.size());
  }
}

}  // namespace
}  // namespace tsmtp::mailertable
