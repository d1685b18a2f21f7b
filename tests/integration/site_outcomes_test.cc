// P4 with two hubs at the far site that share their outcomes in etcd: whichever of them is killed, at
// whatever moment, and whatever becomes of etcd, a mail is taken once. tokyo's mail for birl goes to birl1,
// and to birl2 when that is gone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>

#include "tests/support/audit_record_of.h"
#include "tests/support/connection.h"
#include "tests/support/etcd_cluster.h"
#include "tests/support/fake_mta.h"
#include "tests/support/hub.h"
#include "tests/support/tcp_proxy.h"
#include "tests/support/wait_until.h"

namespace tsmtp::support {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kMail[] = "Subject: only once\r\n\r\ntext\r\n";

class P4_SiteOutcomes : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!EtcdCluster::is_installed()) GTEST_SKIP() << "no etcd here";
  }
  void TearDown() override { final_released = true; }

  void start(const std::string& ledger_keys = "", std::size_t members = 1) {
    EtcdCluster::Options options;
    options.members = members;
    etcd = std::make_unique<EtcdCluster>(options);
    std::string endpoints;
    for (const std::string& url : etcd->urls())
      endpoints += (endpoints.empty() ? "\"" : ", \"") + url + '"';
    const std::string ledger =
        "[ledger]\nengine = \"etcd\"\nendpoints = [" + endpoints + "]\ntimeout = \"2s\"\n" + ledger_keys;
    tokyo.configure({}, "[[site]]\nname = \"birl\"\naddress = \"127.0.5.2\"\nendpoint = [\"127.0.5.2:" +
                            std::to_string(endpoint_port) +
                            "\"]\ndeliver = \"127.0.0.1:" + std::to_string(tokyo_mta_port) +
                            "\"\ndomains = [\"birl.example\"]\nlocal = [\"tokyo.example\"]\n"
                            "resume_window = \"0s\"\ndial_interval = \"1s\"\n" +
                            far_hub("birl1", birl1, proxy_port) + far_hub("birl2", birl2, birl2_port));
    birl1.configure({far_site(birl1_mta_port)}, ledger);
    birl2.configure({far_site(birl2_mta_port)}, ledger);
    for (const Hub* hub : {&birl1, &birl2})
      keep_audit_record(*hub);
    for (Hub* hub : {&birl1, &birl2}) {
      hub->start();
      ASSERT_TRUE(has_found_etcd(*hub)) << hub->log();
    }
    tokyo.start();
    ASSERT_TRUE(wait_until([&] { return has_both_links(); })) << tokyo.log();
  }
  /// So that the first mail goes to birl1.
  [[nodiscard]] bool has_both_links() const {
    const auto site = tokyo.site_status("birl");
    if (!site.is_object() || !site["hubs"].is_array() || site["hubs"].size() != 2) return false;
    return std::all_of(site["hubs"].begin(), site["hubs"].end(), [](const auto& hub) {
      return hub["state"] == "up" && hub["far_mta"].is_string() &&
             hub["far_mta"].template get<std::string>().starts_with("reachable");
    });
  }
  [[nodiscard]] static std::string far_hub(const std::string& name, const Hub& hub, std::uint16_t port) {
    return "[[site.hub]]\nname = \"" + name + "\"\npin = [\"" + hub.pin() +
           "\"]\ndial = [\"127.0.0.1:" + std::to_string(port) + "\"]\n";
  }
  [[nodiscard]] SiteEntry far_site(std::uint16_t mta) const {
    return {.name = "tokyo",
            .pin = tokyo.pin(),
            .dial = {},
            .address = "127.0.5.3",
            .port = free_port(),
            .deliver = mta,
            .more = {},
            .local = "birl"};
  }
  /// It answers, and the other hub is seen.
  [[nodiscard]] static bool has_found_etcd(const Hub& hub) {
    return wait_until([&] {
      const auto status = hub.status();
      return status.contains("site_ledger") && status["site_ledger"].is_object() &&
             status["site_ledger"]["trouble"].is_null();
    });
  }
  [[nodiscard]] static std::uint64_t count(const Hub& hub, const char* what) {
    return hub.status()["site_ledger"].value(what, std::uint64_t{0});
  }

  [[nodiscard]] Connection session() const {
    Connection client("127.0.5.2", endpoint_port);
    EXPECT_THAT(client.reply(), StartsWith("220 "));
    EXPECT_THAT(client.command("EHLO mx.tokyo.example"), StartsWith("250"));
    return client;
  }
  static std::string send(Connection& client) {
    for (const char* command : {"MAIL FROM:<a@tokyo.example>", "RCPT TO:<b@birl.example>", "DATA"}) {
      const std::string reply = client.command(command);
      if (!reply.starts_with("2") && !reply.starts_with("3")) return reply;
    }
    client.send(kMail);
    return client.command(".");
  }
  /// One try, as an MTA makes it.
  [[nodiscard]] std::string try_once() const {
    try {
      Connection client("127.0.5.2", endpoint_port);
      const std::string greeting = client.reply();
      if (!greeting.starts_with("220")) return greeting;
      (void)client.command("EHLO mx.tokyo.example");
      std::string reply = send(client);
      if (reply.starts_with("2")) (void)client.command("QUIT");
      return reply;
    } catch (const std::exception& lost) {
      return lost.what();
    }
  }
  /// Tries until the reply contains that.
  [[nodiscard]] std::string try_until(const std::string& wanted) const {
    std::string reply;
    (void)wait_until(
        [&] {
          reply = try_once();
          return reply.find(wanted) != std::string::npos;
        },
        std::chrono::seconds(60));
    return reply;
  }

  /// birl1's MTA takes the first mail, and holds its reply back.
  void hold_final_reply() {
    birl1_mta.set_script([this](const std::string& command) -> std::string {
      if (command != "." || final_asked.exchange(true)) return "";
      (void)wait_until([this] { return final_released.load(); });
      return "250 2.0.0 first try\r\n";
    });
  }
  [[nodiscard]] Connection session_with_a_mail_taken() {
    hold_final_reply();
    Connection client = session();
    (void)client.command("MAIL FROM:<a@tokyo.example>");
    (void)client.command("RCPT TO:<b@birl.example>");
    (void)client.command("DATA");
    client.send(kMail);
    client.send(".\r\n");
    EXPECT_TRUE(wait_until([&] { return final_asked.load(); }));
    return client;
  }
  /// relayd and its witness.
  static void kill_with_witness(Hub& hub) {
    std::error_code error;
    std::vector<pid_t> witnesses;
    for (const auto& process : std::filesystem::directory_iterator("/proc")) {
      if (read_file(process.path() / "comm") != "tsmtp-witness\n") continue;
      for (const auto& entry : std::filesystem::directory_iterator(process.path() / "fd", error))
        if (std::filesystem::read_symlink(entry, error).string().starts_with(hub.file("state/commits.")))
          witnesses.push_back(std::stoi(process.path().filename().string()));
    }
    for (const pid_t witness : witnesses)
      ::kill(witness, SIGKILL);
    hub.kill();
  }

  std::uint16_t birl1_port = free_port(), birl2_port = free_port(), proxy_port = free_port();
  std::uint16_t endpoint_port = free_port();
  std::uint16_t tokyo_mta_port = free_port(), birl1_mta_port = free_port(), birl2_mta_port = free_port();
  FakeMta birl1_mta{birl1_mta_port}, birl2_mta{birl2_mta_port};
  std::unique_ptr<EtcdCluster> etcd;
  std::unique_ptr<TcpProxy> path = std::make_unique<TcpProxy>(proxy_port, birl1_port);
  Hub tokyo{"tokyo", 0};
  Hub birl1{"birl1", birl1_port}, birl2{"birl2", birl2_port};
  std::atomic<bool> final_asked{false};
  std::atomic<bool> final_released{false};
};

