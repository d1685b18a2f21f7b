#include "mailertable/database/table_writer.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <ctime>
#include <thread>

#include "mailertable/text/parser.h"
#include "tests/unit/mailertable/table_files.h"

namespace tsmtp::mailertable {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using Pairs = std::map<std::string, std::string>;

constexpr const char* kText =
    "Birl.Example\ttsmtp:[127.0.5.2]  \n"
    ".birl.example   error:4.4.1:451 x # y\r\n";

/// The file's status; for a file that is not there, one with inode 0.
struct stat status_of(const std::string& path) {
  struct stat status {};
  ::stat(path.c_str(), &status);
  return status;
}

class TableWriter : public testing::Test {
 protected:
  Outcome<void> write(const std::string& text, TableType type = TableType::kHash) {
    text_ = text;
    base::Diagnostics findings;
    return write_table({path_, type, std::chrono::milliseconds(50)}, parse(text_, "table", findings).entries);
  }

  TemporaryDirectory directory_;
  std::string path_ = directory_ / "mt.db";

 private:
  std::string text_;
};

// The bytes are those that makemap 8.17.1 stores for this text without -N (seen with db5.3_dump): the key
// folded, no NUL behind either, trailing blanks kept.
TEST_F(TableWriter, StoresWhatMakemapStores) {
  ASSERT_TRUE(write(kText));
  EXPECT_EQ(read_table(path_), (Pairs{{"", "hash"},
                                      {"birl.example", "tsmtp:[127.0.5.2]  "},
                                      {".birl.example", "error:4.4.1:451 x # y\r"}}));
}

TEST_F(TableWriter, MakesBtrees) {
  ASSERT_TRUE(write(kText, TableType::kBtree));
  EXPECT_EQ(read_table(path_)[""], "btree");
  EXPECT_EQ(read_table(path_)["birl.example"], "tsmtp:[127.0.5.2]  ");
}

TEST_F(TableWriter, MakesAnEmptyTable) {
  ASSERT_TRUE(write(""));
  EXPECT_EQ(read_table(path_), (Pairs{{"", "hash"}}));
}

TEST_F(TableWriter, StoresManyEntriesAndLongOnes) {
  std::string text;
  Pairs expected{{"", "hash"}};
  for (int i = 0; i < 20'000; ++i) {
    const std::string key = "d" + std::to_string(i) + ".example";
    expected[key] = "tsmtp:[" + std::string(static_cast<std::size_t>(i % 900), 'x') + "]";
    text += key + "\t" + expected[key] + "\n";
  }
  ASSERT_TRUE(write(text));
  EXPECT_EQ(read_table(path_), expected);
}

TEST_F(TableWriter, GivesANewTableMode0640WhateverTheUmask) {
  const mode_t before = ::umask(0);
  ASSERT_TRUE(write(kText));
  ::umask(before);
  EXPECT_EQ(status_of(path_).st_mode & 07777, 0640U);
}

TEST_F(TableWriter, KeepsOwnerAndModeOfTheOldTable) {
  write_file(path_, "");
  ASSERT_EQ(::chmod(path_.c_str(), 0604), 0);
  const bool as_root = ::geteuid() == 0;
  if (as_root) {
    ASSERT_EQ(::chown(path_.c_str(), 12, 34), 0);
  }
  ASSERT_TRUE(write(kText));
  EXPECT_EQ(status_of(path_).st_mode & 07777, 0604U);
  if (as_root) {
    EXPECT_EQ(status_of(path_).st_uid, 12U);
    EXPECT_EQ(status_of(path_).st_gid, 34U);
  }
}

TEST_F(TableWriter, LeavesNothingElseBehind) {
  ASSERT_TRUE(write(kText));
  ASSERT_TRUE(write(kText));
  EXPECT_THAT(directory_.names(), ElementsAre("mt.db"));
}

// sendmail holds the old file open and looks at its time of modification, in whole seconds.
TEST_F(TableWriter, MakesTheOldFileLookChangedToWhoeverHoldsIt) {
  ASSERT_TRUE(write(kText));
  const std::array<timespec, 2> future{timespec{std::time(nullptr) + 100, 0},
                                       timespec{std::time(nullptr) + 100, 0}};
  for (const bool is_from_future : {false, true}) {
    if (is_from_future) {
      ASSERT_EQ(::utimensat(AT_FDCWD, path_.c_str(), future.data(), 0), 0);
    }
    const struct stat before = status_of(path_);
    const int held = ::open(path_.c_str(), O_RDONLY);
    ASSERT_TRUE(write(kText));
    struct stat after {};
    ASSERT_EQ(::fstat(held, &after), 0);
    ::close(held);
    EXPECT_NE(status_of(path_).st_ino, before.st_ino);
    EXPECT_GT(after.st_mtim.tv_sec, before.st_mtim.tv_sec);
    EXPECT_LE(after.st_mtim.tv_sec, std::max(before.st_mtim.tv_sec, std::time(nullptr)) + 2);
  }
}

TEST_F(TableWriter, IsNotStoppedByALeftoverTemporary) {
  write_file(directory_ / ".mt.db.AbCdEf", "left by kill -9");
  ASSERT_TRUE(write(kText));
  EXPECT_EQ(read_table(path_)["birl.example"], "tsmtp:[127.0.5.2]  ");
}

TEST_F(TableWriter, ReplacesADamagedTable) {
  ASSERT_TRUE(write(kText));
  const std::string whole = content_of(path_);
  for (const std::string& damaged :
       {std::string(), std::string(8192, '\0'), whole.substr(0, 100), whole.substr(0, 4096)}) {
    write_file(path_, damaged);
    ASSERT_TRUE(write(kText));
    EXPECT_EQ(read_table(path_)["birl.example"], "tsmtp:[127.0.5.2]  ");
  }
}

// P9: -o with a wrong name costs nobody his file.
TEST_F(TableWriter, ReplacesNothingButTables) {
  for (const std::string& others :
       {std::string("root:x:0:0\n"), std::string("SQLite format 3\0 and so on", 26), std::string("x")}) {
    write_file(path_, others);
    const auto refused = write(kText);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, testing::HasSubstr("is not a table of sendmail's"));
    EXPECT_EQ(content_of(path_), others);
  }
}

