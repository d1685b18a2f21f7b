// A process of a hub takes the place of another: the links of both stand beside each other at the far hub,
// and nobody who sends a mail notices.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/hub_of_processes.h"
#include "tests/support/tcp_proxy.h"
#include "tests/support/wait_until.h"

namespace tsmtp::support {
namespace {

using mail::Direction;
using ::testing::HasSubstr;
using ::testing::StartsWith;

enum class Dials { kTheUpgraded, kTheOther, kBoth };

struct Kind {
  Dials dials;
  std::size_t connections;
  bool has_absent_hub;
};

std::string name_of(const Kind& kind) {
  std::string name = kind.dials == Dials::kTheUpgraded ? "Dialling"
                     : kind.dials == Dials::kTheOther  ? "Dialled"
                                                       : "BothDial";
  return name + std::to_string(kind.connections) + (kind.has_absent_hub ? "OfTwoHubs" : "");
}

/// birl is upgraded; tokyo is the far hub, which sees it.
class Succession : public ::testing::TestWithParam<Kind> {
 protected:
  void SetUp() override { start(GetParam()); }
  void TearDown() override {
    if (HasFailure()) ADD_FAILURE() << tokyo.log() << birl.log();
  }
  void start(const Kind& kind) {
    const bool birl_dials = kind.dials != Dials::kTheOther;
    const bool tokyo_dials = kind.dials != Dials::kTheUpgraded;
    const auto ports = [](bool dials, std::uint16_t port) {
      return dials ? std::vector<std::uint16_t>{port} : std::vector<std::uint16_t>{};
    };
    birl.start({.site = "tokyo",
                .pin = tokyo.pin(),
                .dial = ports(birl_dials, to_tokyo_port),
                .connections = kind.connections});
    tokyo.start({.site = "birl",
                 .pin = birl.pin(),
                 .dial = ports(tokyo_dials, to_birl_port),
                 .connections = kind.connections,
                 .has_absent_hub = kind.has_absent_hub});
    ASSERT_TRUE(wait_until([this] { return birl.is_in_touch() && tokyo.is_in_touch(); }));
  }

  [[nodiscard]] static Connection session(const HubOfProcesses::Worker& at) {
    Connection client("127.0.0.1", at.port);
    EXPECT_THAT(client.reply(), StartsWith("220 "));
    EXPECT_THAT(client.command("EHLO client.example"), HasSubstr("250"));
    return client;
  }
  /// Up to the final dot.
  static void begin(Connection& client, const std::string& from, const std::string& to,
                    const std::string& content) {
    EXPECT_THAT(client.command("MAIL FROM:<a@" + from + ".example>"), StartsWith("250 "));
    EXPECT_THAT(client.command("RCPT TO:<b@" + to + ".example>"), StartsWith("250 "));
    EXPECT_THAT(client.command("DATA"), StartsWith("354 "));
    client.send("Subject: " + content + "\r\n\r\ntext\r\n");
  }
  [[nodiscard]] static std::string send(Connection& client, const std::string& from, const std::string& to,
                                        const std::string& content) {
    begin(client, from, to, content);
    return client.command(".");
  }
  /// Until released, its MTA answers no end of content.
  void hold(FakeMta& mta) {
    mta.set_script([this](const std::string& command) -> std::string {
      if (command != ".") return "";
      ++held;
      (void)wait_until([this] { return released.load(); });
      return "";
    });
  }
  void release() { released = true; }
  void succeed() {
    birl.succeed();
    ASSERT_TRUE(wait_until([this] { return birl.is_in_touch() && tokyo.leaving_streams().has_value(); }));
  }
  void end_earlier() {
    ASSERT_TRUE(wait_until([this] { return birl.in_flight(*birl.earlier()) == 0; }));
    birl.end_earlier();
    EXPECT_TRUE(wait_until([this] { return !tokyo.leaving_streams(); }));
  }