TEST_F(P4_SiteOutcomes, AMailIsClaimedAndForgotten) {
  start();
  EXPECT_THAT(try_once(), StartsWith("250 "));
  EXPECT_EQ(birl1_mta.count(), 1U);
  EXPECT_TRUE(wait_until([&] {
    return etcd->ctl({"get", "--prefix", "/tsmtp/transactions/", "--keys-only"}).output.find("tokyo") ==
           std::string::npos;
  })) << "what is settled is gone";
  EXPECT_THAT(etcd->ctl({"get", "--prefix", "/tsmtp/hubs/", "--keys-only"}).output,
              ::testing::AllOf(HasSubstr("/tsmtp/hubs/birl1"), HasSubstr("/tsmtp/hubs/birl2")));
}

// The link to birl1 is lost with the mail at its MTA: birl2 says how it ended.
TEST_F(P4_SiteOutcomes, AnotherHubKnowsTheOutcome) {
  start();
  Connection client = session_with_a_mail_taken();
  path.reset();
  EXPECT_THAT(client.reply(), StartsWith("451 4.4.2 birl: "));
  ASSERT_TRUE(tokyo.wait_for_link("birl"));
  EXPECT_THAT(try_once(), HasSubstr("hub birl1 took it at "));
  final_released = true;
  EXPECT_THAT(try_until("250 "), StartsWith("250 2.0.0 first try"));
  EXPECT_EQ(birl1_mta.count(), 1U);
  EXPECT_EQ(birl2_mta.count(), 0U);
}

