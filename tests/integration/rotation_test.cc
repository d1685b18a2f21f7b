// A hub's key is replaced while links are up and mail goes over them: sites follow by the chain of signed
// steps, also those that were away (P7), and no mail notices (P4).
#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>

#include "tests/support/hostile_peer.h"
#include "tests/support/two_hubs.h"

namespace tsmtp::support {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr int kUsage = 64;

class Rotation : public TwoHubs {
 protected:
  void SetUp() override {}

  void start() {
    configure();
    write_file(birl.config(), read_file(birl.config()) + birl_more);
    birl.start();
    tokyo.start();
    ASSERT_TRUE(link_is_up());
  }
  [[nodiscard]] static std::string pin_of(const Hub& hub) {
    const std::string output = hub.relayctl({"fingerprint"}).output;
    return output.substr(output.find("sha256:"), output.rfind('\n') - output.find("sha256:"));
  }
  static void rotate(const Hub& hub, const std::vector<std::string>& options = {}) {
    std::vector<std::string> arguments{"rotate"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const Finished done = hub.relayctl(arguments);
    ASSERT_EQ(done.status, 0) << done.output;
  }
  /// Whether all sites of `hub` have confirmed its key.
  [[nodiscard]] static bool is_confirmed(const Hub& hub) {
    return wait_until([&] {
      const auto status = hub.status();
      return status.contains("own_key") && status["own_key"]["awaited"].empty();
    });
  }
  [[nodiscard]] static bool knows(const Hub& hub, const std::string& site, const std::string& pin) {
    return wait_until([&] {
      const auto entry = hub.site_status(site);
      return entry.is_object() && entry["key"] == pin;
    });
  }
  void expect_mails_both_ways(const std::string& subject) {
    const std::size_t before = birl_mta.count(), back = tokyo_mta.count();
    Connection there = session();
    EXPECT_THAT(send_mail(there, "Subject: " + subject + "\r\n"), StartsWith("250"));
    Connection here(far_endpoint_address(), endpoint_port);
    EXPECT_THAT(here.reply(), StartsWith("220 "));
    EXPECT_THAT(here.command("EHLO mx.birl.example"), StartsWith("250-"));
    EXPECT_THAT(send_mail(here, "Subject: back\r\n", "b@birl.example", "a@tokyo.example"), StartsWith("250"));
    EXPECT_EQ(birl_mta.count(), before + 1);
    EXPECT_EQ(tokyo_mta.count(), back + 1);
  }

  std::string birl_more;  // sites
};

TEST_F(Rotation, P7_SiteFollowsOverTheLinkWhichStaysUp) {
  start();
  for (Hub* hub : {&tokyo, &birl}) {
    const std::string before = pin_of(*hub);
    const Hub& peer = hub == &tokyo ? birl : tokyo;
    const std::string name = hub == &tokyo ? "tokyo" : "birl";
    const Finished rotated = hub->relayctl({"rotate"});
    ASSERT_EQ(rotated.status, 0) << rotated.output;
    const std::string after = pin_of(*hub);
    EXPECT_NE(after, before);
    EXPECT_THAT(rotated.output, AllOf(HasSubstr("our key is " + after), HasSubstr(before)));
    EXPECT_TRUE(is_confirmed(*hub));
    EXPECT_TRUE(knows(peer, name, after));
    EXPECT_EQ(peer.site_status(name)["earlier_keys"], nlohmann::json::array({before}));
    EXPECT_TRUE(hub->logs("our earlier key " + before + " is retired: all sites have confirmed the new one"));
    EXPECT_EQ(hub->status()["own_key"]["earlier"], nullptr);
    EXPECT_EQ(hub->status()["own_key"]["rotations"], 1);
  }
  EXPECT_EQ(tokyo.site_status("birl")["links_up_total"], 1);
  EXPECT_EQ(birl.site_status("tokyo")["links_up_total"], 1);
  expect_mails_both_ways("over the link of before");
  path.cut();
  EXPECT_TRUE(wait_until([&] { return tokyo.site_status("birl")["resumptions"] == 1; }))
      << "the session goes on under the new keys";
  expect_mails_both_ways("under the new keys");
  EXPECT_EQ(tokyo.site_status("birl")["links_up_total"], 1);
}

TEST_F(Rotation, P11_BothKnowTheirKeysAfterARestart) {
  start();
  rotate(tokyo);
  rotate(birl);
  ASSERT_TRUE(is_confirmed(tokyo) && is_confirmed(birl));
  const std::string tokyo_pin = pin_of(tokyo), birl_pin = pin_of(birl);
  tokyo.kill();
  birl.kill();
  birl.start();
  tokyo.start();
  ASSERT_TRUE(link_is_up());
  EXPECT_EQ(tokyo.status()["fingerprint"], tokyo_pin);
  EXPECT_EQ(birl.status()["fingerprint"], birl_pin);
  EXPECT_TRUE(knows(birl, "tokyo", tokyo_pin) && knows(tokyo, "birl", birl_pin));
  expect_mails_both_ways("after a restart");
}

TEST_F(Rotation, P7_SiteThatWasAwayForTwelveRotationsLearnsItWhenItReturns) {
  start();
  birl.kill();
  for (int i = 0; i < 12; ++i)
    rotate(tokyo);
  EXPECT_EQ(tokyo.status()["own_key"]["awaited"], nlohmann::json::array({"birl"}));
  EXPECT_EQ(tokyo.status()["own_key"]["rotations"], 12);
  birl.start();
  ASSERT_TRUE(link_is_up());
  EXPECT_TRUE(is_confirmed(tokyo));
  EXPECT_TRUE(knows(birl, "tokyo", pin_of(tokyo)));
  EXPECT_EQ(birl.site_status("tokyo")["earlier_keys"].size(), 12U);
  tokyo.kill();  // the dialling side comes back and finds the listener with other keys
  for (int i = 0; i < 12; ++i)
    rotate(birl);
  tokyo.start();
  ASSERT_TRUE(link_is_up());
  EXPECT_TRUE(is_confirmed(birl));
  expect_mails_both_ways("after twelve rotations each");
}

// Whatever moment it is: there is a key then that birl accepts.
TEST_F(Rotation, P11_KilledAtAnyMomentItHasAKeyThatIsAccepted) {
  start();
  for (int round = 0; round < 12; ++round) {
    std::thread asking([&] { (void)tokyo.relayctl({"rotate"}); });
    std::this_thread::sleep_for(std::chrono::microseconds(round * 900));
    tokyo.kill();
    asking.join();
    if (round % 3 == 0) {
      birl.kill();
      birl.start();
    }
    tokyo.start();
    ASSERT_TRUE(link_is_up()) << round;
    EXPECT_TRUE(is_confirmed(tokyo)) << round;
    EXPECT_TRUE(knows(birl, "tokyo", pin_of(tokyo))) << round;
  }
  expect_mails_both_ways("after all that");
}

// The old key in a thief's hands, once the site knows the new one; and a key that was revoked.
TEST_F(Rotation, P7_KeyThatWasReplacedOrRevokedIsWorthNothing) {
  start();
  const std::string old_identity = tokyo.file("identity.pem");
  { const HostilePeer thief(old_identity, link_port, "127.0.0.1"); }
  rotate(tokyo);
  ASSERT_TRUE(is_confirmed(tokyo));
  HostilePeer thief(old_identity, link_port, "127.0.0.1");
  EXPECT_FALSE(thief.begin_session());
  EXPECT_TRUE(birl.logs("peer shows a key that a newer one of its own has replaced"));
  EXPECT_EQ(birl.site_status("tokyo")["state"], "up");
  ASSERT_EQ(birl.relayctl({"revoke", "--yes", "tokyo"}).status, 0);
  EXPECT_EQ(birl.status()["keys_revoked"], 2);
  ASSERT_TRUE(tokyo.wait_for_link_down("birl"));
  rotate(tokyo);
  EXPECT_TRUE(birl.logs("peer's key, or one that it comes from, has been revoked here: " + pin_of(tokyo)));
  EXPECT_NE(birl.site_status("tokyo")["state"], "up");
}

TEST_F(Rotation, P7_CompromisedKeyIsChainedToNothing) {
  start();
  const std::string before = pin_of(tokyo);
  const Finished asked = tokyo.relayctl({"rotate", "--compromised"});
  EXPECT_EQ(asked.status, kUsage);
  EXPECT_THAT(asked.output, AllOf(HasSubstr("EVERY site refuses this hub"), HasSubstr("paired again: birl"),
                                  HasSubstr("relayctl rotate --compromised --yes")));
  EXPECT_EQ(pin_of(tokyo), before);
  const Finished done = tokyo.relayctl({"rotate", "--compromised", "--yes"});
  ASSERT_EQ(done.status, 0) << done.output;
  EXPECT_THAT(done.output, HasSubstr("Every site has to pair again"));
  const std::string after = pin_of(tokyo);
  EXPECT_NE(after, before);
  path.cut();
  EXPECT_TRUE(birl.logs("peer's key is " + after + ", which no site has pinned"));
  EXPECT_NE(tokyo.site_status("birl")["state"], "up");
  ASSERT_EQ(birl.relayctl({"revoke", "--yes", "tokyo"}).status, 0);
  std::string config = read_file(birl.config());
  config.replace(config.find(before), before.size(), after);
  write_file(birl.config(), config);
  ASSERT_EQ(birl.relayctl({"reload"}).status, 0);
  EXPECT_TRUE(link_is_up());
  expect_mails_both_ways("with the new key");
}

// A relayd of before rotation: it reads no chains, and says nothing of rotation in its Hello.
TEST_F(Rotation, OlderPeerIsShownTheEarlierKeyAsLongAsItsGraceLasts) {
  const Hub old("old", 0);
  birl_more = "[[site]]\nname = \"old\"\npin = [\"" + old.pin() + "\"]\naddress = \"" + third_address() +
              "\"\nendpoint = [\"" + third_address() + ":" + std::to_string(free_port()) +
              "\"]\ndomains = [\"old.example\"]\nlocal = [\"birl.example\"]\n";
  start();
  const std::string before = pin_of(birl);
  HostilePeer peer(old.file("identity.pem"), link_port, "127.0.0.1");
  EXPECT_EQ(peer.shown_pin(), before);
  ASSERT_TRUE(peer.begin_session());
  ASSERT_TRUE(wait_until([&] { return birl.site_status("old")["state"] == "up"; }));
  EXPECT_EQ(birl.relayctl({"rotate", "--grace", "0s"}).status, kUsage) << "it would lose its link";
  const Finished rotated = birl.relayctl({"rotate"});
  ASSERT_EQ(rotated.status, 0) << rotated.output;
  EXPECT_THAT(rotated.output,
              HasSubstr("old: its relayd knows nothing of rotation: it is shown the earlier"));
  EXPECT_TRUE(knows(tokyo, "birl", pin_of(birl)));
  EXPECT_EQ(birl.site_status("old")["own_key"], "left behind");
  EXPECT_EQ(HostilePeer(old.file("identity.pem"), link_port, "127.0.0.1").shown_pin(), before);
  birl.kill();  // and it does not forget that
  birl.start();
  EXPECT_EQ(HostilePeer(old.file("identity.pem"), link_port, "127.0.0.1").shown_pin(), before);
  path.cut();
  ASSERT_TRUE(link_is_up());
  // The last that there is would be left behind.
  rotate(birl, {"--grace", "0s", "--yes"});
  EXPECT_EQ(HostilePeer(old.file("identity.pem"), link_port, "127.0.0.1").shown_pin(), pin_of(birl));
}

TEST_F(Rotation, EarlierKeyIsRetiredWhenItsGraceIsOver) {
  start();
  birl.kill();
  rotate(tokyo, {"--grace", "1s"});
  EXPECT_TRUE(tokyo.logs("is retired: its time is over"));
  birl.start();
  ASSERT_TRUE(link_is_up()) << "the chain leads there all the same";
  EXPECT_TRUE(is_confirmed(tokyo));
}

TEST_F(Rotation, OfThreeHubsTheOneThatIsAwayIsWaitedFor) {
  Hub osaka("osaka", 0);
  birl_more = "[[site]]\nname = \"osaka\"\npin = [\"" + osaka.pin() + "\"]\naddress = \"" + third_address() +
              "\"\nendpoint = [\"" + third_address() + ":" + std::to_string(free_port()) +
              "\"]\ndeliver = \"127.0.0.1:" + std::to_string(birl_mta_port) +
              "\"\ndomains = [\"osaka.example\"]\nlocal = [\"birl.example\"]\n";
  start();
  osaka.configure({{.name = "birl",
                    .pin = birl.pin(),
                    .dial = {"127.0.0.1:" + std::to_string(link_port)},
                    .address = third_address(),
                    .port = free_port(),
                    .deliver = tokyo_mta_port,
                    .more = {}}});
  osaka.start();
  ASSERT_TRUE(osaka.wait_for_link("birl"));
  osaka.kill();
  rotate(birl);
  EXPECT_TRUE(knows(tokyo, "birl", pin_of(birl)));
  EXPECT_TRUE(wait_until([&] { return birl.site_status("tokyo")["own_key"] == "confirmed"; }));
  EXPECT_EQ(birl.status()["own_key"]["awaited"], nlohmann::json::array({"osaka"}));
  EXPECT_TRUE(birl.status()["own_key"]["earlier"].is_string());
  osaka.start();
  EXPECT_TRUE(osaka.wait_for_link("birl"));
  EXPECT_TRUE(is_confirmed(birl));
  EXPECT_TRUE(wait_until([&] { return birl.status()["own_key"]["earlier"] == nullptr; }));
  osaka.process().signal(SIGTERM);
  EXPECT_EQ(osaka.process().wait(), 0);
}

// The new pin may be written into relayd.toml, and interrupts nothing.
TEST_F(Rotation, NewPinInTheConfigurationChangesNothing) {
  start();
  const std::string before = pin_of(tokyo);
  rotate(tokyo);
  ASSERT_TRUE(is_confirmed(tokyo));
  std::string config = read_file(birl.config());
  config.replace(config.find(before), before.size(), pin_of(tokyo));
  write_file(birl.config(), config);
  ASSERT_EQ(birl.relayctl({"reload"}).status, 0);
  expect_mails_both_ways("after the reload");
  EXPECT_EQ(birl.site_status("tokyo")["links_up_total"], 1);
  rotate(tokyo);
  EXPECT_TRUE(is_confirmed(tokyo));
  birl.kill();
  birl.start();
  EXPECT_TRUE(link_is_up());
}

// The mail is in doubt at the old key, and asked about under the new ones.
TEST_F(Rotation, P4_MailInDoubtIsRecognisedAfterARotation) {
  start();
  std::atomic<bool> asked = false, may_answer = false;
  birl_mta.set_script([&](const std::string& command) -> std::string {
    if (command != ".") return "";
    asked = true;
    (void)wait_until([&] { return may_answer.load(); });
    return "";
  });
  const std::string content = "Subject: in doubt\r\n";
  {
    Connection client = session();
    begin_mail(client, content);
    client.send(".\r\n");
    ASSERT_TRUE(wait_until([&] { return asked.load(); }));
    client.reset();
  }
  ASSERT_TRUE(wait_until([&] { return tokyo.site_status("birl")["in_doubt"] == 1; }));
  rotate(tokyo);
  rotate(birl);
  ASSERT_TRUE(is_confirmed(tokyo) && is_confirmed(birl));
  may_answer = true;
  ASSERT_TRUE(wait_until([&] { return birl_mta.count() == 1; }));
  tokyo.kill();
  tokyo.start();
  ASSERT_TRUE(link_is_up());
  Connection again = session();
  EXPECT_THAT(send_mail(again, content), StartsWith("250"));
  EXPECT_EQ(birl_mta.count(), 1U) << "nothing twice";
}

TEST_F(Rotation, P4_HundredRotationsUnderLoadAreNotNoticed) {
  start();
  std::atomic<bool> is_over = false;
  std::atomic<std::size_t> accepted = 0;
  std::vector<std::string> refusals(4);
  std::vector<std::thread> clients;
  for (std::string& refusal : refusals)
    clients.emplace_back([&] {
      Connection client(endpoint_address(), endpoint_port);
      (void)client.reply();
      (void)client.command("EHLO mx.tokyo.example");
      while (!is_over) {
        const std::string reply = send_mail(client, "Subject: " + std::to_string(accepted) + "\r\n");
        if (!reply.starts_with("250")) {
          refusal = reply;
          return;
        }
        ++accepted;
      }
    });
  for (int i = 0; i < 50; ++i) {
    rotate(tokyo);
    rotate(birl);
    if (i % 10 == 5) path.cut();
  }
  EXPECT_TRUE(is_confirmed(tokyo) && is_confirmed(birl));
  is_over = true;
  for (std::thread& client : clients)
    client.join();
  for (const std::string& refusal : refusals)
    EXPECT_EQ(refusal, "");
  EXPECT_GT(accepted, 100U);
  EXPECT_EQ(birl_mta.count(), accepted);
  EXPECT_EQ(tokyo.site_status("birl")["links_up_total"], 1);
  EXPECT_EQ(tokyo.status()["own_key"]["rotations"], 50);
  tokyo.kill();
  birl.kill();
  birl.start();
  tokyo.start();
  EXPECT_TRUE(link_is_up());
}

// The oldest step goes when there are too many; a site that stands there would have to pair again.
TEST_F(Rotation, SiteIsNotCutOffUnasked) {
  start();
  birl.kill();
  for (int i = 0; i < 32; ++i)
    rotate(tokyo);
  const Finished refused = tokyo.relayctl({"rotate"});
  EXPECT_EQ(refused.status, kUsage);
  EXPECT_THAT(refused.output, AllOf(HasSubstr("would drop off the chain"), HasSubstr("birl")));
  birl.start();
  ASSERT_TRUE(link_is_up()) << "32 steps at once";
  EXPECT_TRUE(is_confirmed(tokyo));
  rotate(tokyo);
  EXPECT_TRUE(is_confirmed(tokyo));
}

// From a peer with a good key, on a link of its own.
TEST_F(Rotation, P7_AnnouncementThatIsNoneChangesNothing) {
  start();
  tokyo.kill();
  HostilePeer peer(tokyo.file("identity.pem"), link_port, "127.0.0.1");
  ASSERT_TRUE(peer.begin_session());
  const std::string zeros(8, '\0');
  for (const std::string& notice : {std::string("\2"), "\2\1\1" + zeros, "\2" + std::string(9000, 'x'),
                                    std::string("\3"), "\3" + std::string(32, 'p'), std::string("\4what?")})
    ASSERT_TRUE(peer.send(peer.frame(FrameType::kNotice, 0, notice)));
  EXPECT_TRUE(birl.logs("its chain of keys ends before it begins"));
  EXPECT_TRUE(birl.logs("its chain of keys has 9000 bytes, at most 8192 are read"));
  EXPECT_TRUE(birl.logs("peer says that it has a key of ours, in 0 bytes"));
  EXPECT_EQ(birl.site_status("tokyo")["state"], "up");
  EXPECT_EQ(birl.site_status("tokyo")["key"], tokyo.pin());
}

}  // namespace
}  // namespace tsmtp::support
