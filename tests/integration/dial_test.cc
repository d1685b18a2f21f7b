// How a link is made, and made again: several addresses, both sides dialling, a peer that falls silent; and
// what its TLS and TCP are told.
#include <cstdlib>

#include "tests/support/two_hubs.h"

namespace tsmtp::support {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string loopback(std::uint16_t port) {
  return "127.0.0.1:" + std::to_string(port);
}

std::size_t times(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

class Dial : public TwoHubs {
 protected:
  void SetUp() override {}
  /// As configure(), but tokyo dials these.
  void dials(const std::vector<std::string>& addresses) {
    configure();
    tokyo.configure({{.name = "birl",
                      .pin = birl.pin(),
                      .dial = addresses,
                      .address = endpoint_address(),
                      .port = endpoint_port,
                      .deliver = tokyo_mta_port,
                      .more = {}}});
  }
};

TEST_F(Dial, P5_EachAddressHasAReasonOfItsOwn) {
  const std::string nobody = loopback(free_port()), through_path = loopback(proxy_port);
  const std::string nowhere = std::string(64, 'x') + ".example:5443";  // no name, so no DNS server is asked
  dials({nobody, nowhere, through_path});
  tokyo.start();
  ASSERT_TRUE(wait_until([&] { return tokyo.site_status("birl")["dial_failures"].size() == 3; }))
      << tokyo.log();
  const auto failures = tokyo.site_status("birl")["dial_failures"];
  EXPECT_EQ(failures[0]["address"], nobody);
  EXPECT_EQ(failures[0]["cause"], "Connection refused");
  EXPECT_THAT(failures[1]["cause"].get<std::string>(), StartsWith("name not resolved: "));
  EXPECT_EQ(failures[2]["address"], through_path);
  EXPECT_THAT(failures[2]["cause"].get<std::string>(), HasSubstr("during the TLS handshake"));
  Connection client(endpoint_address(), endpoint_port);
  EXPECT_THAT(client.reply(), AllOf(StartsWith("421 4.4.1 birl: link down since "),
                                    HasSubstr(" during the TLS handshake, " + through_path + ")")))
      << "the one that got furthest; status has all";
  birl.start();
  ASSERT_TRUE(link_is_up());
  EXPECT_TRUE(tokyo.site_status("birl")["dial_failures"].empty());
  EXPECT_EQ(times(tokyo.log(), "link: " + nobody + ": Connection refused"),
            1U);  // however often it was tried
}

// mailq -v cuts a reason at 100 characters: the cause stands there, whatever the addresses are.
TEST_F(Dial, P5_TheCauseIsWithinWhatMailqShows) {
  constexpr std::size_t kShownByMailq = 100 - std::string_view("Deferred: ").size();
  const std::string unused = std::to_string(free_port());
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases{
      {{"localhost:" + unused}, "(Connection refused"},
      {{std::string(60, 'x') + "." + std::string(60, 'y') + ".invalid:5443"}, "(name not resolved"},
      {{std::string(64, 'x') + ".example:5443", "localhost:" + unused}, "(Connection refused"},
      {{loopback(proxy_port)}, " by peer during the TLS"},  // nobody behind the proxy: closed, or reset
      {{loopback(birl_mta_port)}, "(peer does not speak TLS"},
  };
  for (const auto& one : cases) {
    const auto& addresses = one.first;
    const auto& cause = one.second;
    dials(addresses);
    tokyo.start();
    std::string reply;
    EXPECT_TRUE(wait_until([&] {
      reply = Connection(endpoint_address(), endpoint_port).reply();
      return reply.substr(0, kShownByMailq).find(cause) != std::string::npos;
    })) << reply;
    EXPECT_THAT(reply, StartsWith("421 4.4.1 birl: link down since "));
    EXPECT_THAT(reply, ::testing::Not(HasSubstr("()")));
    tokyo.kill();
  }
  birl.start();  // for the fixture's end
  tokyo.start();
}

TEST_F(Dial, Ipv6) {
  const std::string address = "[::1]:" + std::to_string(link_port);
  dials({address});
  birl.launch({"--foreground", "--set", "hub.listen=[\"" + address + "\"]"});
  tokyo.start();
  ASSERT_TRUE(link_is_up()) << tokyo.log() << birl.log();
  EXPECT_EQ(tokyo.site_status("birl")["peer_address"], address);
}

TEST_F(Dial, SilentPeerIsNoticedInTheConfiguredTimeAndDialledAgain) {
  start("peer_timeout = \"2s\"");
  const auto begin = std::chrono::steady_clock::now();
  path.holding = true;  // nothing reaches birl any more, and no connection breaks
  ASSERT_TRUE(tokyo.logs("link interrupted: no sign of life for 2 s"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
  path.holding = false;
  ASSERT_TRUE(link_is_up());
  EXPECT_EQ(tokyo.site_status("birl")["resumptions"], 1);
}

TEST_F(Dial, TlsKeysAreReplacedWhileAMailPasses) {
  start("rekey_bytes = \"64KiB\"");
  EXPECT_EQ(tokyo.site_status("birl")["tls_key_updates"], 0);
  Connection client = session();
  std::string content = "Subject: x\r\n\r\n";
  while (content.size() < 1 << 20)
    content += "0123456789012345678901234567890123456789012345678901234567890123456789\r\n";
  EXPECT_THAT(send_mail(client, content), StartsWith("250 "));
  EXPECT_THAT(birl_mta.delivered().at(0).content, HasSubstr(content));
  EXPECT_GE(tokyo.site_status("birl")["tls_key_updates"], 12);
  EXPECT_EQ(birl.site_status("tokyo")["links_up_total"], 1);
}

TEST_F(Dial, CongestionControlIsAskedForOrMissed) {
  birl_site_keys = "congestion = \"no-such\"";
  start("congestion = \"reno\"");
  EXPECT_EQ(tokyo.site_status("birl")["congestion"], "reno");
  EXPECT_THAT(birl.log(),
              HasSubstr("tokyo: congestion = \"no-such\" is without effect, this kernel has no such"));
  EXPECT_NE(birl.site_status("tokyo")["congestion"], "");
}

TEST_F(Dial, BbrIsUsedWhereTheKernelHasIt) {
  start("congestion = \"bbr\"");
  const std::string allowed = read_file("/proc/sys/net/ipv4/tcp_allowed_congestion_control");
  if (allowed.find("bbr") != std::string::npos) {
    EXPECT_EQ(tokyo.site_status("birl")["congestion"], "bbr");
    EXPECT_EQ(tokyo.log().find("without effect"), std::string::npos);
  } else if (tokyo.site_status("birl")["congestion"] != "bbr") {  // root may use more, and load it
    EXPECT_THAT(tokyo.log(), HasSubstr("birl: congestion = \"bbr\" is without effect"));
  }
}

#ifdef __x86_64__
// OpenSSL can be told to do without the instructions for AES, as on a processor that has none.
TEST_F(Dial, HubThatDoesAesBadlyGetsChaCha20) {
  configure();
  setenv("OPENSSL_ia32cap", "~0x200000200000000", 1);
  birl.start();
  unsetenv("OPENSSL_ia32cap");
  tokyo.start();
  ASSERT_TRUE(link_is_up());
  EXPECT_THAT(tokyo.site_status("birl")["tls"].get<std::string>(), HasSubstr("TLS_CHACHA20_POLY1305_SHA256"));
}
#endif

/// Each dials the other, on a path of its own.
class BothDialAgain : public ::testing::Test {
 protected:
  static SiteEntry site(const char* name, const Hub& hub, std::uint16_t port, const char* address) {
    return {.name = name,
            .pin = hub.pin(),
            .dial = {loopback(port)},
            .address = address,
            .port = free_port(),
            .deliver = free_port(),
            .more = {}};
  }
  [[nodiscard]] bool up() {
    return wait_until([&] {
      return tokyo.site_status("birl")["state"] == "up" && birl.site_status("tokyo")["state"] == "up";
    });
  }

  std::uint16_t tokyo_port = free_port(), birl_port = free_port();
  std::uint16_t to_tokyo_port = free_port(), to_birl_port = free_port();
  TcpProxy to_tokyo{to_tokyo_port, tokyo_port}, to_birl{to_birl_port, birl_port};
  Hub tokyo{"tokyo", tokyo_port}, birl{"birl", birl_port};
};

TEST_F(BothDialAgain, EndsWithExactlyOneLink) {
  tokyo.configure({site("birl", birl, to_birl_port, "127.1.3.3")});
  birl.configure({site("tokyo", tokyo, to_tokyo_port, "127.1.3.4")});
  tokyo.launch();
  birl.launch();
  for (int round = 0; round < 5; ++round) {
    ASSERT_TRUE(up()) << tokyo.log() << birl.log();
    const auto rests = [](const Hub& hub, const char* peer) {
      const auto status = hub.site_status(peer);
      return status["state"] == "up" && status["next_dial"].is_null();
    };
    ASSERT_TRUE(wait_until([&] {
      return to_tokyo.connections + to_birl.connections == 1 && rests(tokyo, "birl") && rests(birl, "tokyo");
    })) << tokyo.log()
        << birl.log();
    const std::size_t ups = times(tokyo.log(), "link resumed"), ups_there = times(birl.log(), "link resumed");
    to_tokyo.cut();
    to_birl.cut();
    ASSERT_TRUE(wait_until([&] {
      return times(tokyo.log(), "link resumed") > ups && times(birl.log(), "link resumed") > ups_there;
    })) << tokyo.log()
        << birl.log();
  }
}

}  // namespace
}  // namespace tsmtp::support
