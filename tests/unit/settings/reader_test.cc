#include "relayd/settings/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

#include "tests/unit/settings/sample.h"

namespace tsmtp::settings {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kDesignExample = R"([hub]
name      = "tokyo"                       # names this hub in logs and status
identity  = "/etc/tsmtp/identity.pem"     # made by `relayctl init`; mode 0600
listen    = ["[::]:5443"]                 # where sites dial in; [] to only dial out
state_dir = "/var/lib/tsmtp"
control   = "/run/tsmtp/control.sock"
metrics   = "127.0.0.1:9163"              # optional, Prometheus text
user      = "tsmtp"                       # optional, dropped to after binding

[[site]]
name      = "birlinghoven"
pin       = ["sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="]
dial      = ["hub.birl.example:5443"]     # tried in order
address   = "127.0.5.2"
endpoint  = ["127.0.0.1:5000", "unix:/run/tsmtp/birl.sock"]
deliver   = "127.0.0.1:2525"
domains   = ["birl.example", ".birl.example"]
local     = ["tokyo.example", ".tokyo.example"]
max_message  = "10MB"
early_reply  = false
resume_window = "5m"
compress      = true
)";

TEST(Reader, ReadsTheDesignsExample) {
  const auto [config, findings] = read_it(kDesignExample);
  ASSERT_TRUE(config) << findings;
  EXPECT_THAT(findings, IsEmpty());
  EXPECT_EQ(config->file, "t.toml");
  EXPECT_EQ(config->hub.name, "tokyo");
  EXPECT_EQ(config->hub.listen, (std::vector<base::HostPort>{{.host = "::", .port = 5443, .unix_path = {}}}));
  EXPECT_EQ(config->hub.metrics->to_string(), "127.0.0.1:9163");
  EXPECT_EQ(config->hub.user, "tsmtp");
  EXPECT_FALSE(config->hub.log);
  ASSERT_EQ(config->sites.size(), 1U);
  const Site& site = config->sites[0];
  EXPECT_EQ(site.pins(), std::vector<std::string>{std::string(32, '\0')});
  EXPECT_EQ(site.hubs[0].dial[0].to_string(), "hub.birl.example:5443");
  EXPECT_EQ(site.address, "127.0.5.2");
  ASSERT_EQ(site.endpoints.size(), 2U);
  EXPECT_EQ(site.endpoints[1].to_string(), "unix:/run/tsmtp/birl.sock");
  EXPECT_EQ(site.deliver.port, 2525);
  EXPECT_TRUE(site.rules.domains.contains("mail.birl.example"));
  EXPECT_TRUE(site.rules.local.contains("tokyo.example"));
  EXPECT_EQ(site.rules.max_message_bytes, 10'000'000U);
  EXPECT_FALSE(site.sessions.early_reply);
  EXPECT_EQ(site.link.resume_window, std::chrono::minutes(5));
  EXPECT_TRUE(site.link.compress);
  EXPECT_FALSE(site.rules.any_sender);
}

TEST(Reader, DefaultsAreTheManuals) {
  const auto [config, findings] = read_it(kHub + site("birl", kPinA, with_address("127.0.5.2")));
  ASSERT_TRUE(config) << findings;
  Hub hub;
  hub.name = "tokyo";
  hub.listen = config->hub.listen;
  EXPECT_EQ(config->hub, hub);
  EXPECT_EQ(config->sites[0].endpoints[0].to_string(), "127.0.5.2:5000");
  EXPECT_EQ(config->sites[0].deliver.to_string(), "127.0.0.1:25");
  EXPECT_EQ(config->sites[0].rules.max_message_bytes, std::uint64_t{64} << 20);
  EXPECT_FALSE(config->sites[0].link.compress);
}

TEST(Reader, AuditIsAPathOrJournald) {
  for (const char* target : {"journald", "/var/log/tsmtp/audit.jsonl"}) {
    const auto [config, findings] =
        read_it(kHub + "audit = \"" + target + "\"\n" + site("birl", kPinA, with_address("127.0.5.2")));
    ASSERT_TRUE(config) << findings;
    EXPECT_EQ(config->hub.audit, target);
  }
}