TEST_F(TableWriter, RefusesADirectoryALinkAndAMissingParent) {
  ASSERT_TRUE(write(kText));
  ASSERT_EQ(::symlink("mt.db", (directory_ / "link.db").c_str()), 0);
  ASSERT_EQ(::mkdir((directory_ / "dir.db").c_str(), 0700), 0);
  for (const char* name : {"link.db", "dir.db", "missing/mt.db", "mt.db/mt.db"}) {
    const auto done = write_table({directory_ / name, TableType::kHash}, {});
    ASSERT_FALSE(done) << name;
    EXPECT_EQ(done.error().exit_status, EX_CANTCREAT) << name;
    EXPECT_THAT(done.error().message, HasSubstr(name[0] == 'm' ? "cannot create" : name));
  }
  EXPECT_THAT(directory_.names(), ElementsAre("dir.db", "link.db", "mt.db"));
}

TEST_F(TableWriter, LeavesTheOldTableWhenTheDiskIsFull) {
  ASSERT_TRUE(write(kText));
  const std::string before = content_of(path_);
  std::string text;
  for (int i = 0; i < 20'000; ++i)
    text += "d" + std::to_string(i) + ".example tsmtp:[127.0.5.2]\n";

  struct rlimit unlimited {};
  ::getrlimit(RLIMIT_FSIZE, &unlimited);
  const struct rlimit limited { 64 * 1024, unlimited.rlim_max };
  auto* const handler = std::signal(SIGXFSZ, SIG_IGN);
  ::setrlimit(RLIMIT_FSIZE, &limited);
  const auto done = write(text);
  ::setrlimit(RLIMIT_FSIZE, &unlimited);
  std::signal(SIGXFSZ, handler);

  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().exit_status, EX_IOERR);
  EXPECT_FALSE(done.error().table_replaced);
  EXPECT_EQ(content_of(path_), before);
  EXPECT_THAT(directory_.names(), ElementsAre("mt.db"));
}

TEST_F(TableWriter, LeavesATableThatStaysLocked) {
  ASSERT_TRUE(write(kText));
  const std::string before = content_of(path_);
  const int held = ::open(path_.c_str(), O_RDONLY);
  ASSERT_EQ(::flock(held, LOCK_EX), 0);
  const auto done = write("a.example local:\n");
  ::close(held);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().exit_status, EX_TEMPFAIL);
  EXPECT_THAT(done.error().message, HasSubstr("locked"));
  EXPECT_EQ(content_of(path_), before);
  EXPECT_THAT(directory_.names(), ElementsAre("mt.db"));
}

}  // namespace
}  // namespace tsmtp::mailertable
