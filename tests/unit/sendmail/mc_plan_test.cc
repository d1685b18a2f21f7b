#include "sendmail/plan/mc_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "sendmail/text/marked_block.h"

namespace tsmtp::sendmail {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string stock(const std::string& release) {
  std::ifstream file(std::string(SENDMAIL_MC_DIR) + '/' + release + ".mc");
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_FALSE(text.str().empty());
  return text.str();
}

const std::string kHead = "include(`/usr/share/sendmail/cf/m4/cf.m4')dnl\n";
const std::string kMailers = "MAILER_DEFINITIONS\nMAILER(`local')dnl\nMAILER(`smtp')dnl\n";

McFacts look(const std::string& mc) {
  return look_at_mc(mc, "mc");
}

/// The lines of the text with blocks, without the markers.
std::string made(const std::string& mc, const McWish& wish = {}) {
  const std::string text = with_blocks(mc, look(mc), wish);
  EXPECT_EQ(*without_blocks(text, Comment::kDnl), mc);
  std::istringstream lines(text);
  std::string plain;
  for (std::string line; std::getline(lines, line);) {
    if (line.find("tsmtp-sendmail") == std::string::npos) plain += line + '\n';
  }
  return plain;
}

TEST(McPlan, StockFilesOfDebianGetTwoBlocks) {
  for (const std::string release : {"bookworm", "trixie"}) {
    const std::string mc = stock(release);
    const McFacts facts = look(mc);
    EXPECT_THAT(facts.findings, IsEmpty());
    EXPECT_THAT(facts.notes, IsEmpty());
    EXPECT_TRUE(facts.reads_local_names);
    EXPECT_TRUE(facts.limits_clients);
    EXPECT_FALSE(facts.has_mailertable);
    ASSERT_TRUE(facts.access);
    EXPECT_EQ(facts.access->text, "/etc/mail/access");
    EXPECT_THAT(made(mc),
                HasSubstr("FEATURE(`mailertable')dnl\nFEATURE(`tsmtp')dnl\nFEATURE(`tsmtp_inbound')dnl\n"
                          "MAILER_DEFINITIONS\nMAILER(`local')dnl\nMAILER(`smtp')dnl\nMAILER(`tsmtp')dnl\n"));
  }
}

TEST(McPlan, OnesOwnMailertableIsNotDoubled) {
  const std::string mc = kHead + "FEATURE(`mailertable', `btree -o /etc/mail/routes')dnl\n" + kMailers;
  const McFacts facts = look(mc);
  EXPECT_THAT(facts.findings, IsEmpty());
  EXPECT_THAT(facts.notes, ElementsAre(HasSubstr("stays")));
  EXPECT_EQ(facts.mailertable.type, "btree");
  EXPECT_EQ(facts.mailertable.text, "/etc/mail/routes");
  EXPECT_EQ(made(mc).find("FEATURE(`mailertable')"), std::string::npos);
}

TEST(McPlan, MailersOfAnIncludedFileAreMailers) {
  const std::string mc = kHead + "FEATURE(`nodns')dnl\ninclude(`mailers.m4')dnl\nLOCAL_CONFIG\n";
  const Included included = [](const std::string&) { return "MAILER(`local')dnl\nMAILER(`smtp')dnl\n"; };
  const McFacts facts = look_at_mc(mc, "/etc/mail/sendmail.mc", included);
  EXPECT_THAT(facts.findings, IsEmpty());
  EXPECT_EQ(mc.substr(facts.features_at, 7), "include");
  EXPECT_EQ(mc.substr(facts.mailer_at), "LOCAL_CONFIG\n");
}

TEST(McPlan, AnObstacleInAnIncludedFileIsNamedThere) {
  const std::string mc = kHead + "include(`/etc/mail/m4/provider.m4')dnl\n" + kMailers;
  const Included included = [](const std::string&) {
    return "\ndefine(`confFALLBACK_MX', `mx.example')dnl\n";
  };
  EXPECT_THAT(look_at_mc(mc, "/etc/mail/sendmail.mc", included).findings,
              ElementsAre(HasSubstr("/etc/mail/m4/provider.m4:2: define(`confFALLBACK_MX'")));
}

TEST(McPlan, TheTypeOfMapsIsTheFiles) {
  EXPECT_EQ(look(kHead + "define(`DATABASE_MAP_TYPE', `btree')dnl\n" + kMailers).mailertable.type, "btree");
}

TEST(McPlan, ASmartHostStaysAndIsSaid) {
  const McFacts facts = look(kHead + "define(`SMART_HOST', `relay:[isp.example]')dnl\n" + kMailers);
  EXPECT_THAT(facts.findings, IsEmpty());
  EXPECT_THAT(facts.notes, ElementsAre(HasSubstr("relay:[isp.example]")));
}

TEST(McPlan, FeaturesGoBehindWhatStandsBetweenHeadingAndMailers) {
  const std::string mc =
      kHead + "MAILER_DEFINITIONS\nFEATURE(`access_db')dnl\nMAILER(`smtp')dnl\nLOCAL_CONFIG\nD{X}y";
  const std::string text = made(mc);
  EXPECT_LT(text.find("access_db"), text.find("tsmtp_inbound"));
  EXPECT_LT(text.find("tsmtp_inbound"), text.find("MAILER(`smtp')"));
  EXPECT_LT(text.find("MAILER(`tsmtp')"), text.find("LOCAL_CONFIG"));
}

TEST(McPlan, AFileWithoutHeadingOrLastLineEndIsGood) {
  const std::string mc = kHead + "MAILER(`local')\nMAILER(`smtp')";
  EXPECT_THAT(look(mc).findings, IsEmpty());
  EXPECT_THAT(look(mc).notes, ElementsAre(HasSubstr("MAILER_DEFINITIONS")));
  EXPECT_THAT(
      made(mc),
      HasSubstr("FEATURE(`tsmtp_inbound')dnl\nMAILER(`local')\nMAILER(`smtp')\nMAILER(`tsmtp')dnl\n"));
}

TEST(McPlan, ATrialHasRulesForItsAddressesOnly) {
  McWish wish;
  wish.only = {{"anna", "birl.example", "127.0.5.2"}};
  const std::string text = made(stock("bookworm"), wish);
  EXPECT_EQ(text.find("FEATURE(`tsmtp')"), std::string::npos);
  EXPECT_EQ(text.find("FEATURE(`mailertable')"), std::string::npos);
  EXPECT_THAT(
      text,
      HasSubstr(
          "R`anna' < @ `birl.example' . > $*\t$#tsmtp $@ [127.0.5.2] $: `anna' < @ `birl.example' . > $1\n"));
}

TEST(McPlan, WishesBecomeLines) {
  McWish wish;
  wish.port = 5001;
  wish.add_local_names = true;
  wish.lists_for_all = true;
  const std::string text = made(kHead + kMailers, wish);
  EXPECT_THAT(text, HasSubstr("define(`TSMTP_PORT', `5001')dnl\nFEATURE(`use_cw_file')dnl\n"));
  EXPECT_THAT(text, HasSubstr("FEATURE(`tsmtp_inbound', `', `lists')dnl\n"));
}

struct Case {
  std::string mc;
  std::string finding;
};

TEST(McPlan, WhatDoesNotGoTogetherIsExplained) {
  const std::vector<Case> cases{
      {kHead + "MAILER(`smtp')\nFEATURE(`access_db')\n",
       "mc:3: FEATURE(`access_db') stands behind a MAILER line"},
      {kHead + "MAILER(`smtp')\nMAILER(`tsmtp')\n", "mc:3: MAILER(`tsmtp'): it was written by hand"},
      {kHead + "FEATURE(`tsmtp')\n" + kMailers, "mc:2: FEATURE(`tsmtp'): it was written by hand"},
      {kHead + "FEATURE(`tsmtp_smarthost', `hub')\n" + kMailers, "none itself"},
      {kHead + "FEATURE(`nullclient', `hub')\n" + kMailers, "none itself"},
      {kHead + "FEATURE(`promiscuous_relay')\n" + kMailers, "open relay"},
      {kHead + "define(`confFALLBACK_MX', `mx.example')\n" + kMailers, "in clear: remove it"},
      {kHead + "define(`SMART_HOST', `tsmtp:[127.0.5.2]')\n" + kMailers, "sends all mail by tsmtp"},
      {kHead + "FEATURE(`mailertable', `LDAP')\n" + kMailers, "only a map of the type hash or btree"},
      {kHead + "FEATURE(`mailertable', `socket local:/run/x')\n" + kMailers,
       "only a map of the type hash or btree"},
      {kHead + kMailers + "Mtsmtp, P=[IPC]\n", "mailer tsmtp written by hand"},
      {kHead + "include(`mailers.m4')\n", "it has no line MAILER(`smtp')"},
      {kHead + "dnl MAILER(`smtp')\n", "it has no line MAILER(`smtp')"},
      {kHead + "MAILER(`local')\n", "there is no MAILER(`smtp')"},
      {kHead + "MAILER(`smtp')\r\n", "CR LF"},
      {kMailers, "does not include sendmail's cf.m4"},
      {"", "it has no line MAILER(`smtp')"},
  };
  for (const Case& one : cases)
    EXPECT_THAT(look(one.mc).findings, testing::Contains(HasSubstr(one.finding))) << one.mc;
}

}  // namespace
}  // namespace tsmtp::sendmail
