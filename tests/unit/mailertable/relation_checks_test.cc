// What shows only between lines, or between the table and other files.
#include "mailertable/checks/relation_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mailertable/hub/sendmail_cf.h"
#include "mailertable/hub/sites.h"
#include "relayd/settings/reader.h"
#include "tests/unit/mailertable/findings.h"

namespace tsmtp::mailertable {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

TEST(Relations, WarnOfALineThatSaysWhatItsParentSays) {
  EXPECT_THAT(findings("birl.example tsmtp:[127.0.5.2]\n"
                       ".birl.example tsmtp:[127.0.5.2]\n"
                       "mx.lab.birl.example tsmtp:[127.0.5.2]\n"
                       "gmd.birl.example tsmtp:[127.0.5.3]\n"),
              ElementsAre(AllOf(StartsWith("table:3:1: warning: \"mx.lab.birl.example\" is shadowed"),
                                HasSubstr("line 2"), HasSubstr("remove this line"))));
}

TEST(Relations, WarnOfALineThatTakesMailPastTheLink) {
  EXPECT_THAT(findings("birl.example tsmtp:[127.0.5.2]\n"
                       ".birl.example tsmtp:[127.0.5.2]\n"
                       "www.birl.example esmtp:[192.0.2.1]\n"
                       "old.birl.example error:nohost:gone\n"),
              ElementsAre(AllOf(StartsWith("table:3:18: warning: "), HasSubstr("in clear"))));
}

TEST(Relations, WarnOfAWildcardWithoutItsDomain) {
  EXPECT_THAT(
      findings(".birl.example tsmtp:[127.0.5.2]\n"),
      ElementsAre(AllOf(StartsWith("table:1:1: warning: "), HasSubstr("add a line \"birl.example\""))));
}

TEST(Relations, WarnOfEverythingIntoOneLink) {
  EXPECT_THAT(findings(". tsmtp:[127.0.5.2]\n"),
              ElementsAre(AllOf(StartsWith("table:1:3: warning: the \".\" line"))));
  EXPECT_THAT(findings(". esmtp:[192.0.2.1]\n"), IsEmpty());
}

TEST(Relations, FindDuplicatesAcrossFiles) {
  const std::vector<Source> sources{{"one", "a.example local:\n"},
                                    {"two", "b.example local:\na.example local:\n"}};
  const CheckedTable checked = check_sources(sources, {});
  ASSERT_EQ(checked.findings.all().size(), 1U);
  EXPECT_THAT(base::to_string(checked.findings.all().front()),
              AllOf(StartsWith("two:2:1: error: duplicate key"), HasSubstr("one line 1")));
}

constexpr const char* kCf =
    "# configuration\n"
    "Cwlocalhost tokyo.example\n"
    "Kmailertable hash -o /etc/mail/mailertable\n"
    "Mtsmtp,\t\tP=[IPC], F=mDFMuXa, S=EnvFromSMTP/HdrFromSMTP,\n"
    "\t\tA=TCP $h 5000\n"
    "Mbitnet, P=[IPC], F=0mDFMuX, A=TCP $h\n"
    "Mlocal, P=/usr/sbin/procmail, F=lsDFMAw5:/|@qPSXfmnz9,\n";

Knowledge with_cf(std::string_view text = kCf) {
  Knowledge knowledge;
  knowledge.cf = parse_sendmail_cf(text, "sendmail.cf");
  knowledge.mailers = Mailers(knowledge.cf->mailers);
  knowledge.mailers.file = "sendmail.cf";
  return knowledge;
}

TEST(SendmailCf, SaysWhichMailersThereAre) {
  EXPECT_THAT(
      findings("a.example tsmtp:[127.0.5.2]\nb.example bitnet:hub.example\nc.example error:nohost:x\n"
               "d.example esmtp:[192.0.2.1]\ne.example tsmtp:birl.tsmtp\n",
               with_cf()),
      ElementsAre(StartsWith("table:4:11: error: unknown mailer \"esmtp\""),
                  StartsWith("table:5:17: error: a name without brackets is looked up as an MX"),
                  StartsWith("sendmail.cf:3:1: warning: with -o sendmail sends all mail out in clear")));
}

TEST(SendmailCf, SaysWhatIsLocal) {
  EXPECT_THAT(findings("tokyo.example tsmtp:[127.0.5.2]\n",
                       with_cf("Cwtokyo.example\nKmailertable hash /x\nMtsmtp, P=[IPC], F=0\n")),
              ElementsAre(AllOf(StartsWith("table:1:1: warning: "), HasSubstr("class w"))));
}

TEST(SendmailCf, MayHaveNoMailertable) {
  EXPECT_THAT(findings("a.example tsmtp:[127.0.5.2]\n", with_cf("Mtsmtp, P=[IPC], F=0\n")),
              ElementsAre(StartsWith("sendmail.cf: warning: there is no mailertable")));
}

constexpr const char* kRelayd = R"([hub]
name = "tokyo"
[[site]]
name = "birl"
pin = ["sha256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="]
address = "127.0.5.2"
dial = ["hub.birl.example:5443"]
domains = ["birl.example", ".birl.example"]
local = ["tokyo.example"]
[[site]]
name = "gmd"
pin = ["sha256:NZuaAX4+G+fGY1q0O8DQHZ1GqeLIzDRXWvlYD/bXAXs="]
address = "127.0.5.3"
dial = ["hub.gmd.example:5443"]
domains = ["gmd.example"]
local = ["tokyo.example"]
)";