struct Bad {
  const char* name;
  std::string text;
  std::string finding;

  friend void PrintTo(const Bad& bad, std::ostream* out) { *out << bad.name; }
};

std::string in_hub(const std::string& line) {
  return kHub + line + "\n" + site("birl", kPinA, with_address("127.0.5.2"));
}
std::string in_site(const std::string& lines) {
  return kHub + site("birl", kPinA, lines);
}
std::string in_addressed_site(const std::string& line) {
  return in_site(with_address("127.0.5.2") + "\n" + line);
}

class BadInput : public testing::TestWithParam<Bad> {};

TEST_P(BadInput, IsAnErrorThatSaysWhereAndWhat) {
  const auto [config, findings] = read_it(GetParam().text);
  EXPECT_FALSE(config);
  EXPECT_THAT(findings, HasSubstr(GetParam().finding));
}

const Bad kBadInput[] = {
    {"syntax", "[hub]\nname = \"tokyo\n", "t.toml:2:14: error: not TOML: "},
    {"bytes", "[hub]\nname = \"\xff\"\n", "t.toml:2:8: error: not TOML: "},
    {"twice", "[hub]\nname = \"a\"\nname = \"b\"\n", "t.toml:3:"},
    {"unknown_in_hub", in_hub("drain_timout = \"3s\""),
     "t.toml:4:1: error: unknown key \"drain_timout\" in [hub]; did you mean \"drain_timeout\"?"},
    {"unknown_in_site", in_site("adress = \"127.0.5.2\""),
     "t.toml:9:1: error: unknown key \"adress\" in [[site]]; did you mean \"address\"?"},
    {"unknown_section", "[hubb]\n" + kHub,
     "t.toml:1:2: error: unknown key \"hubb\" in the file; did you mean \"hub\"?"},
    {"unknown_and_far_off", in_hub("colour = 1"), "t.toml:4:1: error: unknown key \"colour\" in [hub]\n"},
    {"capitals", in_hub("USER = \"x\""), "did you mean \"user\"?"},
    {"no_hub", site("birl", kPinA, with_address("127.0.5.2")), "t.toml: error: missing section [hub]"},
    {"hub_no_section", "hub = 3\n", "t.toml:1:7: error: hub: a section [hub] was expected"},
    {"hub_doubled", "[[hub]]\nname = \"a\"\n", "hub: a section [hub] was expected, in single brackets"},
    {"site_single", kHub + "[site]\nname = \"a\"\n",
     "site: a section [[site]] was expected, in double brackets"},
    {"sites_no_tables", "site = [1]\n" + kHub, "t.toml:1:9: error: site: a section [[site]] was expected"},
    {"no_pin", kHub + "[[site]]\nname = \"a\"\n", "t.toml:4:1: error: missing key \"pin\" in [[site]]"},
    {"no_domains", kHub + "[[site]]\nname = \"a\"\n",
     "t.toml:4:1: error: missing key \"domains\" in [[site]]"},
    {"no_local", kHub + "[[site]]\nname = \"a\"\n", "t.toml:4:1: error: missing key \"local\" in [[site]]"},
    {"no_address", in_site(""), "t.toml:4:1: error: missing key \"address\" in [[site]]"},
    {"empty_endpoint", in_site("endpoint = []"), "t.toml:9:12: error: missing key \"address\""},
    {"integer_name", "[hub]\nname = 5\n", "t.toml:2:8: error: name: a name was expected, not an integer"},
    {"empty_name", "[hub]\nname = \"\"\n",
     "t.toml:2:8: error: name: a name was expected, not an empty string"},
    {"spaced_name", "[hub]\nname = \"to kyo\"\n", "name is made of letters, digits, '.', '-' and '_'"},
    {"long_name", "[hub]\nname = \"" + std::string(64, 'a') + "\"\n", "at most 63 characters"},
    {"nul_in_path", in_hub("identity = \"/etc/\\u0000\""), "identity: control character in \"/etc/\\x00\""},
    {"unix_in_path", in_hub("control = \"unix:/run/c\""), "control: the path alone was expected"},
    {"long_socket", in_hub("control = \"/" + std::string(107, 'a') + "\""), "at most 107 bytes"},
    {"string_for_list", "[hub]\nname = \"a\"\nlisten = \"[::]:5443\"\n",
     "t.toml:3:10: error: listen: an array such as [\"127.0.0.1:5000\"] was expected, not a string"},
    {"list_of_integers", "[hub]\nname = \"a\"\nlisten = [5443]\n",
     "t.toml:3:11: error: listen: a string HOST:PORT was expected, not an integer"},
    {"listen_unix", "[hub]\nname = \"a\"\nlisten = [\"unix:/x\"]\n", "a unix socket cannot be used here"},
    {"metrics_port", in_hub("metrics = \"127.0.0.1\""),
     "metrics: \"127.0.0.1\": HOST:PORT was expected, the port is missing"},
    {"log", in_hub("log = \"sylog\""),
     "log: \"stderr\" or \"syslog\" or \"journal\" was expected, not \"sylog\""},
    {"audit_relative", in_hub("audit = \"audit.jsonl\""),
     "t.toml:4:9: error: audit: \"journald\" or the whole path of a file was expected, not \"audit.jsonl\""},
    {"audit_syslog", in_hub("audit = \"syslog\""), "whole path of a file was expected, not \"syslog\""},
    {"audit_directory", in_hub("audit = \"/var/log/\""), "whole path of a file was expected"},
    {"audit_over_identity", in_hub("audit = \"/etc/tsmtp/identity.pem\""),
     "t.toml:4:9: error: audit: \"/etc/tsmtp/identity.pem\" is already hub.identity"},
    {"bare_duration", in_hub("drain_timeout = 5"),
     "a duration in quotes and with its unit, such as \"60s\","},
    {"duration_unit", in_hub("drain_timeout = \"5\""), "drain_timeout: \"5\" is no duration"},
    {"duration_part", in_hub("drain_timeout = \"1500ms\""), "whole seconds were expected"},
    {"duration_long", in_hub("drain_timeout = \"25h\""), "more than a day"},
    {"pin_string", kHub + "[[site]]\nname = \"a\"\npin = \"" + kPinA + "\"\n",
     "t.toml:6:7: error: pin: an array such as"},
    {"pin_none", kHub + "[[site]]\nname = \"a\"\npin = []\n", "pin: at least one pin was expected"},
    {"pin_short", kHub + "[[site]]\nname = \"a\"\npin = [\"sha256:AAAA\"]\n",
     "t.toml:6:8: error: pin: \"sha256:AAAA\" is no pin"},
    {"pin_how", kHub + "[[site]]\nname = \"a\"\npin = [\"AAAA\"]\n", "`relayctl fingerprint` on that hub"},
    {"dial", in_addressed_site("dial = [\"hub.birl.example\"]"), "t.toml:10:9: error: dial: "},
    {"deliver_unix", in_addressed_site("deliver = \"unix:/x\""),
     "deliver: \"unix:/x\": a unix socket cannot be used"},
    {"deliver_port", in_addressed_site("deliver = \"127.0.0.1:99999\""),
     "the port must be a number from 1 to 65535"},
    {"address_port", in_site(with_address("127.0.5.2:5000")), "a site address is in 127.0.0.0/8"},
    {"address_outside", in_site(with_address("192.0.2.1")), "a site address is in 127.0.0.0/8"},
    {"address_v6", in_site(with_address("::1")), "a site address is in 127.0.0.0/8"},
    {"address_relayed", in_site(with_address("127.0.0.1")), "open relay"},
    {"size", in_addressed_site("max_message = \"64MiX\""), "max_message: \"64MiX\" is no size"},
    {"size_negative", in_addressed_site("max_message = -1"), "max_message: more than 0 bytes were expected"},
    {"size_type", in_addressed_site("max_message = 1.5"),
     "max_message: a size such as \"64MiB\" was expected, not a floating"},
    {"compress", in_addressed_site("compress = 3"), "compress: true or false, without quotes, was expected"},
    {"bool", in_addressed_site("early_reply = \"yes\""),
     "early_reply: true or false, without quotes, was expected, not a string"},
    {"number_least", in_addressed_site("max_recipients = 0"), "a number from 1 to 1000 was expected, not 0"},
    {"number_most", in_addressed_site("max_recipients = 1001"),
     "a number from 1 to 1000 was expected, not 1001"},
    {"number_type", in_addressed_site("max_sessions = \"9\""),
     "max_sessions: a number from 1 to 1000000 was expected, not a string"},
    {"choice", in_addressed_site("bare_line_ends = \"pass\""),
     "bare_line_ends: \"refuse\" or \"canonical\" was expected, not \"pass\""},
    {"origin", in_addressed_site("origin = \"haproxy\""),
     "origin: \"none\" or \"xclient\" or \"proxy\" was expected, not \"haproxy\""},
    {"peer_timeout_least", in_addressed_site("peer_timeout = \"1s\""),
     "peer_timeout: \"1s\": at least 2s was expected"},
    {"rekey_least", in_addressed_site("rekey_bytes = \"63KiB\""),
     "rekey_bytes: a size from 64KiB to 64GiB was expected"},
    {"rekey_most", in_addressed_site("rekey_bytes = \"65GiB\""),
     "rekey_bytes: a size from 64KiB to 64GiB was expected"},
    {"congestion", in_addressed_site("congestion = \"abcdefghijklmnop\""),
     "congestion: a name of at most 15 bytes was expected"},
    {"strangers", in_hub("max_strangers = 0"),
     "max_strangers: a number from 1 to 1000000 was expected, not 0"},
    {"mode", in_addressed_site("endpoint_mode = \"0888\""), "endpoint_mode: \"0888\": the mode of a file"},
    {"mode_most", in_addressed_site("endpoint_mode = \"1777\""),
     "endpoint_mode: \"1777\": the mode of a file"},
    {"group", in_addressed_site("endpoint_group = \"no-such-group\""),
     "endpoint_group: there is no group \"no-such-group\" on this system"},
    {"user", in_addressed_site("allow_users = [\"root\", \"no-such-user\"]"),
     "t.toml:10:24: error: allow_users: there is no user \"no-such-user\" on this system"},
    {"users_none", in_addressed_site("allow_users = []"), "allow_users: [] would let nobody in"},
    {"domains_none", kHub + "[[site]]\nname = \"a\"\ndomains = []\n", "to let any through, write [\".\"]"},
    {"domain_mail", kHub + "[[site]]\nname = \"a\"\nlocal = [\"x\", \"a@b\"]\n",
     "t.toml:6:15: error: local: \"a@b\" is a mail address"},
};

