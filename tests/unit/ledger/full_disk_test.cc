// A disk that is full, a directory that is gone, a log that was cut: nothing that was on disk is lost without
// a word, and when the cause is gone the ledger goes on by itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <functional>

#include "relayd/ledger/room.h"
#include "relayd/ledger/store.h"
#include "tests/support/temporary_directory.h"

namespace tsmtp::ledger {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

Change durable(Table table, std::string key) {
  return {.table = table, .key = std::move(key), .value = std::string(200, 'v'), .durable = true};
}

base::Result<void> put(Store& store, const std::string& key) {
  const Change batch[] = {durable(Table::kDoubts, key), durable(Table::kOutcomes, key)};
  return store.apply(batch);
}

std::size_t rows_of(Store& store, Table table) {
  const auto rows = store.load(table);
  return rows ? rows->size() : 0;
}

// No pointers of the library's. The directory's name is random, and may hold any letters.
bool holds_a_pointer(std::string message, const std::string& dir) {
  for (std::size_t at; (at = message.find(dir)) != std::string::npos;)
    message.erase(at, dir.size());
  return message.find("0x") != std::string::npos;
}

/// Files cannot grow beyond that while it lives.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit small = before_;
    small.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &small);
  }
  ~FileSizeLimit() { setrlimit(RLIMIT_FSIZE, &before_); }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
};

constexpr int kNoMount = 77;

