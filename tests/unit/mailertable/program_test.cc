// The program as an administrator meets it: arguments, messages, exit statuses, signals.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <thread>

#include "tests/unit/mailertable/table_files.h"

namespace tsmtp::mailertable {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::SizeIs;

struct Finished {
  int status = -1;
  std::string output;  ///< stdout and stderr
};

Finished run(const std::string& arguments) {
  Finished result;
  std::FILE* pipe = ::popen((MAILERTABLE_PROGRAM " " + arguments + " 2>&1").c_str(), "r");
  for (int c = 0; pipe != nullptr && (c = std::fgetc(pipe)) != EOF;)
    result.output += static_cast<char>(c);
  if (pipe != nullptr) result.status = WEXITSTATUS(::pclose(pipe));
  return result;
}

class Program : public testing::Test {
 protected:
  void SetUp() override { write_file(source_, "birl.example tsmtp:[127.0.5.2]\n"); }

  TemporaryDirectory directory_;
  std::string source_ = directory_ / "mailertable";
  std::string table_ = source_ + ".db";
};

TEST_F(Program, ExplainsItself) {
  const Finished help = run("--help");
  EXPECT_EQ(help.status, EX_OK);
  EXPECT_THAT(help.output, AllOf(HasSubstr("build [-t hash|btree] [-o DB] FILE"), HasSubstr("check FILE")));
  EXPECT_THAT(run("--version").output, HasSubstr("mailertable (tsmtp) "));
  EXPECT_THAT(run("build --help").output, AllOf(HasSubstr("--output"), HasSubstr("--mailer")));
  EXPECT_EQ(run("check --help").status, EX_OK);
}

TEST_F(Program, RefusesWrongArguments) {
  EXPECT_EQ(run("").status, EX_USAGE);
  EXPECT_EQ(run("build").status, EX_USAGE);
  EXPECT_EQ(run("build -t dbm " + source_).status, EX_USAGE);
  EXPECT_EQ(run("build -t 0 " + source_).status, EX_USAGE);
  EXPECT_EQ(run("build --frobnicate " + source_).status, EX_USAGE);
  EXPECT_EQ(run("build " + source_ + " " + source_).status, EX_USAGE);
  EXPECT_EQ(run("build - < " + source_).status, EX_USAGE);
  const Finished misspelt = run("biuld " + source_);
  EXPECT_EQ(misspelt.status, EX_USAGE);
  EXPECT_THAT(misspelt.output, HasSubstr("did you mean \"build\"?"));
}

TEST_F(Program, BuildsSilently) {
  const Finished built = run("build " + source_);
  EXPECT_EQ(built.status, EX_OK);
  EXPECT_EQ(built.output, "");
  EXPECT_EQ(read_table(table_)["birl.example"], "tsmtp:[127.0.5.2]");
}

TEST_F(Program, BuildsABtreeOfStandardInput) {
  EXPECT_EQ(run("build -t btree -o " + table_ + " - < " + source_).status, EX_OK);
  EXPECT_EQ(read_table(table_)[""], "btree");
}

TEST_F(Program, SaysThatTheOldTableIsUnchanged) {
  write_file(source_, "birl.example tsmtp:[127.0.5.2] # x\n.birl.example [127.0.5.2]\na.example tsmtp:h\n");
  EXPECT_THAT(run("build " + source_).output,
              EndsWith("mailertable: 2 errors, 1 warning; " + table_ + " is not written\n"));
  write_file(table_, "old");
  const Finished refused = run("build " + source_);
  EXPECT_EQ(refused.status, EX_DATAERR);
  EXPECT_THAT(refused.output,
              AllOf(HasSubstr(source_ + ":1:32: error: "), HasSubstr(source_ + ":2:15: error: "),
                    HasSubstr(source_ + ":3:17: warning: "),
                    EndsWith("mailertable: 2 errors, 1 warning; " + table_ + " is unchanged\n")));
  EXPECT_EQ(content_of(table_), "old");
}

TEST_F(Program, TellsFailuresApart) {
  EXPECT_EQ(run("build " + source_ + ".none").status, EX_NOINPUT);
  const Finished refused = run("build -o " + (directory_ / "none/x.db") + " " + source_);
  EXPECT_EQ(refused.status, EX_CANTCREAT);
  EXPECT_THAT(refused.output, AllOf(HasSubstr("No such file or directory"), EndsWith("is not written\n")));
  EXPECT_EQ(run("build -o /dev/full " + source_).status, EX_CANTCREAT);
}

TEST_F(Program, ChecksWithoutWriting) {
  const Finished good = run("check " + source_);
  EXPECT_EQ(good.status, EX_OK);
  EXPECT_EQ(good.output, source_ + ": 1 entry, no mistakes found\n");
  EXPECT_EQ(run("check - < " + source_).output, "<stdin>: 1 entry, no mistakes found\n");
  write_file(source_, "birl.example paper:x\n");
  EXPECT_EQ(run("check " + source_).status, EX_DATAERR);
  EXPECT_EQ(run("check --mailer paper " + source_).status, EX_OK);
  EXPECT_THAT(directory_.names(), ElementsAre("mailertable"));
}

TEST_F(Program, RemovesItsTemporaryFileWhenTerminated) {
  ASSERT_EQ(run("build " + source_).status, EX_OK);
  const std::string before = content_of(table_);
  // The build stops at this lock, its temporary file written.
  const int held = ::open(table_.c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_EQ(::flock(held, LOCK_EX), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::execl(MAILERTABLE_PROGRAM, "mailertable", "build", source_.c_str(), nullptr);
    ::_exit(127);
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (directory_.names().size() < 3 && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  ASSERT_THAT(directory_.names(), SizeIs(3));
  ::kill(child, SIGTERM);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ::close(held);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGTERM);
  EXPECT_THAT(directory_.names(), ElementsAre("mailertable", "mailertable.db"));
  EXPECT_EQ(content_of(table_), before);
}

TEST_F(Program, LetsConcurrentBuildsFinish) {
  constexpr int kBuilds = 8;
  for (int i = 0; i < kBuilds; ++i) {
    if (::fork() != 0) continue;
    ::execl(MAILERTABLE_PROGRAM, "mailertable", "build", source_.c_str(), nullptr);
    ::_exit(127);
  }
  for (int i = 0; i < kBuilds; ++i) {
    int status = 0;
    ASSERT_GT(::wait(&status), 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(read_table(table_)["birl.example"], "tsmtp:[127.0.5.2]");
  EXPECT_THAT(directory_.names(), ElementsAre("mailertable", "mailertable.db"));
}

}  // namespace
}  // namespace tsmtp::mailertable