INSTANTIATE_TEST_SUITE_P(Reader, BadInput, testing::ValuesIn(kBadInput),
                         [](const auto& bad) { return std::string(bad.param.name); });

TEST(Reader, SaysEverythingInOneGoAndInTheOrderOfTheFile) {
  const auto [config, findings] = read_it(
      "[hub]\nnam = \"a\"\nlisten = 3\n[[site]]\nname = \"b c\"\npin = [\"x\", 5]\nlocal = "
      "[\"tokyo.example\"]\n"
      "deliver = \"y\"\n");
  EXPECT_FALSE(config);
  EXPECT_EQ(findings,
            "t.toml:2:1: error: unknown key \"nam\" in [hub]; did you mean \"name\"?\n"
            "t.toml:3:10: error: listen: an array such as [\"127.0.0.1:5000\"] was expected, not an integer\n"
            "t.toml:4:1: error: missing key \"domains\" in [[site]]: the domains behind the site; or "
            "\"domains_file\", a file that has them\n"
            "t.toml:4:1: error: missing key \"address\" in [[site]], such as \"127.0.5.2\" (or \"endpoint\", "
            "with a "
            "single site): it is where our MTA hands mail over\n"
            "t.toml:5:8: error: name: \"b c\": a name is made of letters, digits, '.', '-' and '_'\n"
            "t.toml:6:8: error: pin: \"x\" is no pin: it does not begin with \"sha256:\"; \"sha256:\" and "
            "the base64 of "
            "32 bytes was expected, as `relayctl fingerprint` on that hub prints it\n"
            "t.toml:6:13: error: pin: a pin was expected, not an integer\n"
            "t.toml:8:11: error: deliver: \"y\": HOST:PORT was expected, the port is missing\n");
}

