#include "relayd/daemon/audit_journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/daemon/audit_sample.h"
#include "tests/unit/daemon/fake_journal.h"

namespace tsmtp::daemon {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class AuditJournalTest : public testing::Test {
 protected:
  FakeJournal journald;
  const std::string path = journald.path;
};

TEST_F(AuditJournalTest, TellsTheRecordAndWhatOneSearchesBy) {
  journald.listen();
  AuditJournal journal(path);
  EXPECT_TRUE(journal.write(sample_record("{\"a\":1}")).written);
  EXPECT_EQ(journald.receive(),
            "SYSLOG_IDENTIFIER=tsmtp-audit\nSYSLOG_FACILITY=2\nPRIORITY=6\nTSMTP_HUB=tokyo\nTSMTP_SITE=birl\n"
            "TSMTP_DIRECTION=out\nTSMTP_TRANSACTION=01ff\nTSMTP_SENDER=a@tokyo.example\n"
            "TSMTP_RECIPIENT=b@birl.example\nTSMTP_CODE=250\nTSMTP_RESULT=delivered\nMESSAGE={\"a\":1}\n");
}

TEST_F(AuditJournalTest, ARecordTooLargeForADatagramGoesInAFile) {
  journald.listen();
  AuditJournal journal(path);
  const std::string line(512 * 1024, 'x');
  const AuditWrite write = journal.write(sample_record(line));
  EXPECT_TRUE(write.written) << write.trouble;
  EXPECT_THAT(journald.receive(), HasSubstr("MESSAGE=" + line + "\n"));
}

TEST_F(AuditJournalTest, FindsAJournaldThatWasStartedAnew) {
  AuditJournal journal(path);
  const AuditWrite lost = journal.write(sample_record("{1}"));
  EXPECT_FALSE(lost.written);
  EXPECT_EQ(lost.trouble, path + ": journald cannot be told: No such file or directory");
  journald.listen();
  EXPECT_TRUE(journal.write(sample_record("{2}")).written);
  journald.listen();
  EXPECT_TRUE(journal.write(sample_record("{3}")).written);
  EXPECT_THAT(journald.receive(), HasSubstr("MESSAGE={3}\n"));
}

TEST_F(AuditJournalTest, NeverWaitsForAJournaldThatDoesNotRead) {
  journald.listen();
  AuditJournal journal(path);
  bool lost = false;
  for (int i = 0; i < 100'000 && !lost; ++i)
    lost = !journal.write(sample_record("{}")).written;
  EXPECT_TRUE(lost);
  EXPECT_THAT(journald.receive(), StartsWith("SYSLOG_IDENTIFIER="));
  EXPECT_TRUE(journal.write(sample_record("{}")).written);
}

}  // namespace
}  // namespace tsmtp::daemon
