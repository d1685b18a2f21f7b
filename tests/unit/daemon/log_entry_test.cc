// Lines of the log in the journal: fields of their own, and a reader that stops stops nobody.
#include "relayd/daemon/log_entry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <syslog.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "relayd/daemon/log.h"
#include "relayd/daemon/log_lines.h"
#include "tests/unit/daemon/fake_journal.h"

namespace tsmtp::daemon {
namespace {

using base::LogLevel;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(LogEntry, HasWhatOneSearchesBy) {
  EXPECT_EQ(log_entry(LOG_WARNING, "tokyo", "birl/mail2: link down: no sign of life for 20 s"),
            "MESSAGE=birl/mail2: link down: no sign of life for 20 s\nPRIORITY=4\nSYSLOG_IDENTIFIER=relayd\n"
            "SYSLOG_FACILITY=2\nTSMTP_HUB=tokyo\nTSMTP_KIND=link-down\nMESSAGE_ID=" +
                message_id("link-down") +
                "\nTSMTP_SITE=birl\nTSMTP_SITE_HUB=mail2\nTSMTP_CAUSE=no sign of life for 20 s\n");
}

TEST(LogEntry, OfAMailHasTheFarMtasNameOfIt) {
  EXPECT_THAT(
      log_entry(LOG_INFO, "tokyo",
                "out birl 5aaac491fb48: from=<a@tokyo.example> to=<b@birl.example> size=18 "
                "reply=\"250 2.0.0 4AU6TqPn001234 Message accepted for delivery\" took=22ms"),
      AllOf(HasSubstr("\nTSMTP_TRANSACTION=5aaac491fb48\n"), HasSubstr("\nTSMTP_SENDER=a@tokyo.example\n"),
            HasSubstr("\nTSMTP_QUEUE_ID=4AU6TqPn001234\n"), EndsWith("\nTSMTP_TOOK=22\n")));
}

TEST(LogEntry, QueueIdsOfMtas) {
  for (const auto& [reply, id] : std::vector<std::pair<std::string, std::string>>{
           {"250 2.0.0 4AU6TqPn001234 Message accepted for delivery", "4AU6TqPn001234"},
           {"250 2.0.0 Ok: queued as 4F2B31A2", "4F2B31A2"},
           {"250 OK id=1abcde-0001Xy-2Z", "1abcde-0001Xy-2Z"},
           {"250 2.0.0 5e1f2a3b Message accepted for delivery", "5e1f2a3b"},
           {"250 2.0.0 Ok", ""},
           {"250 Message accepted for delivery", ""},
           {"451 4.3.0 queued as nothing", ""},
           {"", ""}})
    EXPECT_EQ(queue_id_in(reply), id) << reply;
}

TEST(LogEntry, EachKindHasAMessageIdOfItsOwn) {
  std::set<std::string> ids;
  for (const LogPart& part : log_parts())
    for (const LogLine& line : part.lines)
      EXPECT_TRUE(ids.insert(message_id(line.kind)).second) << line.kind;
  EXPECT_EQ(message_id("link-down").size(), 32U);
  EXPECT_EQ(message_id("link-down"), "6f1c6d2b9be14c1aac1ebf2c2f4fee98") << "it is a contract";
}

TEST(LogEntry, ALineOfNoRowIsAnEntryToo) {
  EXPECT_THAT(log_entry(LOG_INFO, "tokyo", "no row is of this"),
              AllOf(StartsWith("MESSAGE=no row is of this\nPRIORITY=6\n"), Not(HasSubstr("KIND"))));
}

class JournalLog : public testing::Test {
 protected:
  [[nodiscard]] std::unique_ptr<base::Logger> logger(settings::LogTarget target) {
    const auto later = [this](std::function<void()> task) { tasks.push_back(std::move(task)); };
    return make_logger({.target = target, .hub = "tokyo", .journal = journald.path}, later, later);
  }
  void run_tasks() {
    for (const auto& task : std::exchange(tasks, {}))
      task();
  }

  FakeJournal journald;
  std::vector<std::function<void()>> tasks;
};

TEST_F(JournalLog, GetsAnEntryALine) {
  journald.listen();
  const auto log = logger(settings::LogTarget::kJournal);
  log->log(LogLevel::kInfo, "one\nMESSAGE=forged");
  log->log(LogLevel::kError, "two");
  EXPECT_THAT(journald.receive(), StartsWith("MESSAGE=one?MESSAGE=forged\nPRIORITY=6\n"));
  EXPECT_THAT(journald.receive(), StartsWith("MESSAGE=two\nPRIORITY=3\n"));
}

TEST_F(JournalLog, IsTakenByItselfWhereStandardErrorIsTheJournal) {
  journald.listen();
  struct stat ours {};
  fstat(STDERR_FILENO, &ours);
  setenv("JOURNAL_STREAM", (std::to_string(ours.st_dev) + ':' + std::to_string(ours.st_ino)).c_str(), 1);
  logger(settings::LogTarget::kStderr)->log(LogLevel::kError, "by fields");
  EXPECT_THAT(journald.receive(), StartsWith("MESSAGE=by fields\n"));
  unsetenv("JOURNAL_STREAM");
  logger(settings::LogTarget::kStderr)->log(LogLevel::kInfo, "on standard error");
  EXPECT_EQ(journald.receive(), "nothing");
}

// Without the bound on waiting this test does not end.
TEST_F(JournalLog, ThatDoesNotReadStopsNobodyAndIsToldWhatItHasMissed) {
  journald.listen();
  const auto log = logger(settings::LogTarget::kJournal);
  for (int i = 0; i < 20'000; ++i)
    log->log(LogLevel::kWarning, "line " + std::to_string(i));
  std::string last;
  for (std::string entry; (entry = journald.receive()) != "nothing"; run_tasks())
    last = entry;
  EXPECT_THAT(last, HasSubstr(" log lines lost: they came faster than they were read\n"));
  EXPECT_THAT(last, HasSubstr("TSMTP_KIND=log-lost\n"));
  log->log(LogLevel::kWarning, "read again");
  EXPECT_THAT(journald.receive(), StartsWith("MESSAGE=read again\n"));
}

TEST_F(JournalLog, ThatComesLaterGetsWhatHasWaited) {
  const auto log = logger(settings::LogTarget::kJournal);
  log->log(LogLevel::kWarning, "nobody is there yet");
  journald.listen();
  run_tasks();
  EXPECT_THAT(journald.receive(), StartsWith("MESSAGE=nobody is there yet\n"));
}

}  // namespace
}  // namespace tsmtp::daemon
