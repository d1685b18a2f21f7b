// A path that swallows everything, and one whose end moves to another address: mails under way go on. Needs
// root, for the network namespaces.
#include "tests/support/far_apart.h"
#include "tests/support/process.h"
#include "tests/support/wait_until.h"

namespace tsmtp::support {
namespace {

using ::testing::StartsWith;

class BrokenPath : public FarApart {
 protected:
  BrokenPath() : FarApart("peer_timeout = \"2s\"\nconnections = 2\n") {}

  /// Mails that have come to half of their content, and their second halves.
  void SetUp() override {
    FarApart::SetUp();
    for (int i = 0; i < 4; ++i) {
      clients_.push_back(session());
      Connection& client = clients_.back();
      EXPECT_THAT(client.command("MAIL FROM:<a@tokyo.example>"), StartsWith("250 "));
      EXPECT_THAT(client.command("RCPT TO:<b@birl.example>\r\nDATA"), StartsWith("250 "));
      EXPECT_THAT(client.reply(), StartsWith("354 "));
      client.send(std::string(10'000, 'x') + "\r\n");
    }
  }
  void send_the_rest() {
    for (Connection& client : clients_)
      client.send(std::string(10'000, 'y') + "\r\n.\r\n");
  }
  void expect_all_delivered_once() {
    for (Connection& client : clients_)
      EXPECT_THAT(client.reply(), StartsWith("250 ")) << tokyo.log() << birl.log();
    EXPECT_EQ(birl_mta->count(), clients_.size());
    for (const Delivered& mail : birl_mta->delivered())
      EXPECT_EQ(mail.content.size(), 20'004U);
    EXPECT_EQ(tokyo.site_status("birl")["links_up_total"], 1);
    EXPECT_GE(tokyo.site_status("birl")["resumptions"], 1);
  }

 private:
  std::vector<Connection> clients_;
};

TEST_F(BrokenPath, ThatSwallowsEverythingIsAPause) {
  link.command("cut");
  send_the_rest();
  ASSERT_TRUE(tokyo.logs("no sign of life for 2 s")) << tokyo.log();
  link.command("uncut");
  expect_all_delivered_once();
}

TEST_F(BrokenPath, WhoseNearEndMovesToAnotherAddressIsAPause) {
  ASSERT_EQ(run({"/sbin/ip", "addr", "flush", "dev", "link0"}).status, 0);
  ASSERT_EQ(run({"/sbin/ip", "addr", "add", "10.99.0.7/24", "dev", "link0"}).status, 0);
  send_the_rest();
  expect_all_delivered_once();
  const std::string from = birl.site_status("tokyo")["peer_address"];
  EXPECT_THAT(from, StartsWith("10.99.0.7:"));
}

}  // namespace
}  // namespace tsmtp::support
