// A site that is dialled through a proxy: SOCKS5 and HTTP, with names that only the proxy knows; mail both
// ways, cut and resumed; every way in which a proxy fails is told in words, without the password.
#include <sys/stat.h>

#include <csignal>

#include "tests/support/two_hubs.h"

namespace tsmtp::support {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kMail[] = "Subject: x\r\n\r\ntext\r\n";
constexpr char kPassword[] = "s3cret of the proxy";

class Proxied : public TwoHubs {
 protected:
  void SetUp() override {}
  void TearDown() override {
    for (const Hub* const hub : {&tokyo, &birl})
      EXPECT_THAT(hub->log() + hub->status().dump(), Not(HasSubstr(kPassword)));
    TwoHubs::TearDown();
  }

  /// A proxy that leads to birl, whatever it is asked for.
  void start_proxy(const std::vector<std::string>& options = {}, const std::string& host = "127.0.0.1") {
    proxy_.reset();
    std::vector<std::string> arguments{
        "/usr/bin/env", "python3", TSMTP_TEST_PROXY, std::to_string(port_), "--to", std::to_string(link_port),
        "--host",       host};
    arguments.insert(arguments.end(), options.begin(), options.end());
    proxy_ = std::make_unique<Process>(arguments, log_file());
    listens_ += 1;
    ASSERT_TRUE(wait_until([&] { return times("listening") == listens_; })) << read_file(log_file());
  }
  void cut() { proxy_->signal(SIGUSR1); }
  std::string log_file() const { return directory_.file("proxy.log"); }
  std::size_t times(const std::string& text) const {
    const std::string log = read_file(log_file());
    std::size_t count = 0;
    for (std::size_t at = log.find(text); at != std::string::npos; at = log.find(text, at + 1))
      ++count;
    return count;
  }

  [[nodiscard]] std::string url(const std::string& scheme, const std::string& user = "",
                                const std::string& host = "127.0.0.1") const {
    return scheme + "://" + (user.empty() ? "" : user + '@') + host + ':' + std::to_string(port_);
  }
  /// tokyo dials a name that nobody but the proxy knows.
  void configure_through(const std::string& proxy, const std::string& more = "") {
    configure();
    tokyo.configure({{.name = "birl",
                      .pin = birl.pin(),
                      .dial = {kName},
                      .address = endpoint_address(),
                      .port = endpoint_port,
                      .deliver = tokyo_mta_port,
                      .more = "dial_through = \"" + proxy + "\"\n" + more}});
  }
  std::string password_file(const std::string& content, unsigned mode = 0600) {
    const std::string file = directory_.file("proxy.secret");
    write_file(file, content);
    EXPECT_EQ(chmod(file.c_str(), mode), 0);
    return "dial_through_password = \"" + file + "\"\n";
  }
  void mail_passes_both_ways() {
    Connection out = session();
    EXPECT_THAT(send_mail(out, kMail), StartsWith("250 "));
    Connection in(far_endpoint_address(), endpoint_port);
    EXPECT_THAT(in.reply(), StartsWith("220 "));
    EXPECT_THAT(in.command("EHLO mx.birl.example"), StartsWith("250-"));
    EXPECT_THAT(send_mail(in, kMail, "b@birl.example", "a@tokyo.example"), StartsWith("250 "));
  }
  /// What is said of the failure in status, which a client hears and the log has too.
  std::string failure() {
    const auto failed = [&] { return tokyo.site_status("birl")["dial_failures"].size() == 1; };
    EXPECT_TRUE(wait_until(failed)) << tokyo.log();
    const std::string cause = tokyo.site_status("birl")["dial_failures"][0]["cause"];
    EXPECT_TRUE(tokyo.logs(std::string("birl: link: ") + kName + ": " + cause)) << cause;
    return cause;
  }

  static constexpr char kName[] = "hub.birl.invalid:5443";
  std::uint16_t port_ = free_port();

