// P9: a reload takes over all of a new configuration or nothing of it; what it does not touch goes on.
#include <csignal>
#include <filesystem>

#include "tests/support/two_hubs.h"

namespace tsmtp::support {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class Reload : public TwoHubs {};

TEST_F(Reload, P9_WrongFileChangesNothingAndIsExplained) {
  write_file(tokyo.config(), read_file(tokyo.config()) + "max_mesage = \"1MiB\"\n");
  const Finished refused = tokyo.relayctl({"--set", "hub.name=tokyo", "reload"});
  EXPECT_NE(refused.status, 0);
  tokyo.process().signal(SIGHUP);
  EXPECT_TRUE(tokyo.logs("not reloaded, the running configuration stays in force"));
  EXPECT_TRUE(tokyo.logs("did you mean \"max_message\"?"));
  configure();  // so that relayctl can read it again
  EXPECT_TRUE(wait_until([&] { return !tokyo.status()["last_reload_error"].is_null(); }));
  Connection client = session();
  EXPECT_THAT(send_mail(client, "Subject: x\r\n\r\n"), StartsWith("250 "));
}

TEST_F(Reload, P9_AddressThatCannotBeBoundChangesNothing) {
  const std::uint16_t taken_port = free_port();
  const int taken = listen_on(taken_port);
  configure("max_message = \"1MiB\"", "listen = [\"127.0.0.1:" + std::to_string(taken_port) + "\"]");
  const Finished refused = tokyo.relayctl({"reload"});
  EXPECT_EQ(refused.status, 70);
  EXPECT_THAT(refused.output, HasSubstr("in use"));
  Connection client = session();
  EXPECT_THAT(client.command("MAIL FROM:<a@tokyo.example> SIZE=2000000"),
              StartsWith("250 "));  // still 64 MiB
  close(taken);
}

TEST_F(Reload, P9_WhatNeedsARestartIsRefused) {
  configure("", "metrics = \"127.0.0.1:" + std::to_string(free_port()) + "\"");
  const Finished refused = tokyo.relayctl({"reload"});
  EXPECT_EQ(refused.status, 70);
  EXPECT_THAT(refused.output, HasSubstr("hub.metrics has changed, which a reload cannot do: restart relayd"));
}

TEST_F(Reload, AddsAndRemovesSitesWhileALinkStaysUp) {
  const std::string before = read_file(tokyo.config());
  const std::uint16_t port = free_port();
  write_file(tokyo.config(),
             before + "\n[[site]]\nname = \"osaka\"\npin = [\"" + nobodys_pin() +
                 "\"]\ndial = [\"127.0.0.1:9\"]\naddress = \"127.2.2.2\"\nendpoint = [\"127.2.2.2:" +
                 std::to_string(port) + "\"]\ndomains = [\"osaka.example\"]\nlocal = [\"tokyo.example\"]\n");
  tokyo.process().signal(SIGHUP);
  ASSERT_TRUE(tokyo.logs("configuration reloaded, 2 sites")) << tokyo.log();
  EXPECT_THAT(Connection("127.2.2.2", port).reply(), StartsWith("421 4.4.1 osaka: link down since "));
  write_file(tokyo.config(), before);
  ASSERT_EQ(tokyo.relayctl({"reload"}).status, 0);
  EXPECT_TRUE(wait_until([&] {
    try {
      const Connection still(std::string("127.2.2.2"), port);
      return false;
    } catch (const std::exception&) {
      return true;
    }
  }));
  EXPECT_EQ(tokyo.site_status("birl")["links_up_total"], 1);
}

// A site is a file of its own: it comes and goes with it, and a wrong one leaves all as it was.
TEST_F(Reload, SiteOfAFileInTheFolderComesAndGoes) {
  const std::uint16_t port = free_port();
  const std::string file = tokyo.file("sites.d/osaka.toml");
  std::filesystem::create_directory(tokyo.file("sites.d"));
  write_file(file, "[[site]]\nname = \"osaka\"\npin = [\"" + nobodys_pin() +
                       "\"]\ndial = [\"127.0.0.1:9\"]\naddress = \"" + third_address() +
                       "\"\nendpoint = [\"" + third_address() + ":" + std::to_string(port) +
                       "\"]\ndomains = [\"osaka.example\"]\nlocal = [\"tokyo.example\"]\n");
  ASSERT_EQ(tokyo.relayctl({"reload"}).status, 0);
  EXPECT_THAT(Connection(third_address(), port).reply(), StartsWith("421 4.4.1 osaka: link down since "));
  write_file(tokyo.file("sites.d/bonn.toml"), "[[site]]\nname = \"bonn\"\n");
  const Finished refused = tokyo.relayctl({"--set", "hub.include=[]", "reload"});
  EXPECT_NE(refused.status, 0);
  EXPECT_THAT(refused.output,
              HasSubstr(tokyo.file("sites.d/bonn.toml") + ":1:1: error: missing key \"pin\""));
  EXPECT_THAT(Connection(third_address(), port).reply(), StartsWith("421 4.4.1 osaka: link down since "));
  std::filesystem::remove(tokyo.file("sites.d/bonn.toml"));
  std::filesystem::remove(file);
  ASSERT_EQ(tokyo.relayctl({"reload"}).status, 0);
  EXPECT_TRUE(tokyo.logs("osaka: is no longer configured"));
  EXPECT_EQ(tokyo.site_status("birl")["links_up_total"], 1);
}

// Its connections to our MTA say QUIT, and the MTA's answer comes when the site is gone.
TEST_F(Reload, SiteCanGoAfterItsMailAtTheFarHub) {
  for (int round = 0; round < 3; ++round) {
    Connection client = session();
    for (int i = 0; i < 20; ++i)
      ASSERT_THAT(send_mail(client, "Subject: x\r\n\r\n"), StartsWith("250 "));
    const std::string before = read_file(birl.config());
    write_file(birl.config(), before.substr(0, before.find("[[site]]")));
    ASSERT_EQ(birl.relayctl({"reload"}).status, 0);
    EXPECT_TRUE(tokyo.wait_for_link_down("birl"));
    ASSERT_TRUE(wait_until([&] { return birl_mta.open() == 0; }));
    ASSERT_EQ(birl.relayctl({"status"}).status, 0) << birl.log();
    write_file(birl.config(), before);
    ASSERT_EQ(birl.relayctl({"reload"}).status, 0);
    ASSERT_TRUE(link_is_up());
  }
  EXPECT_EQ(birl_mta.count(), 60U);
}

TEST_F(Reload, SiteGetsAnotherNameAndKeepsItsEndpoint) {
  std::string text = read_file(tokyo.config());
  text.replace(text.find("name = \"birl\""), 13, "name = \"bonn\"");
  write_file(tokyo.config(), text);
  const Finished reloaded = tokyo.relayctl({"reload"});
  ASSERT_EQ(reloaded.status, 0) << reloaded.output;
  ASSERT_TRUE(tokyo.wait_for_link("bonn"));
  Connection client(endpoint_address(), endpoint_port);
  EXPECT_THAT(client.reply(), StartsWith("220 bonn.tsmtp "));
  EXPECT_THAT(client.command("EHLO mx.tokyo.example"), StartsWith("250"));
  EXPECT_THAT(send_mail(client, "Subject: x\r\n\r\n"), StartsWith("250 "));
}

TEST_F(Reload, PinThatIsNoLongerThereEndsTheLink) {
  std::string text = read_file(birl.config());
  text.replace(text.find(tokyo.pin()), tokyo.pin().size(), nobodys_pin());
  write_file(birl.config(), text);
  ASSERT_EQ(birl.relayctl({"reload"}).status, 0);
  EXPECT_TRUE(tokyo.wait_for_link_down("birl"));
  EXPECT_TRUE(tokyo.logs("your key is no longer pinned here")) << tokyo.log();
}

TEST_F(Reload, UnixSocketEndpoint) {
  const std::string socket = tokyo.file("birl.sock");
  std::string text = read_file(tokyo.config());
  text.insert(text.find("endpoint = [") + 12, "\"unix:" + socket + "\", ");
  write_file(tokyo.config(), text);
  ASSERT_EQ(tokyo.relayctl({"reload"}).status, 0);
  Connection client(socket);
  EXPECT_THAT(client.reply(), StartsWith("220 birl.tsmtp "));
  EXPECT_THAT(client.command("EHLO mx.tokyo.example"), StartsWith("250"));
  EXPECT_THAT(send_mail(client, "Subject: x\r\n\r\n"), StartsWith("250 "));
}

TEST(Metrics, ArePrometheusText) {
  const std::uint16_t port = free_port();
  Hub hub("tokyo", free_port());
  hub.configure({}, "metrics = \"127.0.0.1:" + std::to_string(port) + "\"");
  hub.start();
  Connection scraper("127.0.0.1", port);
  scraper.send("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(scraper.line(), "HTTP/1.1 200 OK\r\n");
  std::string body;
  while (const auto line = scraper.line())
    body += *line;
  EXPECT_THAT(body, HasSubstr("# TYPE tsmtp_"));
}

}  // namespace
}  // namespace tsmtp::support