// Runs `body` in a child that sees a tmpfs of its own at `dir`; a failed expectation ends in a status.
int on_small_disk(const std::string& dir, const char* size, const std::function<bool()>& body) {
  const pid_t pid = fork();
  if (pid == 0) {
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("tmpfs", dir.c_str(), "tmpfs", 0, (std::string("size=") + size).c_str()) != 0)
      _exit(kNoMount);
    _exit(body() && !testing::Test::HasFailure() ? 0 : 1);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void fill_disk(const std::string& file) {
  std::ofstream out(file, std::ios::binary | std::ios::app);
  const std::string block(4096, 'x');
  while (out.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
  }
}

class FullDisk : public testing::Test {
 protected:
  void SetUp() override { fs::create_directory(mount_point()); }
  std::string mount_point() const { return dir_.path() + "/disk"; }
  std::string ledger() const { return mount_point() + "/ledger"; }

  void run(const char* size, const std::function<bool()>& body) {
    const int status = on_small_disk(mount_point(), size, body);
    if (status == kNoMount) GTEST_SKIP() << "needs to mount a tmpfs";
    EXPECT_EQ(status, 0);
  }

  support::TemporaryDirectory dir_;
};

TEST_F(FullDisk, IsSaidAndHealsWithEverything) {
  run("12m", [this] {
    {
      auto store = Store::open(ledger());
      if (!store) return false;
      for (int i = 0; i < 500; ++i)
        EXPECT_TRUE(put(**store, "before " + std::to_string(i)));
      fill_disk(mount_point() + "/filler");
      std::size_t failed = 0;
      for (int i = 0; i < 2000; ++i) {
        const auto result = put(**store, "during " + std::to_string(i));
        if (result) continue;
        ++failed;
        EXPECT_THAT(result.error().message, HasSubstr(kNoRoom));
        EXPECT_THAT(result.error().message, HasSubstr(ledger()));
        EXPECT_FALSE(holds_a_pointer(result.error().message, ledger())) << result.error().message;
      }
      EXPECT_EQ(failed, 2000U);
      fs::remove(mount_point() + "/filler");
      for (int i = 0; i < 2000; ++i)
        EXPECT_TRUE(put(**store, "after " + std::to_string(i)));
    }
    auto store = Store::open(ledger());
    if (!store) return false;
    EXPECT_EQ(rows_of(**store, Table::kDoubts), 4500U);
    EXPECT_EQ(rows_of(**store, Table::kOutcomes), 4500U);
    EXPECT_TRUE((*store)->warnings().empty());
    return true;
  });
}

// Whatever fills the disk does so between our look and our write.
TEST_F(FullDisk, FilesThatCannotGrowHealToo) {
  std::signal(SIGXFSZ, SIG_IGN);
  const std::string dir = dir_.file("ledger");
  auto store = Store::open(dir);
  ASSERT_TRUE(store);
  for (int i = 0; i < 500; ++i)
    ASSERT_TRUE(put(**store, "before " + std::to_string(i)));
  std::size_t failed = 0;
  {
    const FileSizeLimit limit(200UL * 1024);
    for (int i = 0; i < 3000; ++i) {
      const auto result = put(**store, "during " + std::to_string(i));
      if (result) continue;
      ++failed;
      ASSERT_THAT(result.error().message, HasSubstr(kNoRoom));
      ASSERT_FALSE(holds_a_pointer(result.error().message, dir)) << result.error().message;
    }
  }
  EXPECT_GT(failed, 0U);
  EXPECT_TRUE((*store)->apply({}));  // no mail is needed
  for (int i = 0; i < 500; ++i)
    EXPECT_TRUE(put(**store, "after " + std::to_string(i)));
  store->reset();
  auto again = Store::open(dir);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(rows_of(**again, Table::kDoubts), 4000U);
  EXPECT_EQ(rows_of(**again, Table::kOutcomes), 4000U);
}

TEST(FullDiskMessages, AreNotBlamedForTheNameOfADirectory) {
  EXPECT_FALSE(holds_a_pointer("/tmp/tsmtp-test-0x2AeG/ledger: no space", "/tmp/tsmtp-test-0x2AeG/ledger"));
  EXPECT_TRUE(holds_a_pointer("/tmp/x/ledger: write: 0x7fd6", "/tmp/x/ledger"));
}

TEST_F(FullDisk, AKillWhileItIsFullLosesNothing) {
  run("12m", [this] {
    const pid_t pid = fork();
    if (pid == 0) {
      auto store = Store::open(ledger());
      if (!store) _exit(1);
      for (int i = 0; i < 3000; ++i)
        if (!put(**store, "before " + std::to_string(i))) _exit(2);
      fill_disk(mount_point() + "/filler");
      for (int i = 0; i < 50; ++i)
        if (put(**store, "during " + std::to_string(i))) _exit(3);
      raise(SIGKILL);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << status;
    // Started while the disk is still full: what is known must be known.
    {
      auto store = Store::open(ledger());
      EXPECT_TRUE(store) << store.error().message;
      if (!store) return false;
      EXPECT_EQ(rows_of(**store, Table::kDoubts), 3000U);
      fs::remove(mount_point() + "/filler");
      EXPECT_TRUE(put(**store, "after"));
    }
    auto store = Store::open(ledger());
    return store && rows_of(**store, Table::kDoubts) == 3001;
  });
}

TEST_F(FullDisk, ADirectoryThatIsGoneComesBackWithEverything) {
  const std::string dir = dir_.file("ledger");
  auto store = Store::open(dir);
  ASSERT_TRUE(store);
  ASSERT_TRUE(put(**store, "before"));
  fs::remove_all(dir);
  EXPECT_TRUE(put(**store, "after"));
  store->reset();
  auto again = Store::open(dir);
  ASSERT_TRUE(again);
  EXPECT_EQ(rows_of(**again, Table::kDoubts), 2U);
}

class LogLost : public testing::Test {
 protected:
  void SetUp() override {
    auto store = Store::open(ledger());
    ASSERT_TRUE(store);
    for (int i = 0; i < 3000; ++i)  // more than a log file
      ASSERT_TRUE(put(**store, std::to_string(i)));
  }
  std::string ledger() const { return dir_.file("ledger"); }
  std::vector<fs::path> logs() const {
    std::vector<fs::path> out;
    for (const auto& file : fs::directory_iterator(ledger()))
      if (file.path().filename().string().starts_with("log.")) out.push_back(file.path());
    std::sort(out.begin(), out.end());
    return out;
  }
  // Opens, says a word, keeps what the tables hold, goes on.
  void expect_heals() {
    {
      auto store = Store::open(ledger());
      ASSERT_TRUE(store) << store.error().message;
      EXPECT_FALSE((*store)->warnings().empty());
      EXPECT_EQ(rows_of(**store, Table::kDoubts), 3000U);
      EXPECT_TRUE(put(**store, "after"));
    }
    auto store = Store::open(ledger());
    ASSERT_TRUE(store);
    EXPECT_TRUE((*store)->warnings().empty()) << (*store)->warnings().front();
    EXPECT_EQ(rows_of(**store, Table::kDoubts), 3001U);
    EXPECT_EQ(rows_of(**store, Table::kOutcomes), 3001U);
  }

  support::TemporaryDirectory dir_;
};

TEST_F(LogLost, Missing) {
  for (const fs::path& log : logs())
    fs::remove(log);
  expect_heals();
}

TEST_F(LogLost, TheLastOneMissing) {
  fs::remove(logs().back());
  auto store = Store::open(ledger());
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_FALSE((*store)->warnings().empty());
  EXPECT_TRUE(put(**store, "after"));
}

TEST_F(LogLost, Cut) {
  fs::resize_file(logs().back(), 500);
  expect_heals();
}

TEST_F(LogLost, Empty) {
  for (const fs::path& log : logs())
    fs::resize_file(log, 0);
  expect_heals();
}

TEST_F(LogLost, AMissingTableIsSaid) {
  fs::remove(ledger() + "/doubts.db");
  auto store = Store::open(ledger());
  ASSERT_TRUE(store) << store.error().message;
  ASSERT_FALSE((*store)->warnings().empty());
  EXPECT_THAT((*store)->warnings().front(), HasSubstr("doubts.db is missing"));
  EXPECT_THAT((*store)->warnings().front(), HasSubstr("twice"));
  EXPECT_EQ(rows_of(**store, Table::kOutcomes), 3000U);
  EXPECT_TRUE(put(**store, "after"));
}

// Killed between the log's removal and the tables' replacement, or before.
TEST_F(LogLost, TablesMadeAnewCountWhenTheyAreComplete) {
  {
    auto store = Store::open(dir_.file("other"));
    ASSERT_TRUE(store && put(**store, "new"));
  }
  for (const char* name : {"doubts.db", "outcomes.db"})
    fs::copy(dir_.file("other") + '/' + name, ledger() + '/' + name + ".new");
  {
    auto store = Store::open(ledger());
    ASSERT_TRUE(store);
    EXPECT_EQ(rows_of(**store, Table::kDoubts), 3000U);
  }
  EXPECT_FALSE(fs::exists(ledger() + "/doubts.db.new"));
}

}  // namespace
}  // namespace tsmtp::ledger