TEST_F(P4_SiteOutcomes, AHubThatWasKilledSettlesWhenItIsBack) {
  start();
  Connection client = session_with_a_mail_taken();
  birl1.kill();
  EXPECT_THAT(client.reply(), StartsWith("451 4.4.2 birl: "));
  ASSERT_TRUE(tokyo.wait_for_link("birl"));
  EXPECT_THAT(try_until("hub birl1 took it at "), HasSubstr(" and has not said how it ended"));
  final_released = true;  // birl1's witness hears it
  EXPECT_EQ(birl2_mta.count(), 0U);
  birl1.start();
  EXPECT_THAT(try_until("250 "), StartsWith("250 2.0.0 first try"));
  EXPECT_EQ(birl1_mta.count(), 1U);
  EXPECT_EQ(birl2_mta.count(), 0U);
}

TEST_F(P4_SiteOutcomes, WhatItsHubCannotTellAnAdministratorDecides) {
  start();
  Connection client = session_with_a_mail_taken();
  kill_with_witness(birl1);
  EXPECT_THAT(client.reply(), StartsWith("451 4.4.2 birl: "));
  birl1.start();
  EXPECT_TRUE(birl1.logs("whether our MTA took it before this hub went down is not known; it waits"));
  ASSERT_TRUE(wait_until([&] {
    return birl2.relayctl({"claims"}).output.find("undecided") != std::string::npos;
  })) << birl2.relayctl({"claims"}).output;
  EXPECT_THAT(try_until("cannot tell"), HasSubstr("hub birl1 took it at "));
  const auto claims = nlohmann::json::parse(birl2.relayctl({"claims", "--json"}).output);
  ASSERT_EQ(claims["total"], 1) << claims;
  const std::string id = claims["claims"][0]["id"];
  EXPECT_EQ(claims["claims"][0]["hub"], "birl1");
  EXPECT_EQ(birl2.relayctl({"resolve", id.substr(0, 12), "perhaps"}).status, 64);
  const Finished resolved = birl2.relayctl({"resolve", id.substr(0, 12), "delivered"});
  EXPECT_EQ(resolved.status, 0) << resolved.output;
  EXPECT_TRUE(birl2.logs("counts as delivered"));
  EXPECT_THAT(try_until("250 "), HasSubstr("delivered, as an administrator has found out"));
  EXPECT_EQ(birl2_mta.count(), 0U);
}

// Ten seconds pass until a hub counts as lost.
TEST_F(P4_SiteOutcomes, APossibleDuplicateIsNamedBeforehand) {
  start("on_lost_hub = \"resend\"\nresend_after = \"1s\"\n");
  Connection client = session_with_a_mail_taken();
  kill_with_witness(birl1);
  EXPECT_THAT(client.reply(), StartsWith("451 4.4.2 birl: "));
  ASSERT_TRUE(tokyo.wait_for_link("birl"));
  EXPECT_THAT(try_until("250 "), StartsWith("250 "));
  EXPECT_EQ(birl2_mta.count(), 1U);
  EXPECT_THAT(birl2.log(),
              HasSubstr("hub birl1 took it and is lost; it is delivered anew, and may come twice"));
  EXPECT_EQ(count(birl2, "resent"), 1U);
}

