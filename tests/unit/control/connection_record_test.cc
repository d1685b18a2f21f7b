#include "relayd/control/connection_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace tsmtp::control {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

const base::WallTime kEnd = base::WallTime(milliseconds(1'772'366'584'007));  // 2026-03-01T12:03:04.007Z

forward::Summary connection() {
  return {.side = forward::Side::kService,
          .site = "tokyo",
          .service = "pop3",
          .id = 255,
          .user = "alice",
          .client = "127.0.0.1:4711",
          .begun = kEnd - milliseconds(1500),
          .duration = milliseconds(1500),
          .to_service = 17,
          .from_service = 4096,
          .approved_by = "root via relayctl",
          .was_refused = false,
          .end = "closed by the program"};
}

TEST(ConnectionRecord, Golden) {
  EXPECT_EQ(
      audit_record(connection(), "birl", kEnd),
      R"({"time":"2026-03-01T12:03:04.007Z","kind":"connection","hub":"birl","site":"tokyo","direction":"in",)"
      R"("service":"pop3","connection":"00000000000000ff","user":"alice","client":"127.0.0.1:4711",)"
      R"("begun":"2026-03-01T12:03:02.507Z","to_service":17,"from_service":4096,)"
      R"("approved_by":"root via relayctl","result":"connected","end":"closed by the program",)"
      R"("milliseconds":{"total":1500}})");
}

TEST(ConnectionRecord, WhatIsNotKnownIsNull) {
  forward::Summary summary = connection();
  summary.side = forward::Side::kProgram;
  summary.user = summary.client = summary.approved_by = {};
  summary.was_refused = true;
  const auto json = nlohmann::json::parse(audit_record(summary, "tokyo", kEnd));
  EXPECT_EQ(json["direction"], "out");
  EXPECT_TRUE(json["user"].is_null());
  EXPECT_TRUE(json["client"].is_null());
  EXPECT_TRUE(json["approved_by"].is_null());
  EXPECT_EQ(json["result"], "refused");
}

TEST(ConnectionRecord, JournalEntry) {
  const std::string entry = journal_entry(connection(), "birl", "{}");
  EXPECT_THAT(entry, HasSubstr("\nPRIORITY=6\n"));
  EXPECT_THAT(entry,
              HasSubstr("\nTSMTP_SERVICE=pop3\nTSMTP_CONNECTION=00000000000000ff\nTSMTP_USER=alice\n"));
  EXPECT_THAT(entry, HasSubstr("\nTSMTP_RESULT=connected\nMESSAGE={}\n"));
}

TEST(ConnectionRecord, P8_AnyBytesMakeOneLineOfValidJson) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte)
    bytes += static_cast<char>(byte);
  forward::Summary summary = connection();
  summary.site = summary.service = summary.user = summary.client = summary.approved_by = summary.end = bytes;
  const std::string line = audit_record(summary, bytes, kEnd);
  EXPECT_EQ(line.find('\n'), line.npos);
  EXPECT_TRUE(nlohmann::json::accept(line));
  const std::string entry = journal_entry(summary, bytes, line);
  EXPECT_EQ(std::count(entry.begin(), entry.end(), '\n'), 12);
}

}  // namespace
}  // namespace tsmtp::control