TEST(Reader, FindingsOfEarlierCallsDoNotMakeThisOneFail) {
  base::Diagnostics diagnostics;
  EXPECT_FALSE(read_text("[", "a.toml", {}, diagnostics));
  EXPECT_TRUE(read_text(kHub, "b.toml", {}, diagnostics));
}

TEST(Reader, FileThatIsNotThere) {
  base::Diagnostics diagnostics;
  EXPECT_FALSE(read("/nonexistent/relayd.toml", {}, diagnostics));
  EXPECT_EQ(diagnostics.to_string(),
            "/nonexistent/relayd.toml: error: cannot be read: No such file or directory\n");
}

TEST(Reader, DirectoryIsNoFile) {
  base::Diagnostics diagnostics;
  EXPECT_FALSE(read("/tmp", {}, diagnostics));
  EXPECT_EQ(diagnostics.to_string(), "/tmp: error: cannot be read: Is a directory\n");
}

TEST(Reader, EndlessFileIsRefused) {
  base::Diagnostics diagnostics;
  EXPECT_FALSE(read("/dev/zero", {}, diagnostics));
  EXPECT_THAT(diagnostics.to_string(), EndsWith("larger than 1 MiB: this is no configuration of relayd\n"));
}

TEST(Reader, CutAnywhereItNeverThrows) {
  const std::string text = kDesignExample;
  for (std::size_t size = 0; size < text.size(); ++size) {
    base::Diagnostics diagnostics;
    const auto config = read_text(text.substr(0, size), "t.toml", {}, diagnostics);
    EXPECT_EQ(config.has_value(), !diagnostics.has_errors());
  }
}

