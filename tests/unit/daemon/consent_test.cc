// What relayctl is told about connections that wait for a yes.
#include "relayd/daemon/consent.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "relayd/control/request.h"

namespace tsmtp::daemon {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class Lines : public base::Logger {
 public:
  void log(base::LogLevel, std::string_view line) override { all.emplace_back(line); }
  std::vector<std::string> all;
};

class ConsentRequests : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(consent.ask(
        {.question =
             {.site = "tokyo", .service = "pop3", .user = "alice", .client = "127.0.0.1", .connection = 255},
         .patience = 60s,
         .command = {},
         .protocol = "tcp"},
        [this](const net::Consent::Verdict& verdict) { verdicts.push_back(verdict); }));
    log.all.clear();
  }
  void run() {
    io.restart();
    io.poll();
  }

  boost::asio::io_context io;
  Lines log;
  net::Consent consent{io.get_executor(), log};
  std::vector<net::Consent::Verdict> verdicts;
};

TEST_F(ConsentRequests, List) {
  const base::TimePoint now = std::chrono::steady_clock::now();
  const base::WallTime wall = base::WallTime::clock::from_time_t(1'772'366'584);
  const auto shown = approvals_shown(consent.approvals(), now, wall);
  ASSERT_THAT(shown.waiting, SizeIs(1));
  EXPECT_EQ(shown.waiting[0].id, 1U);
  EXPECT_EQ(shown.waiting[0].connection, "00000000000000ff");
  EXPECT_EQ(shown.waiting[0].until - shown.waiting[0].since, 60s);
  EXPECT_LE(shown.waiting[0].since, wall);
  EXPECT_THAT(shown.approved, IsEmpty());
}

TEST_F(ConsentRequests, YesOfRoot) {
  EXPECT_EQ(approve(consent, log, "1", 0),
            control::reply_ok("approved: the connection of site tokyo to service pop3\n"));
  run();
  ASSERT_THAT(verdicts, SizeIs(1));
  EXPECT_EQ(verdicts[0].by, "root via relayctl");
  EXPECT_THAT(log.all, IsEmpty()) << "the connection's own line will say it";
}

TEST_F(ConsentRequests, YesOfAUserWithoutAName) {
  (void)approve(consent, log, "1", 4'000'123'456);
  run();
  ASSERT_THAT(verdicts, SizeIs(1));
  EXPECT_EQ(verdicts[0].by, "user 4000123456 via relayctl");
}

TEST_F(ConsentRequests, YesForAWhileIsListedLoggedAndTakenBack) {
  EXPECT_THAT(approve(consent, log, "1 for=600", 0),
              HasSubstr("ok\napproved: all connections of site tokyo to "
                        "service pop3 for 10m;"));
  EXPECT_THAT(log.all,
              ElementsAre("all connections of site tokyo to service pop3 are approved for 10m by root "
                          "via relayctl"));
  const auto shown = approvals_shown(consent.approvals(), {}, {});
  ASSERT_THAT(shown.approved, SizeIs(1));
  EXPECT_EQ(shown.approved[0].by, "root via relayctl");
  EXPECT_THAT(deny(consent, log, std::to_string(shown.approved[0].id), 0), HasSubstr("ok\ntaken back: "));
  EXPECT_EQ(log.all.back(), "the approval 2 is taken back by root via relayctl");
  EXPECT_THAT(approvals_shown(consent.approvals(), {}, {}).approved, IsEmpty());
}

TEST_F(ConsentRequests, No) {
  EXPECT_EQ(deny(consent, log, "1", 0), control::reply_ok("denied\n"));
  run();
  ASSERT_THAT(verdicts, SizeIs(1));
  EXPECT_EQ(verdicts[0].cause, "denied by root via relayctl");
}

TEST_F(ConsentRequests, WhatIsApprovedForAWhileEndsWithTheServiceAsItIs) {
  (void)approve(consent, log, "1 for=600", 0);
  settings::Config config;
  config.sites = {settings::Site{}};
  config.sites[0].name = "tokyo";
  config.services = {settings::Service{}, settings::Service{}};
  config.services[0].name = "pop3";
  config.services[1].name = "imap";
  settings::Config other = config;
  other.services[1].to.port = 143;
  take_back_changed(consent, config, other);
  EXPECT_THAT(consent.approvals().standing(), SizeIs(1)) << "another service has changed";
  other.services[0].to.port = 110;
  take_back_changed(consent, config, other);
  EXPECT_THAT(consent.approvals().standing(), IsEmpty());
}

TEST_F(ConsentRequests, MistakesChangeNothing) {
  for (const char* bad : {"", "2", "x", "1 for=0", "1 for=100000"}) {
    EXPECT_THAT(approve(consent, log, bad, 0), HasSubstr("error 65\n")) << bad;
    EXPECT_THAT(deny(consent, log, bad, 0), HasSubstr("error 65\n")) << bad;
  }
  run();
  EXPECT_THAT(verdicts, IsEmpty());
  EXPECT_THAT(log.all, IsEmpty());
}

}  // namespace
}  // namespace tsmtp::daemon
