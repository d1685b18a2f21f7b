// P2 and P7: nothing but TLS 1.3 with the pinned key is a peer, whatever its certificate says; and
// unauthenticated connections do no harm.
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "tests/support/two_hubs.h"

namespace tsmtp::support {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class BadPeer : public TwoHubs {
 protected:
  void TearDown() override {
    EXPECT_TRUE(birl.process().running());
    Connection client = session();
    EXPECT_THAT(send_mail(client, "Subject: x\r\n\r\n"), StartsWith("250 "));
    TwoHubs::TearDown();
  }

  /// openssl s_client against birl's link port.
  [[nodiscard]] Finished s_client(std::vector<std::string> options) const {
    options.insert(options.begin(),
                   {"/usr/bin/openssl", "s_client", "-connect", "127.0.0.1:" + std::to_string(link_port)});
    return run(options);
  }
};

TEST_F(BadPeer, SpeaksPlainText) {
  for (const char* text : {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "EHLO x\r\n", "\r\n\r\n\r\n\r\n\r\n\r\n"}) {
    Connection stranger("127.0.0.1", link_port);
    stranger.send(text);
    EXPECT_TRUE(stranger.closes());
  }
  EXPECT_TRUE(birl.logs("peer does not speak TLS 1.3")) << birl.log();
}

TEST_F(BadPeer, SpeaksTls12) {
  EXPECT_THAT(s_client({"-tls1_2", "-alpn", "tsmtp/1"}).output, HasSubstr("alert protocol version"));
}

TEST_F(BadPeer, ShowsNoCertificate) {
  (void)s_client({"-tls1_3", "-alpn", "tsmtp/1"});
  EXPECT_TRUE(birl.logs("peer showed no certificate")) << birl.log();
}

TEST_F(BadPeer, NamesNoApplicationProtocol) {
  const std::string identity = tokyo.file("identity.pem");
  (void)s_client({"-tls1_3", "-cert", identity, "-key", identity});
  EXPECT_TRUE(birl.logs("no ALPN tsmtp/1")) << birl.log();
}

TEST_F(BadPeer, ShowsAForeignCertificate) {
  const Hub stranger("tokyo", 0);  // calls itself tokyo, too
  const std::string identity = stranger.file("identity.pem");
  (void)s_client({"-tls1_3", "-alpn", "tsmtp/1", "-cert", identity, "-key", identity});
  EXPECT_TRUE(birl.logs("peer's key is " + stranger.pin() + ", which no site has pinned")) << birl.log();
  EXPECT_EQ(birl.status()["refused_keys"][0]["pin"], stranger.pin());
}

// A whole frame in printf(1)'s notation: four bytes of payload, type Hello, all else 0.
constexpr char kHelloOfSomebodyElse[] =
    "\\000\\004\\001\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000"
    "\\000\\000\\000\\000\\000\\000\\000\\000junk";

TEST_F(BadPeer, HasTheKeyAndSendsGarbage) {
  const std::string identity = tokyo.file("identity.pem");
  for (const char* garbage : {"GET / HTTP/1.1", kHelloOfSomebodyElse}) {
    const Finished peer =
        run({"/bin/sh", "-c",
             "(printf '" + std::string(garbage) +
                 "'; cat) | exec openssl s_client -quiet -tls1_3 -alpn tsmtp/1" + " -cert " + identity +
                 " -key " + identity + " -connect 127.0.0.1:" + std::to_string(link_port)});
    EXPECT_NE(peer.status, -1);  // it was hung up on
  }
  EXPECT_TRUE(birl.logs("peer announced a frame with 18245 bytes of payload")) << birl.log();
  EXPECT_TRUE(birl.logs("peer does not speak the tsmtp link protocol")) << birl.log();
  EXPECT_EQ(tokyo.site_status("birl")["links_up_total"], 1);  // the link that stood did not notice
}

TEST_F(BadPeer, ManyThatSayNothingKeepNobodyOut) {
  std::vector<Connection> silent;
  for (int i = 0; i < 60; ++i)
    silent.emplace_back("127.0.0.1", link_port);
  ASSERT_TRUE(wait_until([&] { return birl.status()["strangers_driven_out"] == 52; }))
      << birl.status().dump();
  EXPECT_EQ(birl.status()["strangers"], 8);  // of one address
  EXPECT_TRUE(silent.front().closes());
  EXPECT_TRUE(birl.logs("many connections are refused"));
  path.cut();
  ASSERT_TRUE(wait_until([&] { return tokyo.site_status("birl")["resumptions"] == 1; })) << tokyo.log();
  EXPECT_TRUE(link_is_up());
}

/// Replaces the certificate beside the key in an identity by one that ended a year ago.
void let_expire(const std::string& path) {
  FILE* file = fopen(path.c_str(), "r+");
  EVP_PKEY* key = PEM_read_PrivateKey(file, nullptr, nullptr, nullptr);
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -2L * 365 * 24 * 3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), -1L * 365 * 24 * 3600);
  X509_set_pubkey(certificate, key);
  X509_sign(certificate, key, nullptr);
  rewind(file);
  PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
  PEM_write_X509(file, certificate);
  EXPECT_EQ(ftruncate(fileno(file), ftell(file)), 0);
  fclose(file);
  X509_free(certificate);
  EVP_PKEY_free(key);
}

class Identities : public TwoHubs {
 protected:
  void SetUp() override { configure(); }
};

TEST_F(Identities, P7_ExpiredCertificateOfThePinnedKeyIsThatSite) {
  let_expire(tokyo.file("identity.pem"));
  EXPECT_THAT(tokyo.relayctl({"fingerprint"}).output, HasSubstr(tokyo.pin()));
  birl.start();
  tokyo.start();
  EXPECT_TRUE(link_is_up()) << tokyo.log() << birl.log();
}

TEST_F(Identities, P7_WrongPinOnTheDiallingSide) {
  std::string text = read_file(tokyo.config());
  text.replace(text.find(birl.pin()), birl.pin().size(), nobodys_pin());
  write_file(tokyo.config(), text);
  birl.start();
  tokyo.start();
  EXPECT_TRUE(tokyo.logs("peer's key is not pinned for this site: " + birl.pin())) << tokyo.log();
  EXPECT_NE(tokyo.site_status("birl")["state"], "up");
}

TEST_F(Identities, P7_WrongPinOnTheListeningSide) {
  std::string text = read_file(birl.config());
  text.replace(text.find(tokyo.pin()), tokyo.pin().size(), nobodys_pin());
  write_file(birl.config(), text);
  birl.start();
  tokyo.start();
  EXPECT_TRUE(birl.logs("peer's key is " + tokyo.pin() + ", which no site has pinned")) << birl.log();
  EXPECT_TRUE(tokyo.logs("peer refused our key")) << tokyo.log();
  EXPECT_NE(birl.site_status("tokyo")["state"], "up");
}

}  // namespace
}  // namespace tsmtp::support
