// The program as an administrator meets it: arguments, messages, exit statuses, signals.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "tests/support/wait_until.h"
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
  EXPECT_THAT(help.output,
              AllOf(HasSubstr("build [-t hash|btree] [-o DB] FILE..."), HasSubstr("check FILE...")));
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
  EXPECT_EQ(run("build " + source_ + " " + source_).status, EX_USAGE);  // which table?
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

TEST_F(Program, TakesWarningsForErrorsWhenStrict) {
  write_file(source_, "Birl.example tsmtp:[127.0.5.2]\n");
  EXPECT_EQ(run("build " + source_).status, EX_OK);
  const Finished strict = run("build --strict --format gcc " + source_);
  EXPECT_EQ(strict.status, EX_DATAERR);
  EXPECT_THAT(strict.output, AllOf(HasSubstr(":1:1: error: capitals"), EndsWith("is unchanged\n")));
}

TEST_F(Program, MakesOneTableOfSeveralFiles) {
  write_file(directory_ / "more", "gmd.example tsmtp:[127.0.5.3]\n");
  EXPECT_EQ(run("build -o " + table_ + " " + source_ + " " + (directory_ / "more")).status, EX_OK);
  EXPECT_EQ(read_table(table_).size(), 3U);  // the two, and the type
}

TEST_F(Program, ResolvesDumpsAndCompares) {
  ASSERT_EQ(run("build " + source_).status, EX_OK);
  const Finished found = run("resolve " + table_ + " joe@Birl.Example x.example");
  EXPECT_EQ(found.status, 1);
  EXPECT_THAT(found.output, AllOf(HasSubstr("joe@Birl.Example: tsmtp:[127.0.5.2], by the key birl.example"),
                                  HasSubstr("x.example: no key answers")));
  EXPECT_EQ(run("resolve " + source_ + " 'joe@[127.0.0.9]'").status, EX_DATAERR);
  EXPECT_EQ(run("dump " + table_).output, "birl.example\ttsmtp:[127.0.5.2]\n");
  EXPECT_EQ(run("diff " + source_ + " " + table_).status, 0);
  write_file(source_, "birl.example local:joe\n");
  const Finished differs = run("diff " + table_ + " " + source_);
  EXPECT_EQ(differs.status, 1);
  EXPECT_EQ(differs.output, "-birl.example\ttsmtp:[127.0.5.2]\n+birl.example\tlocal:joe\n");
  EXPECT_EQ(run("diff " + table_ + " " + source_ + ".none").status, 2);
  write_file(table_, content_of(table_).substr(0, 6000));
  const Finished damaged = run("dump " + table_);
  EXPECT_EQ(damaged.status, EX_DATAERR);
  EXPECT_THAT(damaged.output, HasSubstr("damaged"));
}

TEST_F(Program, FormatsInPlace) {
  write_file(source_, "a.example  \tx:1\nlong.example x:2\n");
  EXPECT_EQ(run("fmt -i " + source_).status, EX_OK);
  EXPECT_EQ(content_of(source_), "a.example     x:1\nlong.example  x:2\n");
}

// P9: a built table given as its text stays what it is.
TEST_F(Program, FormatsNoBuiltTable) {
  ASSERT_EQ(run("build --no-cf " + source_).status, EX_OK);
  const std::string before = content_of(table_);
  for (const char* options : {"fmt -i ", "fmt "}) {
    const Finished refused = run(options + table_);
    EXPECT_EQ(refused.status, EX_DATAERR);
    EXPECT_THAT(refused.output, HasSubstr("is a built table"));
  }
  EXPECT_EQ(content_of(table_), before);
}

TEST_F(Program, WritesOverNothingThatIsNotItsOwn) {
  const std::string other = directory_ / "shadow";
  write_file(other, "root:x:0:0\n");
  const Finished refused = run("build --no-cf -o " + other + ' ' + source_);
  EXPECT_EQ(refused.status, EX_CANTCREAT);
  EXPECT_THAT(refused.output, AllOf(HasSubstr("is not a table of sendmail's"), HasSubstr("is unchanged")));
  EXPECT_EQ(content_of(other), "root:x:0:0\n");
}