 private:
  TemporaryDirectory directory_;
  std::unique_ptr<Process> proxy_;
  std::size_t listens_ = 0;
};

class EachProxy : public Proxied, public ::testing::WithParamInterface<const char*> {};

TEST_P(EachProxy, CarriesMailBothWays) {
  start_proxy();
  configure_through(url(GetParam()));
  birl.start();
  tokyo.start();
  ASSERT_TRUE(link_is_up());
  mail_passes_both_ways();
  EXPECT_EQ(times(std::string("asked for ") + kName + '\n'), 1U) << "the name, as it is";
  const auto status = tokyo.site_status("birl");
  EXPECT_EQ(status["dialled_through"], url(GetParam()));
  EXPECT_EQ(status["peer_address"], kName);
  EXPECT_THAT(tokyo.relayctl({"status"}).output,
              HasSubstr(std::string(", with ") + kName + ", dialled through " + url(GetParam())));
  EXPECT_TRUE(tokyo.logs(std::string("link up: to ") + kName + " through " + url(GetParam()) + ", TLSv1.3"));
}

// The listening hub may also be the one whose mail goes first; and whoever dials, dials through its own
// proxy.
TEST_P(EachProxy, GoesOnWhereItWasWhenTheConnectionBreaks) {
  start_proxy({"--user", std::string("tokyo:") + kPassword});
  configure_through(url(GetParam(), "tokyo"), password_file(std::string(kPassword) + '\n'));
  birl.start();
  tokyo.start();
  ASSERT_TRUE(link_is_up());
  for (int round = 1; round <= 3; ++round) {
    Connection client = session();
    begin_mail(client, std::string(200'000, 'x') + "\r\n");
    cut();
    ASSERT_TRUE(wait_until([&] { return tokyo.site_status("birl")["resumptions"] == round; })) << tokyo.log();
    EXPECT_THAT(client.command("."), StartsWith("250 "));
  }
  EXPECT_EQ(tokyo.site_status("birl")["links_up_total"], 1);
  EXPECT_EQ(birl_mta.count(), 3U);
}

TEST_P(EachProxy, LosesNoByteOfAnAnswerThatTrickles) {
  start_proxy({"--do", "trickle", "--user", std::string("tokyo:") + kPassword});
  configure_through(url(GetParam(), "tokyo"), password_file(kPassword));
  birl.start();
  tokyo.start();
  ASSERT_TRUE(link_is_up());
  mail_passes_both_ways();
}

TEST_P(EachProxy, IsFoundByIpv6) {
  start_proxy({}, "::1");
  configure_through(url(GetParam(), "", "[::1]"));
  birl.start();
  tokyo.start();
  ASSERT_TRUE(link_is_up());
  mail_passes_both_ways();
}

struct Failing {
  const char* name;
  std::vector<std::string> options;
  const char* user;
  const char* socks5;
  const char* http;
};

TEST_P(EachProxy, IsToldOfInWordsWhenItFails) {
  const bool is_http = std::string(GetParam()) == "http";
  const std::string user = std::string("tokyo:") + kPassword + "!";
  const std::vector<Failing> cases{
      {"Refuses", {"--do", "refuse"}, "", "says: connection refused", "says: 502 Bad Gateway"},
      {"WrongPassword",
       {"--user", user},
       "tokyo",
       "does not take this user and password",
       "says: 407 Proxy Authentication Required (wrong user or password?)"},
      {"WantsAUser",
       {"--user", user},
       "",
       "wants to know who we are, and dial_through names no user",
       "says: 407 Proxy Authentication Required (dial_through names no user)"},
      {"Dies",
       {"--do", "die"},
       "",
       "closed the connection before it had answered",
       "closed the connection before it had answered"},
      {"Babbles", {"--do", "babble"}, "", "does not speak SOCKS5", "does not speak HTTP"},
      {"Hangs",
       {"--do", "hang"},
       "",
       "has not answered within 10 seconds",
       "has not answered within 10 seconds"}};
  configure();
  birl.start();
  for (const Failing& failing : cases) {
    SCOPED_TRACE(failing.name);
    start_proxy(failing.options);
    configure_through(url(GetParam(), failing.user), *failing.user != '\0' ? password_file(kPassword) : "");
    tokyo.start();
    const std::string said = std::string("the proxy ") + (is_http ? failing.http : failing.socks5);
    EXPECT_EQ(failure(), "through " + url(GetParam()) + ": " + said);
    EXPECT_THAT(
        Connection(endpoint_address(), endpoint_port).reply(),
        AllOf(StartsWith("421 4.4.1 birl: link down since "), HasSubstr('(' + said + ", " + kName + ')')));
    EXPECT_EQ(birl.site_status("tokyo")["state"], "down");
    tokyo.kill();
  }
  start_proxy();
  configure_through(url(GetParam()));
  tokyo.start();
  EXPECT_TRUE(link_is_up());
}

INSTANTIATE_TEST_SUITE_P(Proxy, EachProxy, ::testing::Values("socks5", "http"),
                         [](const auto& kind) { return std::string(kind.param); });

TEST_F(Proxied, ThatIsNotThereIsTold) {
  configure_through(url("socks5"));
  birl.start();
  tokyo.start();
  EXPECT_EQ(failure(), "through " + url("socks5") + ": proxy not reached: Connection refused");
  start_proxy();
  EXPECT_TRUE(link_is_up()) << "as soon as it is there";
}

TEST_F(Proxied, AReloadChangesTheWayAndThePassword) {
  const std::string keys = password_file("not this\n");
  start_proxy({"--user", std::string("tokyo:") + kPassword});
  configure_through(url("http", "tokyo"), keys);
  birl.start();
  tokyo.start();
  EXPECT_THAT(failure(), HasSubstr("407 Proxy Authentication Required"));
  (void)password_file(std::string(kPassword) + "\r\n");
  ASSERT_EQ(tokyo.relayctl({"reload"}).status, 0);
  ASSERT_TRUE(link_is_up());
  configure_through(url("socks5", "tokyo"), keys);
  ASSERT_EQ(tokyo.relayctl({"reload"}).status, 0);
  EXPECT_EQ(tokyo.site_status("birl")["dialled_through"], url("http")) << "a link that is up stays";
  cut();
  ASSERT_TRUE(wait_until([&] { return tokyo.site_status("birl")["resumptions"] == 1; }));
  mail_passes_both_ways();
}

TEST_F(Proxied, P9_PasswordThatOthersCanReadChangesNothing) {
  const std::string keys = password_file(kPassword);
  start_proxy({"--user", std::string("tokyo:") + kPassword});
  configure_through(url("http", "tokyo"), keys);
  birl.start();
  tokyo.start();
  ASSERT_TRUE(link_is_up());
  for (const auto& [content, mode, complaint] :
       {std::tuple{std::string(kPassword), 0640U, "the password can be read by others; chmod 0600 "},
        std::tuple{std::string(kPassword) + "\nand more\n", 0600U, "one line of 1 to 255 bytes was expected"},
        std::tuple{std::string(), 0600U, "one line of 1 to 255 bytes was expected"},
        std::tuple{std::string(300, 'x'), 0600U, "one line of 1 to 255 bytes was expected"}}) {
    (void)password_file(content, mode);
    const Finished refused = tokyo.relayctl({"reload"});
    EXPECT_NE(refused.status, 0);
    EXPECT_THAT(refused.output, AllOf(HasSubstr("site birl: dial_through_password: "), HasSubstr(complaint),
                                      Not(HasSubstr(kPassword))));
    const Finished checked = run({TSMTP_RELAYD, "--config", tokyo.config(), "--check"});
    EXPECT_EQ(checked.status, 78);
    EXPECT_THAT(checked.output, HasSubstr(complaint));
  }
  mail_passes_both_ways();
}

}  // namespace
}  // namespace tsmtp::support
