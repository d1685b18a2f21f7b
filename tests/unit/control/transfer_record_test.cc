#include "relayd/control/transfer_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace tsmtp::control {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

const base::WallTime kEnded = base::WallTime(milliseconds(1'772'366'584'007));  // 2026-03-01T12:03:04.007Z

forward::ftp::TransferRecord transfer() {
  return {.site = "tokyo",
          .service = "files",
          .id = 255,
          .transfer = {.verb = "RETR", .name = "a\x1b b", .bytes = 4096, .code = 226, .was_cut = false}};
}

TEST(TransferRecord, Golden) {
  EXPECT_EQ(audit_record(transfer(), "birl", kEnded),
            R"({"time":"2026-03-01T12:03:04.007Z","kind":"transfer","hub":"birl","site":"tokyo",)"
            R"("service":"files","connection":"00000000000000ff","command":"RETR","name":"a\\x1b b",)"
            R"("bytes":4096,"end":"226"})");
}

TEST(TransferRecord, WithoutNameAndCut) {
  auto list = transfer();
  list.transfer = {.verb = "LIST", .name = "", .bytes = 7, .code = 0, .was_cut = true};
  const auto json = nlohmann::json::parse(audit_record(list, "birl", kEnded));
  EXPECT_TRUE(json["name"].is_null());
  EXPECT_EQ(json["end"], "no reply, data connection cut");
}

TEST(TransferRecord, JournalEntry) {
  const std::string entry = journal_entry(transfer(), "birl", "{}");
  EXPECT_THAT(entry, HasSubstr("\nTSMTP_CONNECTION=00000000000000ff\nTSMTP_COMMAND=RETR\nMESSAGE={}\n"));
}

}  // namespace
}  // namespace tsmtp::control