TEST(Reader, LimitsAndAccessOfASite) {
  const auto [config, findings] = read_it(in_addressed_site(R"(bare_line_ends = "canonical"
origin = "proxy"
max_sessions = 7
max_recipients = 8
max_errors = 9
client_timeout = "10s"
mails_per_second = 11
bytes_per_second = "12kB"
mta_idle_time = "13s"
mta_idle_connections = 0
mta_mails_per_connection = 14
allow_users = ["root", "54321"]
endpoint_mode = "0600"
endpoint_group = "root")"));
  ASSERT_TRUE(config) << findings;
  const Site& site = config->sites[0];
  EXPECT_TRUE(site.sessions.canonical_line_ends);
  EXPECT_EQ(site.origin, Origin::kProxy);
  const Sessions sessions{.canonical_line_ends = true,
                          .max_sessions = 7,
                          .max_recipients = 8,
                          .max_errors = 9,
                          .client_timeout = std::chrono::seconds(10)};
  EXPECT_EQ(site.sessions, sessions);
  EXPECT_EQ(site.rates, (Rates{.mails_per_second = 11, .bytes_per_second = 12'000}));
  const MtaConnections mta{
      .idle_time = std::chrono::seconds(13), .idle_connections = 0, .mails_per_connection = 14};
  EXPECT_EQ(site.mta, mta);
  EXPECT_EQ(site.access.allow_users,
            (std::vector<User>{{.name = "root", .uid = 0}, {.name = "54321", .uid = 54321}}));
  EXPECT_EQ(site.access.socket_mode, 0600U);
  EXPECT_EQ(site.access.socket_group, 0U);
}

TEST(Reader, LinkOfASiteAndAdmission) {
  const auto [config, findings] = read_it(kHub + R"(max_strangers = 3
max_strangers_of_address = 2
)" + site("birl", kPinA, with_address("127.0.5.2") + R"(
dial_interval = "5m"
peer_timeout = "2s"
rekey_bytes = "64KiB"
rekey_time = "1m"
congestion = "bbr")"));
  ASSERT_TRUE(config) << findings;
  EXPECT_EQ(config->hub.admission.total, 3U);
  EXPECT_EQ(config->hub.admission.of_one_address, 2U);
  const Link link{.peer_timeout = std::chrono::seconds(2),
                  .dial_interval = std::chrono::minutes(5),
                  .congestion = "bbr",
                  .rekey = {.bytes = 65'536, .time = std::chrono::minutes(1)}};
  EXPECT_EQ(config->sites[0].link, link);
}

TEST(Reader, ProxyOfASite) {
  const auto [config, findings] = read_it(kHub + site("birl", kPinA, with_address("127.0.5.2") + R"(
dial = ["hub.birl.example:5443"]
dial_through = "http://tokyo@[2001:db8::1]:3128"
dial_through_password = "/etc/tsmtp/proxy.secret"
)") + site("osaka", kPinB, with_address("127.0.5.3") + R"(
dial = ["hub.osaka.example:5443"]
dial_through = "socks5://proxy.example:1080")"));
  ASSERT_TRUE(config) << findings;
  EXPECT_EQ(config->sites[0].link.proxy,
            (Proxy{.kind = Proxy::Kind::kHttp,
                   .user = "tokyo",
                   .address = {.host = "2001:db8::1", .port = 3128, .unix_path = {}}}));
  EXPECT_EQ(config->sites[0].link.proxy->to_string(), "http://[2001:db8::1]:3128");
  EXPECT_EQ(config->sites[0].link.proxy_password_file, "/etc/tsmtp/proxy.secret");
  EXPECT_EQ(config->sites[1].link.proxy,
            (Proxy{.address = {.host = "proxy.example", .port = 1080, .unix_path = {}}}));
}

// Somebody may have written a password there: nothing of it is quoted.
TEST(Reader, ProxyThatIsWronglyWritten) {
  const std::string form = "\"socks5://[USER@]HOST:PORT\" or \"http://[USER@]HOST:PORT\" was expected";
  const std::string users = "a user is 1 to 255 printable characters of ASCII, without blanks, ':' and '/'";
  const std::vector<std::pair<std::string, std::string>> cases{
      {"proxy.example:1080", form},
      {"socks4://proxy.example:1080", form},
      {"https://proxy.example:1080", form},
      {"socks5://proxy.example", form},
      {"socks5://proxy.example:0", form},
      {"socks5://proxy.example:1080/", form},
      {"http://s3cret of mine:3128", form},
      {"http://@proxy.example:3128", users},
      {"http://s3cret\\u00e9@proxy.example:3128", users},
      {"http://" + std::string(256, 'x') + "@proxy.example:3128", users},
      {"http://tokyo:s3cret@proxy.example:3128",
       "the password does not stand here: dial_through_password names the file that has it"}};
  for (const auto& [text, complaint] : cases) {
    const std::string through = "\ndial = [\"h:1\"]\ndial_through = \"" + text + '"';
    const auto [config, findings] = read_it(kHub + site("birl", kPinA, with_address("127.0.5.2") + through));
    EXPECT_FALSE(config) << text;
    EXPECT_NE(findings.find("error: dial_through: " + complaint), std::string::npos) << findings;
    EXPECT_EQ(findings.find("s3cret"), std::string::npos) << findings;
  }
}

}  // namespace
}  // namespace tsmtp::settings