// The hub that took it is away, and its witness hears that it was delivered: nobody can know that before it
// is back.
TEST_F(P4_SiteOutcomes, WhatAnAdministratorResendsIsDeliveredAndItsHubSaysThatItCameTwice) {
  start();
  Connection client = session_with_a_mail_taken();
  birl1.kill();
  EXPECT_THAT(client.reply(), StartsWith("451 4.4.2 birl: "));
  ASSERT_TRUE(tokyo.wait_for_link("birl"));
  EXPECT_THAT(try_until("hub birl1 took it at "), HasSubstr(" and has not said how it ended"));
  EXPECT_EQ(birl2_mta.count(), 0U);
  nlohmann::json claims;
  ASSERT_TRUE(wait_until([&] {
    claims = nlohmann::json::parse(birl2.relayctl({"claims", "--json"}).output)["claims"];
    return claims.size() == 1 && claims[0]["state"] == "hub away";
  })) << claims;
  const std::string id = claims[0]["id"];
  const Finished resolved = birl2.relayctl({"resolve", id.substr(0, 12), "resend"});
  EXPECT_EQ(resolved.status, 0) << resolved.output;
  EXPECT_THAT(resolved.output, HasSubstr("comes twice if our MTA had it"));
  EXPECT_THAT(try_until("250 "), StartsWith("250 "));
  EXPECT_EQ(birl2_mta.count(), 1U);
  EXPECT_TRUE(birl2.logs("may come twice"));
  const auto record = audit_record_of(birl2);
  EXPECT_TRUE(std::any_of(record.begin(), record.end(), [&](const auto& one) {
    return one["kind"] == "possible_duplicate" && one["transaction"] == id;
  })) << read_file(birl2.file("audit.jsonl"));

  final_released = true;  // birl1's witness hears it
  birl1.start();
  EXPECT_TRUE(birl1.logs("our MTA had taken it before hub birl2 let it be delivered anew; it came twice"));
  ASSERT_TRUE(wait_until([&] { return has_both_links(); })) << tokyo.log();
  EXPECT_THAT(try_until("250 "), StartsWith("250 "));
  EXPECT_EQ(birl1_mta.count(), 2U) << "it serves again, and has delivered nothing anew";
  EXPECT_EQ(birl2_mta.count(), 1U);
}

TEST_F(P4_SiteOutcomes, WithoutAQuorumMailIsPutOffAndGoesOnByItself) {
  start("", 3);
  etcd->cut_quorum();
  const std::string reply = try_once();
  EXPECT_THAT(reply, StartsWith("451 4.3.0 "));
  EXPECT_THAT(reply, HasSubstr("etcd"));
  EXPECT_EQ(birl1_mta.count(), 0U);
  etcd->heal();
  EXPECT_THAT(try_until("250 "), StartsWith("250 "));
  EXPECT_EQ(birl1_mta.count(), 1U);
}

// The reply is told, though etcd cannot be told; it is when it answers again.
TEST_F(P4_SiteOutcomes, TheQuorumIsCutBehindTheClaim) {
  start("", 3);
  Connection client = session_with_a_mail_taken();
  etcd->cut_quorum();
  final_released = true;
  EXPECT_EQ(client.reply(), "250 2.0.0 first try\r\n");
  etcd->heal();
  EXPECT_TRUE(wait_until([&] { return count(birl1, "to_write") == 0; }));
  EXPECT_EQ(birl1_mta.count(), 1U);
}

TEST_F(P4_SiteOutcomes, MailGoesOnWithoutEtcdWhereThatIsWanted) {
  start("on_engine_loss = \"local\"\n");
  etcd->kill(0);
  EXPECT_THAT(try_once(), StartsWith("250 "));
  EXPECT_EQ(count(birl1, "without_etcd"), 1U);
  EXPECT_TRUE(birl1.logs("goes on without etcd"));
  etcd->restart(0);
  EXPECT_TRUE(has_found_etcd(birl1));
  EXPECT_THAT(try_until("250 "), StartsWith("250 "));
  EXPECT_EQ(birl1_mta.count(), 2U);
  EXPECT_TRUE(wait_until([&] { return audit_record_of(birl1).size() == 2; }));
  EXPECT_EQ(audit_record_of(birl1)[0]["without_etcd"], true);
  EXPECT_EQ(audit_record_of(birl1)[1]["without_etcd"], false);
}

}  // namespace
}  // namespace tsmtp::support
