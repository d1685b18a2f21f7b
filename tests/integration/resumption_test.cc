// A link that breaks and comes back is a pause: no transaction, and neither MTA, notices more.
#include <poll.h>

#include <atomic>
#include <csignal>
#include <random>
#include <thread>

#include "tests/support/two_hubs.h"

namespace tsmtp::support {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kContent[] = "Subject: once\r\n\r\ntext\r\n";

class Resumption : public TwoHubs {
 protected:
  [[nodiscard]] int resumptions() const { return tokyo.site_status("birl")["resumptions"]; }
  /// Cuts the link; it has been resumed when this returns.
  void cut() {
    const int before = resumptions();
    path.cut();
    ASSERT_TRUE(wait_until([&] { return resumptions() > before; })) << tokyo.log();
  }
  /// The far MTA does not answer that command before the link has been cut and resumed.
  void cut_while_the_mta_thinks_about(const std::string& verb) {
    birl_mta.set_script([this, verb](const std::string& command) -> std::string {
      if (!command.starts_with(verb) || asked_.exchange(true)) return "";
      (void)wait_until([this] { return released_.load(); });
      return "";
    });
    cutter_ = std::thread([this] {
      EXPECT_TRUE(wait_until([this] { return asked_.load(); }));
      cut();
      released_ = true;
    });
  }
  void TearDown() override {
    if (cutter_.joinable()) cutter_.join();
    EXPECT_EQ(tokyo.site_status("birl")["links_up_total"], 1) << "it was the same link all the time";
    EXPECT_EQ(tokyo.site_status("birl")["in_doubt"], 0);
    TwoHubs::TearDown();
  }