TEST_F(Program, BuildsWhatTheCfReads) {
  const std::string cf = directory_ / "sendmail.cf";
  write_file(cf, "Mtsmtp, P=[IPC], F=mDFMuXa80\nKmailertable btree -o " + source_ + "\n");
  EXPECT_EQ(run("build --cf " + cf + ' ' + source_).status, EX_OK);
  EXPECT_EQ(read_table(table_)[""], "btree");
  const Finished wrong = run("build -t hash --cf " + cf + ' ' + source_);
  EXPECT_EQ(wrong.status, EX_DATAERR);
  EXPECT_THAT(wrong.output,
              AllOf(HasSubstr("sendmail reads this table as btree"), HasSubstr("send all mail out in clear"),
                    HasSubstr("build it with -t btree")));
  EXPECT_EQ(read_table(table_)[""], "btree");
  EXPECT_THAT(run("build --cf " + cf + " -o " + (directory_ / "elsewhere.db") + ' ' + source_).output,
              HasSubstr("sendmail reads the mailertable " + source_ + ", and not"));
  write_file(cf, "Mtsmtp, P=[IPC], F=mDFMuXa80\nKmailertable cdb " + source_ + "\n");
  const Finished other = run("build --cf " + cf + ' ' + source_);
  EXPECT_EQ(other.status, EX_DATAERR);
  EXPECT_THAT(other.output, HasSubstr("would never look into this one"));
}

TEST_F(Program, SaysWhatBecomesOfTheMail) {
  EXPECT_THAT(run("resolve " + source_ + " birl.example").output,
              HasSubstr("mail is handed to relayd at [127.0.5.2]"));
  EXPECT_THAT(run("resolve --format json " + source_ + " birl.example").output,
              HasSubstr("\"kind\": \"tunnel\""));
}

TEST_F(Program, SaysAMistakeOfManyLinesTenTimes) {
  std::string text;
  for (int i = 0; i < 40; ++i)
    text += "d" + std::to_string(i) + ".example\ttsmpt:[127.0.5.2]\n";
  write_file(source_, text);
  const Finished checked = run("check --no-cf " + source_);
  EXPECT_THAT(checked.output, AllOf(HasSubstr("mailertable:10:"), testing::Not(HasSubstr("mailertable:12:")),
                                    HasSubstr("mailertable:11:13: error: 30 more like this from here on"),
                                    HasSubstr("40 errors")));
  EXPECT_THAT(run("check --no-cf --format gcc " + source_).output, HasSubstr("mailertable:40:"));
}

// Where libdb opens a file by its name, fs.protected_regular refuses one that another user owns (EACCES, for
// root too), and whoever owns the directory can put a link in its place.
TEST_F(Program, NeedsNoNameForWhatItWrites) {
  if (::geteuid() != 0) GTEST_SKIP() << "gives files to another user";
  constexpr uid_t kNobody = 65534;
  ASSERT_EQ(::chmod((directory_ / ".").c_str(), 01777), 0);
  ASSERT_EQ(::chown((directory_ / ".").c_str(), kNobody, kNobody), 0);
  ASSERT_EQ(run("build --no-cf " + source_).status, EX_OK);
  ASSERT_EQ(::chown(table_.c_str(), kNobody, kNobody), 0);
  EXPECT_EQ(run("build --no-cf " + source_).status, EX_OK);
  write_file(directory_ / "cf", "O TrustedUser=65534\n");
  const Finished made = run("makemap -C " + (directory_ / "cf") + " hash " + source_ + " < " + source_);
  EXPECT_EQ(made.status, EX_OK) << made.output;
}

// A long key with thousands of values: a file of little size, and a text of more than any memory.
TEST_F(Program, DumpsNothingThatDoesNotFitInMemory) {
  const std::string big = directory_ / "big.db";
  ASSERT_TRUE(write_one_key(big, std::string(60'000, 'k'), 2'000));
  const Finished refused = run("dump " + big);
  EXPECT_THAT(refused.output, HasSubstr("has so many values"));
  EXPECT_THAT(refused.output,
              testing::Not(HasSubstr("kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk")));
}

TEST_F(Program, IsMakemapUnderThatName) {
  write_file(directory_ / "cf", "");
  ASSERT_EQ(::symlink(MAILERTABLE_PROGRAM, (directory_ / "makemap").c_str()), 0);
  std::FILE* pipe =
      ::popen(((directory_ / "makemap") + " -C " + (directory_ / "cf") + " btree " + source_ + " 2>/dev/null")
                  .c_str(),
              "w");
  ASSERT_NE(pipe, nullptr);
  std::fputs("A b\nno-value\n", pipe);
  EXPECT_EQ(WEXITSTATUS(::pclose(pipe)), EX_DATAERR);
  EXPECT_EQ(read_table(table_), (std::map<std::string, std::string>{{"", "btree"}, {"a", "b"}}));
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
  (void)support::wait_until([this] { return directory_.names().size() >= 3; });
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
