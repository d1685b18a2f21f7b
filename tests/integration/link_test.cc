// The link comes up, goes down and comes back; and says so.
#include <csignal>

#include "tests/support/two_hubs.h"

namespace tsmtp::support {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kContent[] = "Subject: hello\r\n\r\ntext\r\n";

class Link : public TwoHubs {
 protected:
  [[nodiscard]] std::string greeting() {
    const std::string endpoint = tokyo.site_status("birl")["endpoints"][0];
    return Connection(endpoint.substr(0, endpoint.find(':')), endpoint_port).reply();
  }
};

TEST_F(Link, MailGoesBothWaysOverOneLink) {
  Connection there = session();
  EXPECT_THAT(send_mail(there, kContent), StartsWith("250 "));
  const std::string endpoint = birl.site_status("tokyo")["endpoints"][0];
  Connection back(endpoint.substr(0, endpoint.find(':')), endpoint_port);
  EXPECT_THAT(back.reply(), StartsWith("220 tokyo.tsmtp "));
  EXPECT_THAT(back.command("EHLO mx.birl.example"), StartsWith("250"));
  EXPECT_THAT(send_mail(back, kContent, "b@birl.example", "a@tokyo.example"), StartsWith("250 "));
  EXPECT_EQ(birl_mta.count(), 1U);
  EXPECT_EQ(tokyo_mta.count(), 1U);
}

TEST_F(Link, P5_DownIsToldWithCauseAndTime) {
  birl.kill();
  ASSERT_TRUE(tokyo.wait_for_link_down("birl"));
  EXPECT_THAT(greeting(), ContainsRegex("^421 4\\.4\\.1 birl: link down since [0-9:]{8} \\(.+\\)\r\n$"));
  EXPECT_EQ(tokyo.site_status("birl")["state"], "down");
  birl.start();
  ASSERT_TRUE(link_is_up());
  Connection client = session();
  EXPECT_THAT(send_mail(client, kContent), StartsWith("250 "));
  EXPECT_EQ(tokyo.site_status("birl")["links_up_total"], 2);
}

class LinkWithoutResumption : public Link {
 protected:
  void SetUp() override { start("resume_window = \"0s\"\n"); }
};

TEST_F(LinkWithoutResumption, P5_IdleSessionIsToldThatTheLinkWentDown) {
  Connection client = session();
  EXPECT_THAT(client.command("MAIL FROM:<a@tokyo.example>"), StartsWith("250 "));
  birl.kill();
  EXPECT_THAT(client.reply(), StartsWith("421 4.4.1 birl: link down since "));
  EXPECT_TRUE(client.closes());
}

TEST_F(LinkWithoutResumption, ComesBackAfterACut) {
  path.cut();
  ASSERT_TRUE(wait_until([&] { return tokyo.site_status("birl")["links_up_total"] == 2; }));
  ASSERT_TRUE(link_is_up());
  Connection client = session();
  EXPECT_THAT(send_mail(client, kContent), StartsWith("250 "));
}

TEST_F(Link, P5_FarMtaThatCannotBeReachedIsToldInTheGreetingAndRecovers) {
  configure();
  const std::uint16_t nobody = free_port();
  birl.configure({{.name = "tokyo",
                   .pin = tokyo.pin(),
                   .dial = {},
                   .address = "127.0.9.9",
                   .port = endpoint_port,
                   .deliver = nobody,
                   .more = {}}});
  ASSERT_EQ(birl.relayctl({"reload"}).status, 0);
  ASSERT_TRUE(wait_until([&] { return greeting().starts_with("421 "); }));
  EXPECT_THAT(
      greeting(),
      ContainsRegex(
          "^421 4\\.4\\.1 birl: its MTA cannot be reached \\(Connection refused, .*\\) since [0-9:]{8}"));
  const FakeMta late(nobody);
  EXPECT_TRUE(wait_until([&] { return greeting().starts_with("220 "); }));
}

TEST_F(Link, P5_FarMtaThatRefusesToServeDefersMail) {
  birl_mta.set_greeting("554 5.3.2 not today\r\n");
  birl.kill();
  birl.start();
  ASSERT_TRUE(wait_until([&] { return greeting().find("not today") != std::string::npos; }));
  EXPECT_THAT(greeting(), StartsWith("421 4.4.1 birl: its MTA cannot be reached"));
}

TEST(SeveralSites, EachHasItsOwnLinkAndAddress) {
  const std::uint16_t osaka_port = free_port(), birl_port = free_port(), endpoint = free_port();
  const std::uint16_t osaka_mta_port = free_port(), birl_mta_port = free_port(), tokyo_mta_port = free_port();
  FakeMta osaka_mta(osaka_mta_port), birl_mta(birl_mta_port), tokyo_mta(tokyo_mta_port);
  Hub tokyo("tokyo", 0), osaka("osaka", osaka_port), birl("birl", birl_port);
  const auto of_tokyo = [&](std::uint16_t mta, const char* address) {
    return SiteEntry{.name = "tokyo",
                     .pin = tokyo.pin(),
                     .dial = {},
                     .address = address,
                     .port = endpoint,
                     .deliver = mta,
                     .more = {}};
  };
  osaka.configure({of_tokyo(osaka_mta_port, "127.1.2.3")});
  birl.configure({of_tokyo(birl_mta_port, "127.1.2.4")});
  const auto site = [&](const char* name, const Hub& hub, std::uint16_t port, const char* address) {
    return SiteEntry{.name = name,
                     .pin = hub.pin(),
                     .dial = {"127.0.0.1:" + std::to_string(port)},
                     .address = address,
                     .port = endpoint,
                     .deliver = tokyo_mta_port,
                     .more = {}};
  };
  tokyo.configure(
      {site("osaka", osaka, osaka_port, "127.1.2.5"), site("birl", birl, birl_port, "127.1.2.6")});
  for (Hub* hub : {&osaka, &birl, &tokyo})
    hub->start();
  ASSERT_TRUE(tokyo.wait_for_link("osaka")) << tokyo.log();
  ASSERT_TRUE(tokyo.wait_for_link("birl")) << tokyo.log();
  for (const auto& [address, domain] : {std::pair("127.1.2.5", "osaka"), std::pair("127.1.2.6", "birl")}) {
    Connection client(address, endpoint);
    EXPECT_THAT(client.reply(), StartsWith(std::string("220 ") + domain + ".tsmtp"));
    EXPECT_THAT(client.command("EHLO mx.tokyo.example"), StartsWith("250"));
    client.command("MAIL FROM:<a@tokyo.example>");
    client.command("RCPT TO:<b@" + std::string(domain) + ".example>");
    client.command("DATA");
    EXPECT_THAT(client.command("Subject: x\r\n\r\n."), StartsWith("250 "));
  }
  EXPECT_EQ(osaka_mta.count(), 1U);
  EXPECT_EQ(birl_mta.count(), 1U);
}

TEST(BothDial, OneLinkStaysAndMailPasses) {
  const std::uint16_t a_port = free_port(), b_port = free_port(), endpoint = free_port();
  const std::uint16_t a_mta_port = free_port(), b_mta_port = free_port();
  FakeMta a_mta(a_mta_port), b_mta(b_mta_port);
  Hub a("tokyo", a_port), b("birl", b_port);
  a.configure({{.name = "birl",
                .pin = b.pin(),
                .dial = {"127.0.0.1:" + std::to_string(b_port)},
                .address = "127.1.3.1",
                .port = endpoint,
                .deliver = a_mta_port,
                .more = {}}});
  b.configure({{.name = "tokyo",
                .pin = a.pin(),
                .dial = {"127.0.0.1:" + std::to_string(a_port)},
                .address = "127.1.3.2",
                .port = endpoint,
                .deliver = b_mta_port,
                .more = {}}});
  a.launch();
  b.launch();
  ASSERT_TRUE(a.wait_for_link("birl")) << a.log() << b.log();
  ASSERT_TRUE(b.wait_for_link("tokyo")) << a.log() << b.log();
  Connection client("127.1.3.1", endpoint);
  EXPECT_THAT(client.reply(), StartsWith("220 "));
  client.command("EHLO mx.tokyo.example");
  for (int i = 0; i < 20; ++i) {
    client.command("MAIL FROM:<a@tokyo.example>");
    client.command("RCPT TO:<b@birl.example>");
    client.command("DATA");
    EXPECT_THAT(client.command("Subject: x\r\n\r\n."), StartsWith("250 ")) << a.log() << b.log();
  }
  EXPECT_EQ(b_mta.count(), 20U);
}

}  // namespace
}  // namespace tsmtp::support