 private:
  std::atomic<bool> asked_{false};
  std::atomic<bool> released_{false};
  std::thread cutter_;
};

class CutAt : public Resumption, public ::testing::WithParamInterface<const char*> {};

TEST_P(CutAt, IsNotNoticed) {
  cut_while_the_mta_thinks_about(GetParam());
  Connection client = session();
  EXPECT_THAT(send_mail(client, kContent), StartsWith("250 "));
  EXPECT_THAT(send_mail(client, kContent), StartsWith("250 "));
  EXPECT_EQ(birl_mta.count(), 2U);
}

INSTANTIATE_TEST_SUITE_P(Resumption, CutAt, ::testing::Values("MAIL", "RCPT", "DATA", "."),
                         [](const auto& moment) {
                           return std::string(moment.param) == "." ? "FinalDot" : moment.param;
                         });

TEST_F(Resumption, OfALinkCutInTheContentLosesNoByte) {
  std::string content = "Subject: long\r\n\r\n";
  for (int i = 0; i < 60'000; ++i)
    content += "line " + std::to_string(i) + " of many, each of them once\r\n";
  Connection client = session();
  begin_mail(client, content.substr(0, content.size() / 2));
  cut();
  client.send(content.substr(content.size() / 2, content.size() / 4));
  cut();
  client.send(content.substr(content.size() / 2 + content.size() / 4));
  client.send(".\r\n");
  EXPECT_THAT(client.reply(), StartsWith("250 "));
  ASSERT_EQ(birl_mta.count(), 1U);
  EXPECT_TRUE(birl_mta.delivered().front().content == content);
}

// The greeting waits too: a queue run that comes in the pause is not sent away.
TEST_F(Resumption, SessionsThatComeInThePauseAreGreetedWhenItIsOver) {
  path.leading_nowhere = true;
  path.cut();
  ASSERT_TRUE(tokyo.logs("link interrupted"));
  Connection client(endpoint_address(), endpoint_port);
  EXPECT_EQ(tokyo.site_status("birl")["state"], "connecting");
  path.leading_nowhere = false;
  EXPECT_THAT(client.reply(), StartsWith("220 "));
}

TEST_F(Resumption, CutsAtRandomAreNotNoticedByAnyTransaction) {
  const char* given = std::getenv("TSMTP_SEED");
  const auto seed = given != nullptr ? std::stoul(given) : std::random_device{}();
  SCOPED_TRACE("TSMTP_SEED=" + std::to_string(seed));
  std::minstd_rand random(static_cast<unsigned>(seed));
  constexpr int kMails = TSMTP_VOLUME / 10;
  constexpr int kSenders = 4;
  std::atomic<int> sending{kSenders};
  std::vector<std::thread> senders;
  for (int sender = 0; sender < kSenders; ++sender)
    senders.emplace_back([&] {
      Connection client = session();
      for (int i = 0; i < kMails; ++i)
        EXPECT_THAT(send_mail(client, "X-Id: x\r\n\r\n" + std::string(i * 997 % 100'000, 'x') + "\r\n"),
                    StartsWith("250 "));
      --sending;
    });
  int cuts = 0;
  while (sending > 0) {
    const std::size_t until = birl_mta.count() + random() % 8;
    (void)wait_until([&] { return sending == 0 || birl_mta.count() >= until; });
    path.cut();
    ++cuts;
  }
  for (std::thread& sender : senders)
    sender.join();
  EXPECT_GT(cuts, 3);
  EXPECT_EQ(birl_mta.count(), static_cast<std::size_t>(kSenders * kMails));
}

class SilentPath : public Resumption {
 protected:
  void SetUp() override {
    birl_site_keys = "peer_timeout = \"2s\"\n";
    start("peer_timeout = \"2s\"\n");
  }
};

// A half-open link: the near side writes on into a path that swallows everything.
TEST_F(SilentPath, IsNoticedDialledAnewAndResumed) {
  Connection client = session();
  begin_mail(client, kContent);
  path.holding = true;
  client.send(".\r\n");
  ASSERT_TRUE(birl.logs("no sign of life for 2 s")) << birl.log();
  path.holding = false;
  EXPECT_THAT(client.reply(), StartsWith("250 "));
  EXPECT_EQ(birl_mta.count(), 1U);
}

// Whoever is gone for good is not waited for without end, and the reply says what happened.
class ShortWindow : public TwoHubs {
 protected:
  void SetUp() override { start("resume_window = \"1s\"\n"); }
};

TEST_F(ShortWindow, P5_WhenItIsOverTheReplySaysWhatHappened) {
  Connection client = session();
  begin_mail(client, kContent);
  birl.kill();
  client.send(".\r\n");
  EXPECT_THAT(client.reply(), ContainsRegex("^451 4\\.4\\.2 birl: link down since [0-9:]{8} "
                                            "\\(.+, not resumed within 1 s\\);"));
  birl.start();
  ASSERT_TRUE(link_is_up());
  Connection again = session();
  EXPECT_THAT(send_mail(again, kContent), StartsWith("250 "));
}

TEST_F(TwoHubs, ResumptionIsNotTriedWithAPeerThatWasRestarted) {
  Connection client = session();
  begin_mail(client, kContent);
  birl.kill();
  birl.start();
  client.send(".\r\n");
  EXPECT_THAT(client.reply(), HasSubstr("451 4.4.2 birl: link down since "));
  ASSERT_TRUE(link_is_up());
  Connection again = session();
  EXPECT_THAT(send_mail(again, kContent), StartsWith("250 "));
  EXPECT_EQ(birl_mta.count(), 1U);
}

class FourConnections : public Resumption {
 protected:
  void SetUp() override {
    birl_site_keys = "connections = 4\n";
    start("connections = 4\n");
    ASSERT_TRUE(wait_until([&] { return tokyo.site_status("birl")["connections"] == 4; })) << tokyo.log();
  }
};

TEST_F(FourConnections, CarryMailsSideBySide) {
  std::vector<Connection> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(session());
    begin_mail(clients.back(), kContent);
  }
  path.cut();  // all of them
  for (Connection& client : clients) {
    client.send(".\r\n");
    EXPECT_THAT(client.reply(), StartsWith("250 "));
  }
  EXPECT_EQ(birl_mta.count(), 8U);
  EXPECT_TRUE(wait_until([&] { return tokyo.site_status("birl")["connections"] == 4; }));
}

TEST_F(FourConnections, OneOfThemCutIsNoHarmToTheOthers) {
  std::vector<Connection> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(session());
    begin_mail(clients.back(), kContent);
  }
  path.cut_one();
  ASSERT_TRUE(wait_until([&] { return resumptions() == 1; })) << tokyo.log();
  EXPECT_THAT(tokyo.log(), ::testing::Not(HasSubstr("link down")));
  for (Connection& client : clients) {
    client.send(".\r\n");
    EXPECT_THAT(client.reply(), StartsWith("250 "));
  }
  EXPECT_EQ(birl_mta.count(), 8U);
}

TEST_F(TwoHubs, FewerConnectionsThanOneSideWantsAreNoError) {
  birl_site_keys = "connections = 2\n";
  configure("connections = 4\n");
  ASSERT_EQ(birl.relayctl({"reload"}).status, 0);
  ASSERT_EQ(tokyo.relayctl({"reload"}).status, 0);
  path.cut();
  EXPECT_TRUE(wait_until([&] { return tokyo.site_status("birl")["connections"] == 2; })) << tokyo.log();
  Connection client = session();
  EXPECT_THAT(send_mail(client, kContent), StartsWith("250 "));
}

}  // namespace
}  // namespace tsmtp::support