Knowledge with_sites() {
  base::Diagnostics errors;
  const auto config = settings::read_text(kRelayd, "relayd.toml", {}, errors);
  EXPECT_TRUE(config) << errors.to_string();
  Knowledge knowledge;
  if (config) knowledge.sites = sites_of(*config);
  if (config) add_hosts(*knowledge.sites, "127.0.0.1 localhost\n127.0.5.2\tBirl.tsmtp birl # the site\n");
  return knowledge;
}

constexpr const char* kGood =
    "birl.example tsmtp:[birl.tsmtp]\n.birl.example tsmtp:[127.0.5.2]\ngmd.example tsmtp:[127.0.5.3]\n";

// Both sites of kRelayd may send to tokyo.example.
std::vector<std::string> own_domain_findings(const std::string& cf, std::string_view access = {},
                                             std::string_view hosts = {}) {
  Knowledge knowledge = with_sites();
  knowledge.cf = parse_sendmail_cf(cf + "Kmailertable hash /x\nMtsmtp, P=[IPC], F=0\n", "sendmail.cf");
  add_access(*knowledge.cf, access);
  add_host_names(*knowledge.cf, "Hub", hosts);
  return findings(kGood, knowledge);
}

TEST(OwnDomains, AreTakenBySendmail) {
  EXPECT_THAT(own_domain_findings("Cwlocalhost\n"),
              ElementsAre(AllOf(
                  StartsWith("sendmail.cf: warning: \"tokyo.example\" is in `local' of site \"birl\" in "
                             "relayd.toml, but sendmail does not take mail for it"),
                  HasSubstr("add it to /etc/mail/local-host-names, and FEATURE(`use_cw_file')"))));
  for (const char* cf : {"Cwlocalhost Tokyo.example\n", "C{w}tokyo.example\n", "CRtokyo.example\n",
                         "CRexample\n", "C{VirtHost}\n tokyo.example\n"})
    EXPECT_THAT(own_domain_findings(cf), IsEmpty()) << cf;
  for (const char* cf : {"CRyo.example\n", "CP tokyo.example\n", "Cwx.tokyo.example\n", "C\nC{w\nF\n"})
    EXPECT_THAT(own_domain_findings(cf), testing::SizeIs(1)) << cf;
}

TEST(OwnDomains, AreTakenByTheAccessMap) {
  for (const char* access :
       {"To:tokyo.example\tRELAY\n", "Tokyo.Example RELAY\n", "# x\nTsmtpTo:tokyo.example OK\n"})
    EXPECT_THAT(own_domain_findings("", access), IsEmpty()) << access;
  for (const char* access : {"Connect:tokyo.example RELAY\n", "tokyo.example OK\n",
                             "To:anna@tokyo.example RELAY\n", "#tokyo.example RELAY\n", "tokyo.example\n"})
    EXPECT_THAT(own_domain_findings("", access), testing::SizeIs(1)) << access;
}

