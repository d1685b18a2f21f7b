// A line of the audit record is a mail again, and nothing else is.
#include "relayd/control/recorded_mail.h"

#include <gtest/gtest.h>

#include "relayd/control/audit_record.h"

namespace tsmtp::control {
namespace {

using std::chrono::milliseconds;

const base::WallTime kNow{milliseconds(1'772'366'584'007)};

mail::Summary sample(mail::Direction direction) {
  mail::Summary s;
  s.direction = direction;
  s.site = "birl";
  s.hub = "two";
  s.transaction =
      "\x01\xff\x02"
      "3456789abcdef";
  s.sender = "a@tokyo.example";
  s.recipients = {{.address = "b@birl.example", .reply = {.code = 550, .lines = {"5.1.1 no such user"}}}};
  s.size_bytes = 4096;
  s.reply = {.code = 250, .lines = {"2.0.0 queued as 17"}};
  s.took = {.total = milliseconds(120),
            .near_mta = milliseconds(20),
            .link = milliseconds(70),
            .far_mta = milliseconds(30)};
  if (direction == mail::Direction::kIn) s.took.near_mta = {};
  return s;
}

TEST(RecordedMail, ComesBackAsItWas) {
  for (const auto direction : {mail::Direction::kOut, mail::Direction::kIn}) {
    const mail::Summary mail = sample(direction);
    const auto back = recorded_mail(audit_record(mail, "tokyo", kNow));
    ASSERT_TRUE(back);
    const mail::Summary& summary = back->summary;
    EXPECT_EQ(summary.direction, direction);
    EXPECT_EQ(summary.site, mail.site);
    EXPECT_EQ(summary.hub, mail.hub);
    EXPECT_EQ(summary.transaction, mail.transaction);
    EXPECT_EQ(summary.sender, mail.sender);
    EXPECT_EQ(summary.recipients.front().reply, mail.recipients.front().reply);
    EXPECT_EQ(summary.reply, mail.reply);
    const mail::Traced told = mail::told(*back);
    EXPECT_EQ(told.begun_ms, 1'772'366'584'007U - 120);
    EXPECT_EQ(told.after_ms, (direction == mail::Direction::kOut
                                  ? decltype(told.after_ms){0, {}, {}, 20, {}, 120, {}, 120}
                                  : decltype(told.after_ms){0, {}, {}, 70, {}, 100, {}, 120}));
  }
}

TEST(RecordedMail, OtherLinesAreNone) {
  const std::string line = audit_record(sample(mail::Direction::kOut), "tokyo", kNow);
  for (std::size_t length = 0; length < line.size(); ++length)
    EXPECT_FALSE(recorded_mail(line.substr(0, length)));
  for (
      const char* text :
      {"{}", "[]", "7", R"({"kind":"connection"})", R"({"kind":"mail","time":"2026"})",
       R"({"kind":"mail","time":"2026-03-01T12:03:04Z","transaction":"zz","milliseconds":{},"recipients":[]})"})
    EXPECT_FALSE(recorded_mail(text)) << text;
}

}  // namespace
}  // namespace tsmtp::control
