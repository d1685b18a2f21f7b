// A path that swallows everything, one whose end moves to another address, and a line that stands still for a
// while: mails under way go on. Needs root, for the network namespaces.
#include <csignal>

#include "tests/support/far_apart.h"
#include "tests/support/process.h"
#include "tests/support/wait_until.h"

namespace tsmtp::support {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class BrokenPath : public FarApart {
 protected:
  explicit BrokenPath(const std::string& keys = "peer_timeout = \"2s\"\nconnections = 2\n")
      : FarApart(keys) {}

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
  }
  void move_near_end() {
    ASSERT_EQ(run({"/sbin/ip", "addr", "flush", "dev", "link0"}).status, 0);
    ASSERT_EQ(run({"/sbin/ip", "addr", "add", "10.99.0.7/24", "dev", "link0"}).status, 0);
  }
  [[nodiscard]] int resumptions() const { return tokyo.site_status("birl")["resumptions"]; }

 private:
  std::vector<Connection> clients_;
};

TEST_F(BrokenPath, ThatSwallowsEverythingIsAPause) {
  link.command("cut");
  send_the_rest();
  ASSERT_TRUE(tokyo.logs("no sign of life for 2 s")) << tokyo.log();
  link.command("uncut");
  expect_all_delivered_once();
  EXPECT_GE(resumptions(), 1);
}

TEST_F(BrokenPath, WhoseNearEndMovesToAnotherAddressIsAPause) {
  move_near_end();
  send_the_rest();
  expect_all_delivered_once();
  EXPECT_GE(resumptions(), 1);
  const std::string from = birl.site_status("tokyo")["peer_address"];
  EXPECT_THAT(from, StartsWith("10.99.0.7:"));
}

/// With the usual peer_timeout, 20 s: what happens here happens before.
class StandingStill : public BrokenPath {
 protected:
  StandingStill() : BrokenPath("") {}

  [[nodiscard]] static bool stands_still(const Hub& hub, const std::string& site) {
    return !hub.site_status(site)["stands_still_since"].is_null();
  }
  void TearDown() override {
    EXPECT_THAT(tokyo.log() + birl.log(), Not(HasSubstr("no sign of life")));
    BrokenPath::TearDown();
  }
};

// The old connection can never carry again.
TEST_F(StandingStill, TheSessionMovesToAConnectionBesideIt) {
  move_near_end();
  send_the_rest();
  expect_all_delivered_once();
  EXPECT_EQ(resumptions(), 1);
  EXPECT_THAT(tokyo.log(), HasSubstr("link stands still: "));
  EXPECT_THAT(tokyo.log(), HasSubstr(", after it stood still for "));
  EXPECT_THAT(tokyo.log(), Not(HasSubstr("link interrupted")));
  EXPECT_FALSE(stands_still(tokyo, "birl"));
}

TEST_F(StandingStill, ACutIsAPause) {
  link.command("cut");
  send_the_rest();
  ASSERT_TRUE(wait_until([&] { return stands_still(tokyo, "birl"); })) << tokyo.log();
  EXPECT_EQ(tokyo.site_status("birl")["state"], "up");
  link.command("uncut");
  expect_all_delivered_once();
  EXPECT_TRUE(wait_until([&] { return !stands_still(tokyo, "birl"); })) << tokyo.log();
}

// New connections come to nothing, as nobody shakes hands on them; the far kernel acknowledges on the old
// one.
TEST_F(StandingStill, WhenTheOldConnectionMovesFirstNothingHasChanged) {
  link.command("cut");
  send_the_rest();
  ASSERT_TRUE(wait_until([&] { return stands_still(tokyo, "birl"); })) << tokyo.log();
  birl.process().signal(SIGSTOP);
  link.command("uncut");
  const bool moves = tokyo.logs("link moves again after ");
  birl.process().signal(SIGCONT);
  EXPECT_TRUE(moves) << tokyo.log();
  expect_all_delivered_once();
  EXPECT_EQ(resumptions(), 0);
}

// The dialling side has nothing to say, and so does not notice.
TEST_F(StandingStill, TheSideThatWasDialledWaits) {
  ASSERT_TRUE(birl.wait_for_link("tokyo")) << birl.log();
  Connection client = [&] {
    const Inside far(link.far());
    return Connection("127.0.5.3", kEndpointPort);
  }();
  EXPECT_THAT(client.reply(), StartsWith("220 "));
  EXPECT_THAT(client.command("EHLO mx.birl.example"), StartsWith("250-"));
  EXPECT_THAT(client.command("MAIL FROM:<b@birl.example>"), StartsWith("250 "));
  EXPECT_THAT(client.command("RCPT TO:<a@tokyo.example>\r\nDATA"), StartsWith("250 "));
  EXPECT_THAT(client.reply(), StartsWith("354 "));
  link.command("cut");
  client.send("Subject: the other way\r\n\r\n.\r\n");
  ASSERT_TRUE(wait_until([&] { return stands_still(birl, "tokyo"); })) << birl.log();
  EXPECT_THAT(birl.log(), HasSubstr("waiting until it moves or the peer dials anew"));
  link.command("uncut");
  EXPECT_THAT(client.reply(), StartsWith("250 "));
  EXPECT_TRUE(wait_until([&] { return !stands_still(birl, "tokyo"); })) << birl.log();
  EXPECT_EQ(tokyo_mta->count(), 1U);
  send_the_rest();
  expect_all_delivered_once();
}

}  // namespace
}  // namespace tsmtp::support