TEST(OwnDomains, MayBeTheHostItself) {
  EXPECT_THAT(own_domain_findings("", "", "127.0.1.1 tokyo.example hub # ours\n"), IsEmpty());
  EXPECT_THAT(own_domain_findings("", "", "127.0.1.1 tokyo.example # hub\n192.0.2.1 hub hub2\n\n"),
              testing::SizeIs(1));
}

TEST(Sites, AgreeWithTheirTable) {
  EXPECT_THAT(findings(kGood, with_sites()), IsEmpty());
  EXPECT_THAT(findings(std::string(kGood) + ". esmtp:[192.0.2.1]\n", with_sites()), IsEmpty());
}

TEST(Sites, AreAtTheirAddressesOnly) {
  EXPECT_THAT(findings(std::string(kGood) + "x.example tsmtp:[127.0.5.4]\ny.example tsmtp:[hub.tsmtp]\n",
                       with_sites()),
              ElementsAre(AllOf(StartsWith("table:4:18: error: no site of relayd.toml is at 127.0.5.4"),
                                HasSubstr("birl is at 127.0.5.2, gmd is at 127.0.5.3")),
                          AllOf(StartsWith("table:5:18: error: no site"), HasSubstr("not in /etc/hosts"))));
}

TEST(Sites, AreAtTheirSockets) {
  base::Diagnostics errors;
  std::string text = kRelayd;
  text.replace(text.find("address = \"127.0.5.3\""), 21, "endpoint = [\"unix:/run/gmd.sock\"]");
  const auto config = settings::read_text(text, "relayd.toml", {}, errors);
  ASSERT_TRUE(config) << errors.to_string();
  Knowledge knowledge;
  knowledge.sites = sites_of(*config);
  EXPECT_THAT(findings("birl.example tsmtp:[127.0.5.2]\n.birl.example tsmtp:[127.0.5.2]\n"
                       "gmd.example tsmtp:/run/gmd.sock\n",
                       knowledge),
              IsEmpty());
  EXPECT_THAT(findings("birl.example tsmtp:[127.0.5.2]\n.birl.example tsmtp:[127.0.5.2]\n"
                       "gmd.example tsmtp:/run/gnd.sock\n",
                       knowledge),
              ElementsAre(StartsWith("table:3:19: error: no site of relayd.toml is at /run/gnd.sock")));
}

TEST(Sites, AcceptTheirDomainsOnly) {
  EXPECT_THAT(findings(std::string(kGood) + "x.gmd.example tsmtp:[127.0.5.3]\n", with_sites()),
              ElementsAre(AllOf(
                  StartsWith("table:4:1: error: \"x.gmd.example\" is not among the domains of site \"gmd\""),
                  HasSubstr("relayd.toml"))));
}

TEST(Sites, MissTheirDomains) {
  EXPECT_THAT(
      findings("birl.example tsmtp:[127.0.5.2]\n.birl.example tsmtp:[127.0.5.2]\n", with_sites()),
      ElementsAre(AllOf(StartsWith("table: error: no line routes \"gmd.example\", a domain of site \"gmd\""),
                        HasSubstr("add \"gmd.example\ttsmtp:[127.0.5.3]\""))));
}

TEST(Sites, LoseTheirDomainsToTheRest) {
  EXPECT_THAT(
      findings("birl.example tsmtp:[127.0.5.2]\n.birl.example tsmtp:[127.0.5.2]\n. esmtp:[192.0.2.1]\n",
               with_sites()),
      ElementsAre(AllOf(StartsWith("table:3:1: error: the \".\" line catches \"gmd.example\""))));
}

TEST(Sites, LoseTheirDomainsToOtherWays) {
  EXPECT_THAT(
      findings("birl.example tsmtp:[127.0.5.2]\n.birl.example tsmtp:[127.0.5.2]\n"
               "gmd.example tsmtp:[127.0.5.2]\nmx.birl.example esmtp:[192.0.2.1]\n",
               with_sites()),
      testing::IsSupersetOf(
          {StartsWith("table:3:1: error: \"gmd.example\" is not among the domains"),
           StartsWith(
               "table:3:13: error: \"gmd.example\", a domain of site \"gmd\", is sent to site \"birl\""),
           StartsWith("table:4:17: error: \"mx.birl.example\" lies behind site \"birl\"")}));
}

}  // namespace
}  // namespace tsmtp::mailertable
