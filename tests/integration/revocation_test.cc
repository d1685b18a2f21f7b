// P7: a key that is revoked is dead within a second, on every connection and for good; P4 holds all the same.
#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "tests/support/two_hubs.h"

namespace tsmtp::support {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr int kUsage = 64, kDataError = 65, kUnavailable = 69;

class Revocation : public TwoHubs {
 protected:
  /// A site of tokyo's that nobody is, so that birl is not the last.
  [[nodiscard]] static std::string another_site(const std::string& pin = nobodys_pin(),
                                                const std::string& name = "osaka") {
    return "[[site]]\nname = \"" + name + "\"\npin = [\"" + pin +
           "\"]\ndial = [\"127.0.0.1:9\"]\naddress = \"" + third_address() + "\"\nendpoint = [\"" +
           third_address() + ":" + std::to_string(free_port()) + "\"]\ndomains = [\"" + name +
           ".example\"]\nlocal = [\"tokyo.example\"]\n";
  }
  void start_with_another_site() { start(another_site()); }
  [[nodiscard]] std::string greeting() const { return Connection(endpoint_address(), endpoint_port).reply(); }

  void SetUp() override {}
};

TEST_F(Revocation, P7_LinkAndMailsUnderWayAreGoneAtOnceWithTheReason) {
  start_with_another_site();
  Connection client = session();
  begin_mail(client, "Subject: half a mail\r\n");
  ASSERT_TRUE(wait_until([&] { return birl.site_status("tokyo")["open_transactions"] == 1; }));
  const Finished revoked = tokyo.relayctl({"revoke", "birl"});
  EXPECT_EQ(revoked.status, 0) << revoked.output;
  EXPECT_THAT(revoked.output, AllOf(HasSubstr("birl: revoked, for good"), HasSubstr(birl.pin())));
  EXPECT_THAT(client.command("."), AllOf(StartsWith("4"), HasSubstr("its key is revoked since ")));
  EXPECT_THAT(greeting(), AllOf(StartsWith("421 4.7.1 birl: key revoked since "),
                                HasSubstr("pair again with a new key, or remove the site")));
  EXPECT_TRUE(birl.wait_for_link_down("tokyo"));
  const auto status = tokyo.site_status("birl");
  EXPECT_EQ(status["state"], "down");
  EXPECT_TRUE(status["revoked"].is_string());
  EXPECT_EQ(tokyo.status()["keys_revoked"], 1);
  EXPECT_THAT(birl.site_status("tokyo")["cause"].get<std::string>(),
              HasSubstr("your key has been revoked here"));
  EXPECT_TRUE(birl.logs("your key has been revoked here, for good: pair again with a new one"));
  EXPECT_EQ(birl_mta.count(), 0U);
}

// Its end of content is with the far MTA: nobody here can know how it ends.
TEST_F(Revocation, P4_MailInDoubtStaysInDoubt) {
  start_with_another_site();
  std::atomic<bool> asked = false, may_answer = false;
  birl_mta.set_script([&](const std::string& command) -> std::string {
    if (command != ".") return "";
    asked = true;
    (void)wait_until([&] { return may_answer.load(); });
    return "";
  });
  Connection client = session();
  begin_mail(client, "Subject: in doubt\r\n");
  client.send(".\r\n");
  ASSERT_TRUE(wait_until([&] { return asked.load(); }));
  ASSERT_EQ(tokyo.relayctl({"revoke", "birl"}).status, 0);
  EXPECT_THAT(client.reply(), AllOf(StartsWith("4"), HasSubstr("revoked")));
  may_answer = true;
  EXPECT_TRUE(wait_until([&] { return birl_mta.count() == 1; }));
  EXPECT_EQ(tokyo.site_status("birl")["in_doubt"], 1);
}

TEST_F(Revocation, P7_SurvivesRestartsReloadsAndBackupsOfTheConfiguration) {
  start_with_another_site();
  const std::string backup = read_file(tokyo.config());
  ASSERT_EQ(tokyo.relayctl({"revoke", "birl"}).status, 0);
  tokyo.kill();  // it is on the disk before the command answers
  tokyo.start();
  EXPECT_TRUE(tokyo.site_status("birl")["revoked"].is_string());
  write_file(tokyo.config(), backup);
  ASSERT_EQ(tokyo.relayctl({"reload"}).status, 0);
  EXPECT_THAT(greeting(), StartsWith("421 4.7.1 birl: key revoked since "));
  const Finished again = tokyo.relayctl({"revoke", "birl"});
  EXPECT_EQ(again.status, 0);
  EXPECT_THAT(again.output, HasSubstr("already"));
  const Finished checked = run({TSMTP_RELAYD, "--config", tokyo.config(), "--check"});
  EXPECT_EQ(checked.status, 0);
  EXPECT_THAT(checked.output, HasSubstr("site birl: pin " + birl.pin() + " is revoked since "));
}

// The revoked hub dials: it is told in the handshake, each time.
TEST_F(Revocation, P7_HubThatDialsIsToldWhy) {
  start();
  ASSERT_EQ(birl.relayctl({"revoke", "--yes", "tokyo"}).status, 0);
  EXPECT_TRUE(wait_until([&] {
    const auto cause = tokyo.site_status("birl")["cause"];
    return cause.is_string() &&
           cause.get<std::string>().find("peer has revoked our key for good") != std::string::npos;
  })) << tokyo.log();
  EXPECT_THAT(greeting(), StartsWith("421 4.4.1 birl: link down since "));
  EXPECT_EQ(birl.site_status("tokyo")["state"], "down");
}

TEST_F(Revocation, P7_SameKeyUnderAnotherNameIsRefusedToo) {
  start_with_another_site();
  ASSERT_EQ(tokyo.relayctl({"revoke", "birl"}).status, 0);
  tokyo.configure({{.name = "bonn",
                    .pin = birl.pin(),
                    .dial = {"127.0.0.1:" + std::to_string(proxy_port)},
                    .address = endpoint_address(),
                    .port = endpoint_port,
                    .deliver = tokyo_mta_port,
                    .more = another_site()}});
  ASSERT_EQ(tokyo.relayctl({"reload"}).status, 0);
  EXPECT_THAT(greeting(), StartsWith("421 4.7.1 bonn: key revoked since "));
}

TEST_F(Revocation, NobodyIsLockedOutUnasked) {
  start();
  const Finished last = tokyo.relayctl({"revoke", "birl"});
  EXPECT_EQ(last.status, kUsage);
  EXPECT_THAT(last.output, AllOf(HasSubstr("no site is left then"), HasSubstr("relayctl revoke --yes birl")));
  const Finished own = tokyo.relayctl({"revoke", "--yes", tokyo.pin()});
  EXPECT_EQ(own.status, kDataError);
  EXPECT_THAT(own.output, HasSubstr("this hub's own key"));
  EXPECT_EQ(tokyo.relayctl({"revoke", "--yes", "nobody"}).status, kDataError);
  EXPECT_EQ(tokyo.site_status("birl")["state"], "up");
  EXPECT_EQ(tokyo.site_status("birl")["links_up_total"], 1);
  EXPECT_EQ(tokyo.status()["keys_revoked"], 0);
}

TEST_F(Revocation, KeyWhoseSiteIsGoneIsRevokedByItsPin) {
  start();
  const Finished revoked = tokyo.relayctl({"revoke", nobodys_pin()});
  ASSERT_EQ(revoked.status, 0);
  EXPECT_THAT(revoked.output, HasSubstr("revoked, for good; no site is without a key by that"));
  EXPECT_EQ(tokyo.status()["keys_revoked"], 1);
  EXPECT_EQ(tokyo.site_status("birl")["state"], "up");
}

// Rather not at all than with keys that were revoked.
TEST_F(Revocation, DamagedBookKeepsRelaydFromStarting) {
  start_with_another_site();
  ASSERT_EQ(tokyo.relayctl({"revoke", "birl"}).status, 0);
  tokyo.kill();
  const std::string book = read_file(tokyo.file("state/keys.book"));
  write_file(tokyo.file("state/keys.book"), book.substr(0, book.size() - 5));
  tokyo.launch();
  EXPECT_EQ(tokyo.process().wait(), kUnavailable);
  EXPECT_TRUE(tokyo.logs("is no line of a book of keys"));
  write_file(tokyo.file("state/keys.book"), book);
  tokyo.start();
  EXPECT_TRUE(tokyo.site_status("birl")["revoked"].is_string());
}

TEST_F(Revocation, RemovedFileOfASiteWithReloadClosesItsLinkAtOnce) {
  configure();
  const std::string text = read_file(tokyo.config());
  const std::size_t site = text.find("[[site]]");
  std::filesystem::create_directory(tokyo.file("sites.d"));
  write_file(tokyo.file("sites.d/birl.toml"), text.substr(site));
  write_file(tokyo.config(), text.substr(0, site));
  birl.start();
  tokyo.start();
  ASSERT_TRUE(link_is_up());
  Connection client = session();
  begin_mail(client, "Subject: half a mail\r\n");
  std::filesystem::remove(tokyo.file("sites.d/birl.toml"));
  ASSERT_EQ(tokyo.relayctl({"reload"}).status, 0);
  EXPECT_THAT(client.command("."), StartsWith("4"));
  EXPECT_TRUE(birl.wait_for_link_down("tokyo"));
  EXPECT_EQ(birl_mta.count(), 0U);
}

// Many at once, both ways, and some that stop in the middle of the content.
TEST_F(Revocation, P4_P7_UnderLoadTheKeyIsDeadWithinASecondAndNoMailIsLostOrDoubled) {
  start_with_another_site();
  std::vector<std::unique_ptr<Connection>> half;
  for (int i = 0; i < 8; ++i) {
    half.push_back(std::make_unique<Connection>(session()));
    begin_mail(*half.back(), "Subject: half a mail\r\n" + std::string(100'000, 'x') + "\r\n");
  }
  std::atomic<bool> is_revoked = false, ending = false;
  std::atomic<int> told = 0;
  std::mutex mutex;
  std::set<std::string> taken;  // by the subject
  std::vector<std::string> late;
  const auto keep_sending = [&](const std::string& endpoint, const std::string& from, const std::string& to,
                                int number) {
    for (int mail = 0; !ending; ++mail) {
      const std::string subject = from + std::to_string(number) + "-" + std::to_string(mail);
      const bool is_late = is_revoked;
      std::string reply;
      try {
        Connection client(endpoint, endpoint_port);
        reply = client.reply();
        if (reply.starts_with("220")) {
          (void)client.command("EHLO mx.example");
          reply = send_mail(client, "Subject: " + subject + "\r\n\r\ntext\r\n", from, to);
        }
      } catch (const std::exception&) {
        continue;
      }
      const std::lock_guard lock(mutex);
      if (reply.starts_with("250")) taken.insert(subject);
      if (reply.starts_with("250") && is_late) late.push_back(subject);
      if (!reply.starts_with("250") && is_late) ++told;
    }
  };
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back(keep_sending, endpoint_address(), "a@tokyo.example", "b@birl.example", i);
    clients.emplace_back(keep_sending, far_endpoint_address(), "b@birl.example", "a@tokyo.example", i);
  }
  ASSERT_TRUE(wait_until([&] { return birl_mta.count() > 50 && tokyo_mta.count() > 50; }));
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(tokyo.relayctl({"revoke", "birl"}).status, 0);
  is_revoked = true;
  for (const auto& client : half)
    EXPECT_THAT(client->command("."), AllOf(StartsWith("4"), HasSubstr("its key is revoked since ")));
  EXPECT_TRUE(wait_until([&] { return tokyo.site_status("birl")["open_transactions"] == 0; }));
  EXPECT_TRUE(birl.wait_for_link_down("tokyo"));
  // A second, on a machine that is four times slower and has as much else to do.
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(TSMTP_SANITIZED ? 16 : 4));
  EXPECT_TRUE(wait_until([&] { return told > 40; }));
  ending = true;
  for (std::thread& client : clients)
    client.join();
  EXPECT_THAT(late, ::testing::IsEmpty());
  std::map<std::string, int> delivered;
  for (const FakeMta* mta : {&tokyo_mta, &birl_mta})
    for (const Delivered& mail : mta->delivered())
      ++delivered[mail.content.substr(9, mail.content.find("\r\n") - 9)];
  for (const std::string& subject : taken)
    EXPECT_EQ(delivered[subject], 1) << subject;
  for (const auto& [subject, count] : delivered)
    EXPECT_EQ(count, 1) << subject;  // also those that nobody was told of
  EXPECT_EQ(delivered.count("half a mail"), 0U);
}

// The session that waits for its connection is the key's too.
TEST_F(Revocation, P7_InterruptedLinkIsNotResumed) {
  start("resume_window = \"3s\"\n" + another_site());
  Connection client = session();
  begin_mail(client, "Subject: half a mail\r\n");
  path.leading_nowhere = true;
  path.cut();
  ASSERT_TRUE(tokyo.wait_for_link_down("birl"));
  ASSERT_EQ(birl.relayctl({"revoke", "--yes", "tokyo"}).status, 0);
  path.leading_nowhere = false;
  path.cut();
  EXPECT_THAT(client.command("."), StartsWith("4"));
  EXPECT_TRUE(wait_until([&] {
    const auto cause = tokyo.site_status("birl")["cause"];
    return cause.is_string() &&
           cause.get<std::string>().find("peer has revoked our key for good") != std::string::npos;
  })) << tokyo.log();
  EXPECT_EQ(birl.site_status("tokyo")["state"], "down");
  EXPECT_EQ(birl_mta.count(), 0U);
}

// A removed file that comes back from a backup, after the key was revoked by its pin.
TEST_F(Revocation, P7_KeyRevokedWhileItsSiteIsGoneStaysSoWhenTheSiteComesBack) {
  start_with_another_site();
  const std::string backup = read_file(tokyo.config());
  std::string without = backup;
  const std::size_t site = without.find("[[site]]");
  without.erase(site, without.find("[[site]]", site + 1) - site);
  write_file(tokyo.config(), without);
  ASSERT_EQ(tokyo.relayctl({"reload"}).status, 0);
  ASSERT_EQ(tokyo.relayctl({"revoke", birl.pin()}).status, 0);
  write_file(tokyo.config(), backup);
  ASSERT_EQ(tokyo.relayctl({"reload"}).status, 0);
  EXPECT_THAT(greeting(), StartsWith("421 4.7.1 birl: key revoked since "));
  EXPECT_EQ(tokyo.site_status("birl")["state"], "down");
}

}  // namespace
}  // namespace tsmtp::support
