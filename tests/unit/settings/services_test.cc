// [[service]] and [[forward]]: what each key takes, and what must hold between them and the sites.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/settings/sample.h"

namespace tsmtp::settings {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string kBirl = kHub + site("birl", kPinA, with_address("127.0.5.2"));

std::string service(const std::string& more) {
  return "[[service]]\nname = \"pop3\"\nto = \"127.0.0.1:110\"\n" + more + "\n";
}

std::string forward(const std::string& more) {
  return "[[forward]]\nlisten = [\"127.0.0.1:1110\"]\nsite = \"birl\"\nservice = \"imap\"\n" + more + "\n";
}

const std::string kOneDisplay =
    "[[forward]]\nlisten = [\"127.0.0.1:6010\", \"unix:/x/X10\"]\nsite = \"birl\"\nservice = \"display\"\n"
    "xauthority = \"/x\"\n";

TEST(Services, DisplaysHaveAFileEach) {
  const auto [config, findings] = read_it(kBirl + kOneDisplay);
  ASSERT_TRUE(config) << findings;
  EXPECT_EQ(config->sites[0].forwards[0].xauthority, "/x");
}

TEST(Services, TheContractsOwnExampleIsTaken) {
  const auto [config, findings] = read_it(kBirl + R"(
[[service]]
name            = "pop3"
to              = "127.0.0.1:110"
sites           = ["birl"]
protocol        = "tcp"
max_connections = 50
idle_timeout    = "30m"
bytes_per_second = { from_site = 1200 }
approve         = "no"
source          = "site"
[[forward]]
listen      = ["127.0.0.1:143", "unix:/run/tsmtp/imap.sock"]
site        = "birl"
service     = "imap"
allow_users = ["root"]
)");
  ASSERT_TRUE(config) << findings;
  EXPECT_EQ(findings, "");
  ASSERT_EQ(config->sites[0].services.size(), 1U);
  EXPECT_EQ(config->sites[0].services[0].rates.from_site, 1200U);
  EXPECT_EQ(config->sites[0].services[0].rates.to_site, 0U);
  ASSERT_EQ(config->sites[0].forwards.size(), 1U);
  EXPECT_EQ(config->sites[0].forwards[0].listen[1].unix_path, "/run/tsmtp/imap.sock");
}

TEST(Services, NobodyMayByDefaultWhichIsWarnedOf) {
  const auto [config, findings] = read_it(kBirl + service(""));
  ASSERT_TRUE(config) << findings;
  EXPECT_TRUE(config->sites[0].services.empty());
  EXPECT_THAT(findings, HasSubstr("warning: service \"pop3\" has no \"sites\": nobody may reach it"));
}

TEST(Services, ADisplayAsksAndIsNeverIdleUnlessToldOtherwise) {
  const auto [config, findings] = read_it(
      kBirl +
      "[[service]]\nname = \"d\"\nto = \"unix:/tmp/.X11-unix/X0\"\nprotocol = \"x11\"\nsites = [\"birl\"]\n" +
      service("sites = [\"birl\"]"));
  ASSERT_TRUE(config) << findings;
  EXPECT_TRUE(config->services[0].asks());
  EXPECT_EQ(config->services[0].idle_limit().count(), 0);
  EXPECT_FALSE(config->services[1].asks());
  EXPECT_EQ(config->services[1].idle_limit().count(), 1800);
}

TEST(Services, CommandsOfFtpAreWrittenInAnyCase) {
  const auto [config, findings] =
      read_it(kBirl + service("sites = [\"birl\"]\nprotocol = \"ftp\"\nftp_refuse = [\"stor\", \"DELE\"]"));
  ASSERT_TRUE(config) << findings;
  EXPECT_THAT(config->services[0].ftp_refuse, ElementsAre("STOR", "DELE"));
}

struct Bad {
  const char* name;
  std::string text;
  const char* finding;
};

class BadService : public testing::TestWithParam<Bad> {};

TEST_P(BadService, IsAnErrorThatSaysWhat) {
  const auto [config, findings] = read_it(kBirl + GetParam().text);
  EXPECT_FALSE(config);
  EXPECT_THAT(findings, HasSubstr(GetParam().finding));
}

INSTANTIATE_TEST_SUITE_P(
    Services, BadService,
    testing::Values(
        Bad{"unknown_site", service("sites = [\"brl\"]"),
            "sites: no [[site]] has the name \"brl\"; did you mean \"birl\"?"},
        Bad{"no_target", "[[service]]\nname = \"x\"\n", "missing key \"to\" in [[service]]"},
        Bad{"same_name", service("sites = [\"birl\"]") + service("sites = [\"birl\"]"),
            "the name \"pop3\" is already that of a service above"},
        Bad{"unknown_key", service("adress = 1"), "unknown key \"adress\" in [[service]]"},
        Bad{"rate_is_no_table", service("bytes_per_second = 1200"),
            "a table such as { from_site = 1200, to_site = \"1MiB\" } was expected"},
        Bad{"rate_of_nothing", service("bytes_per_second = { from = 1 }"),
            "\"from_site\" or \"to_site\" was expected, not \"from\""},
        Bad{"rate_zero", service("bytes_per_second = { to_site = 0 }"), "more than 0 bytes were expected"},
        Bad{"command_without_ask", service("approve_command = [\"/bin/true\"]"),
            "approve_command: needs approve = \"ask\""},
        Bad{"command_without_path", service("approve = \"ask\"\napprove_command = [\"true\"]"),
            "the whole path of a program was expected first"},
        Bad{"ftp_key_of_tcp", service("ftp_refuse = [\"STOR\"]"), "ftp_refuse: only for protocol = \"ftp\""},
        Bad{"ftp_word", service("protocol = \"ftp\"\nftp_refuse = [\"STOR x\"]"),
            "\"STOR x\": a command is a word"},
        Bad{"ftp_refuse_in_blind_tls",
            service("protocol = \"ftp\"\nftp_refuse = [\"STOR\"]\nftp_tls = \"blind\""),
            "ftp_tls: \"blind\" would let commands of \"ftp_refuse\" pass unseen"},
        Bad{"ftp_at_a_socket", "[[service]]\nname = \"f\"\nprotocol = \"ftp\"\nto = \"unix:/x\"\n",
            "an FTP server has data connections"},
        Bad{"x11_key_of_tcp", service("xauthority = \"/x\""), "xauthority: only for protocol = \"x11\""},
        Bad{"cookie_of_no_display", service("protocol = \"x11\"\nxauthority = \"/x\""),
            "to: \"127.0.0.1:110\" is no X display"},
        Bad{"cookie_for_no_display", forward("xauthority = \"/x\""),
            "listen: \"127.0.0.1:1110\" is no X display"},
        Bad{"cookies_in_one_file",
            kOneDisplay + "[[forward]]\nlisten = [\"unix:/x/X11\"]\nsite = \"birl\"\nservice = \"second\"\n"
                          "xauthority = \"/x\"\n",
            "xauthority: the file is that of another"},
        Bad{"cookie_over_the_displays_own",
            kOneDisplay +
                "[[service]]\nname = \"d\"\nprotocol = \"x11\"\nto = \"unix:/x/X0\"\nxauthority = \"/x\"\n",
            "xauthority: the file is that of another"},
        Bad{"proxy_for_ftp", service("protocol = \"ftp\"\nsource = \"proxy_protocol\""),
            "source: \"proxy_protocol\" is only for protocol = \"tcp\""},
        Bad{"circle",
            service("") + "[[forward]]\nlisten = [\"127.0.0.1:110\"]\nsite = \"birl\"\nservice = \"x\"\n",
            "connections would go in circles"},
        Bad{"forward_to_nobody",
            "[[forward]]\nlisten = [\"127.0.0.1:1\"]\nsite = \"osaka\"\nservice = \"x\"\n",
            "site: no [[site]] has the name \"osaka\""},
        Bad{"forward_nowhere", "[[forward]]\nlisten = []\nsite = \"birl\"\nservice = \"x\"\n",
            "listen: at least one address was expected"},
        Bad{"forward_twice",
            forward("") + "[[forward]]\nlisten = [\"127.0.0.1:2\"]\nsite = \"birl\"\nservice = \"imap\"\n",
            "another [[forward]] is for \"imap\" of \"birl\" already"},
        Bad{"forward_at_the_endpoint",
            "[[forward]]\nlisten = [\"127.0.5.2:5000\"]\nsite = \"birl\"\nservice = \"x\"\n",
            "the address to listen on \"127.0.5.2:5000\" is already that of site \"birl\""},
        Bad{"users_of_the_network",
            "[[forward]]\nlisten = [\"0.0.0.0:1\"]\nsite = \"birl\"\nservice = \"x\"\nallow_users = "
            "[\"root\"]\n",
            "the user of a connection is only known on this machine"}),
    [](const auto& bad) { return std::string(bad.param.name); });

TEST(Services, AForwardForTheWholeNetworkIsWarnedOf) {
  const auto [config, findings] =
      read_it(kBirl + "[[forward]]\nlisten = [\"0.0.0.0:1110\"]\nsite = \"birl\"\nservice = \"x\"\n");
  ASSERT_TRUE(config) << findings;
  EXPECT_THAT(findings, HasSubstr("every client that reaches it reaches the service"));
}

}  // namespace
}  // namespace tsmtp::settings