  LoopThread loop;
  HubOfProcesses tokyo{loop, "tokyo"};
  HubOfProcesses birl{loop, "birl"};
  std::uint16_t to_tokyo_port = free_port(), to_birl_port = free_port();
  TcpProxy to_tokyo{to_tokyo_port, tokyo.link_port()}, to_birl{to_birl_port, birl.link_port()};
  std::atomic<int> held{0};
  std::atomic<bool> released{false};
};

TEST_P(Succession, WhatIsUnderWayEndsOnTheOldLinkAndNewMailsGoToTheNew) {
  hold(birl.mta);
  hold(tokyo.mta);
  HubOfProcesses::Worker& before = birl.present();
  Connection in = session(tokyo.present()), out = session(before), idle = session(before);
  begin(in, "tokyo", "birl", "in");
  in.send(".\r\n");
  begin(out, "birl", "tokyo", "out");
  out.send(".\r\n");
  ASSERT_TRUE(wait_until([this] { return held == 2; }));
  birl.mta.set_script({});
  tokyo.mta.set_script({});
  succeed();
  EXPECT_EQ(tokyo.leaving_streams(), 2U);

  Connection new_in = session(tokyo.present()), new_out = session(birl.present());
  EXPECT_THAT(send(new_in, "tokyo", "birl", "new in"), StartsWith("250 "));
  EXPECT_THAT(send(new_out, "birl", "tokyo", "new out"), StartsWith("250 "));
  EXPECT_THAT(send(idle, "birl", "tokyo", "of a session with the old one"), StartsWith("250 "));
  EXPECT_EQ(birl.delivered_by(birl.present(), Direction::kIn), 1U);
  EXPECT_EQ(birl.delivered_by(birl.present(), Direction::kOut), 1U);
  EXPECT_EQ(birl.delivered_by(before, Direction::kOut), 1U);
  EXPECT_EQ(birl.delivered_by(before, Direction::kIn), 0U);

  release();
  EXPECT_THAT(in.reply(), StartsWith("250 "));
  EXPECT_THAT(out.reply(), StartsWith("250 "));
  EXPECT_EQ(birl.delivered_by(before, Direction::kIn), 1U);
  end_earlier();
  EXPECT_THAT(send(new_in, "tokyo", "birl", "after"), StartsWith("250 "));
  EXPECT_THAT(send(new_out, "birl", "tokyo", "after"), StartsWith("250 "));
  EXPECT_EQ(birl.mta.count(), 3U);
  EXPECT_EQ(tokyo.mta.count(), 4U);
  EXPECT_TRUE(wait_until([this] { return tokyo.in_doubt() + birl.in_doubt() == 0; }));
  EXPECT_THAT(tokyo.log(), ::testing::Not(HasSubstr("link down")));
}

// Whoever can dial resumes; where nobody can, the ledger says how the mails ended, and nothing is delivered
// twice.
TEST_P(Succession, ALineThatBreaksMeanwhile) {
  hold(birl.mta);
  HubOfProcesses::Worker& before = birl.present();
  Connection in = session(tokyo.present());
  begin(in, "tokyo", "birl", "in");
  in.send(".\r\n");
  ASSERT_TRUE(wait_until([this] { return held == 1; }));
  birl.mta.set_script({});
  succeed();
  to_tokyo.cut();
  to_birl.cut();
  const bool can_resume = GetParam().dials != Dials::kTheOther;
  ASSERT_TRUE(wait_until([&] { return birl.is_in_touch() && tokyo.is_in_touch(); }));
  if (can_resume) {
    ASSERT_TRUE(wait_until(
        [&] { return tokyo.log().find("link of the process before resumed") != std::string::npos; }));
    release();
    EXPECT_THAT(in.reply(), StartsWith("250 "));
    end_earlier();
  } else {
    Connection again = session(tokyo.present());
    release();
    ASSERT_TRUE(wait_until([&] { return birl.delivered_by(before, Direction::kIn) == 1; }));
    end_earlier();
    EXPECT_THAT(in.reply(), StartsWith("451 "));
    EXPECT_THAT(send(again, "tokyo", "birl", "in"), StartsWith("250 "));
  }
  EXPECT_EQ(birl.mta.count(), 1U);
  EXPECT_TRUE(wait_until([this] { return tokyo.in_doubt() == 0; }));
}

INSTANTIATE_TEST_SUITE_P(, Succession,
                         ::testing::Values(Kind{Dials::kTheUpgraded, 1, false},
                                           Kind{Dials::kTheOther, 1, false}, Kind{Dials::kBoth, 3, false},
                                           Kind{Dials::kTheOther, 3, true}),
                         [](const auto& kind) { return name_of(kind.param); });

class SuccessionOnce : public Succession {};

// What it does not know, its predecessor may be about to do.
TEST_P(SuccessionOnce, WhatTheProcessBeforeHasIsPendingUntilItHasEnded) {
  hold(birl.mta);
  Connection in = session(tokyo.present());
  begin(in, "tokyo", "birl", "in");
  in.send(".\r\n");
  ASSERT_TRUE(wait_until([this] { return held == 1; }));
  birl.mta.set_script({});
  succeed();
  in.reset();  // our MTA has gone, and tries again
  ASSERT_TRUE(wait_until([this] { return tokyo.in_doubt() == 1; }));
  Connection again = session(tokyo.present());
  EXPECT_THAT(send(again, "tokyo", "birl", "in"), StartsWith("451 "));
  release();
  end_earlier();
  Connection once_more = session(tokyo.present());
  EXPECT_THAT(send(once_more, "tokyo", "birl", "in"), StartsWith("250 "));
  EXPECT_EQ(birl.mta.count(), 1U);
}

// Mails of both directions, all the time, whichever process it is.
TEST_P(SuccessionOnce, ManyOfThemUnderLoadAreNotNoticed) {
  constexpr int kUpgrades = 12;
  constexpr int kSenders = 2;
  std::atomic<bool> over{false};
  std::atomic<std::size_t> to_birl_count{0}, to_tokyo_count{0};
  std::vector<std::thread> senders;
  const auto sender = [&](HubOfProcesses& from, const std::string& name, const std::string& to,
                          std::atomic<std::size_t>& count) {
    while (!over) {
      const auto worker = from.for_client();
      {
        Connection client = session(*worker);
        for (int i = 0; i < 3; ++i)
          EXPECT_THAT(send(client, name, to, std::to_string(count++)), StartsWith("250 "));
        EXPECT_THAT(client.command("QUIT"), StartsWith("221 "));
      }
      --worker->clients;
    }
  };
  for (int i = 0; i < kSenders; ++i) {
    senders.emplace_back([&] { sender(tokyo, "tokyo", "birl", to_birl_count); });
    senders.emplace_back([&] { sender(birl, "birl", "tokyo", to_tokyo_count); });
  }
  for (int i = 0; i < kUpgrades && !HasFailure(); ++i) {
    HubOfProcesses& upgraded = i % 3 == 2 ? tokyo : birl;
    HubOfProcesses& other = i % 3 == 2 ? birl : tokyo;
    upgraded.succeed();
    EXPECT_TRUE(wait_until([&] { return upgraded.is_in_touch() && other.leaving_streams().has_value(); }));
    upgraded.take_clients();
    const std::size_t before = to_birl_count;
    EXPECT_TRUE(wait_until([&] { return to_birl_count > before + 6; }));
    EXPECT_TRUE(wait_until(
        [&] { return upgraded.earlier()->clients == 0 && upgraded.in_flight(*upgraded.earlier()) == 0; }));
    upgraded.end_earlier();
    EXPECT_TRUE(wait_until([&] { return !other.leaving_streams(); }));
  }
  over = true;
  for (std::thread& each : senders)
    each.join();
  EXPECT_EQ(birl.mta.count(), to_birl_count);
  EXPECT_EQ(tokyo.mta.count(), to_tokyo_count);
  EXPECT_TRUE(wait_until([this] { return tokyo.in_doubt() + birl.in_doubt() == 0; }));
}

INSTANTIATE_TEST_SUITE_P(, SuccessionOnce,
                         ::testing::Values(Kind{Dials::kTheUpgraded, 1, false},
                                           Kind{Dials::kTheOther, 1, false}),
                         [](const auto& kind) { return name_of(kind.param); });

}  // namespace
}  // namespace tsmtp::support
