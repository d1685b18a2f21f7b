#include "relayd/control/approvals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>
#include <nlohmann/json.hpp>

namespace tsmtp::control {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

const base::WallTime kNow = base::WallTime::clock::from_time_t(1'772'366'584);  // 2026-03-01T12:03:04Z

class ApprovalsText : public testing::Test {
 protected:
  void SetUp() override {
    setenv("TZ", "UTC", 1);
    tzset();
  }

  ApprovalsShown shown{
      .now = kNow,
      .waiting = {{.id = 7,
                   .site = "tokyo",
                   .service = "pop3",
                   .user = "alice",
                   .client = "127.0.0.1",
                   .connection = "00000000000000ff",
                   .since = kNow - 12s,
                   .until = kNow + 48s},
                  {.id = 123,
                   .site = "kyoto",
                   .service = "display",
                   .user = {},
                   .client = "10.0.0.\x1b",
                   .connection = "0000000000000100",
                   .since = kNow,
                   .until = kNow + 60s}},
      .approved = {
          {.id = 9, .site = "tokyo", .service = "imap", .by = "root via relayctl", .until = kNow + 10min}}};
};

TEST_F(ApprovalsText, ShowsWhoWaitsAndWhatIsApproved) {
  EXPECT_EQ(approvals_text(shown),
            "ID   site   service  user or client  state\n"
            "7    tokyo  pop3     alice           waits since 12:02:52, 48 s left\n"
            "123  kyoto  display  10.0.0.\\x1b     waits since 12:03:04, 1 min 0 s left\n"
            "9    tokyo  imap     all             approved until 12:13:04 (10 min 0 s left) by root via "
            "relayctl\n");
}

TEST_F(ApprovalsText, NothingWaits) {
  EXPECT_EQ(approvals_text({.now = kNow, .waiting = {}, .approved = {}}), "nothing waits for approval\n");
}

TEST_F(ApprovalsText, Json) {
  const auto json = nlohmann::json::parse(approvals_json(shown));
  EXPECT_EQ(json["now"], "2026-03-01T12:03:04Z");
  ASSERT_EQ(json["waiting"].size(), 2U);
  const auto& first = json["waiting"][0];
  EXPECT_EQ(first["id"], 7);
  EXPECT_EQ(first["site"], "tokyo");
  EXPECT_EQ(first["service"], "pop3");
  EXPECT_EQ(first["user"], "alice");
  EXPECT_EQ(first["client"], "127.0.0.1");
  EXPECT_EQ(first["connection"], "00000000000000ff");
  EXPECT_EQ(first["since"], "2026-03-01T12:02:52Z");
  EXPECT_EQ(first["until"], "2026-03-01T12:03:52Z");
  EXPECT_TRUE(json["waiting"][1]["user"].is_null());
  ASSERT_EQ(json["approved"].size(), 1U);
  EXPECT_EQ(json["approved"][0]["by"], "root via relayctl");
}

TEST_F(ApprovalsText, SurvivesAnyBytes) {
  shown.waiting[0].user = std::string("\xff\0\n", 3) + std::string(300, 'x');
  EXPECT_THAT(approvals_text(shown), HasSubstr("\\xff\\x00\\x0axx"));
  EXPECT_TRUE(nlohmann::json::accept(approvals_json(shown)));
}

}  // namespace
}  // namespace tsmtp::control
