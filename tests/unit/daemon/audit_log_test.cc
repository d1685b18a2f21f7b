#include "relayd/daemon/audit_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "tests/unit/daemon/audit_sample.h"

namespace tsmtp::daemon {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Lines : base::Logger {
  void log(base::LogLevel, std::string_view line) override { lines.emplace_back(line); }
  std::vector<std::string> lines;
};

struct FakeSink : AuditSink {
  FakeSink(const AuditWrite& given, std::string& seen) : result(given), last(seen) {}
  AuditWrite write(const AuditRecord& record) override {
    last = record.line;
    return result;
  }
  const AuditWrite& result;
  std::string& last;
};

class AuditLogTest : public testing::Test {
 protected:
  void record() { audit.record(sample_summary(), base::WallTime{}); }

  Lines log;
  AuditLog audit{"tokyo", log};
  AuditWrite result;
  std::string last;
};

TEST_F(AuditLogTest, WithoutASinkThereIsNothing) {
  record();
  EXPECT_FALSE(audit.status());
}

TEST_F(AuditLogTest, HandsRecordsOver) {
  audit.use("journald", std::make_unique<FakeSink>(result, last));
  record();
  EXPECT_EQ(nlohmann::json::parse(last)["hub"], "tokyo");
  EXPECT_EQ(audit.status()->target, "journald");
  EXPECT_EQ(audit.status()->written, 1U);
  EXPECT_THAT(log.lines, IsEmpty());
}

TEST_F(AuditLogTest, SaysOnceThatRecordsAreLostAndOnceThatItIsOver) {
  audit.use("/a", std::make_unique<FakeSink>(result, last));
  result = {.written = false, .trouble = "/a: full"};
  record();
  record();
  EXPECT_EQ(audit.status()->lost, 2U);
  EXPECT_EQ(audit.status()->trouble, "/a: full");
  result = {};
  record();
  record();
  EXPECT_EQ(audit.status()->written, 2U);
  EXPECT_EQ(audit.status()->trouble, "");
  EXPECT_THAT(log.lines, ElementsAre("audit record: records are being lost: /a: full",
                                     "audit record: written again, 2 records were lost"));
}

TEST_F(AuditLogTest, SaysWhatIsWrongThoughNothingIsLost) {
  audit.use("/a", std::make_unique<FakeSink>(result, last));
  result = {.written = true, .trouble = "/a: cannot be opened"};
  record();
  EXPECT_EQ(audit.status()->written, 1U);
  EXPECT_EQ(audit.status()->lost, 0U);
  EXPECT_THAT(log.lines, ElementsAre("audit record: still written, but: /a: cannot be opened"));
}

}  // namespace
}  // namespace tsmtp::daemon
