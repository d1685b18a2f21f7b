// Files that something else has written to: an error or what is still right, never a crash. Each try runs in
// a child, so that a crash inside Berkeley DB is a failed test and not the end of all tests.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <random>

#include "relayd/ledger/store.h"
#include "tests/support/temporary_directory.h"

namespace tsmtp::ledger {
namespace {

namespace fs = std::filesystem;

void fill(const std::string& dir) {
  auto store = Store::open(dir);
  ASSERT_TRUE(store) << store.error().message;
  for (int i = 0; i < 300; ++i) {
    const Change batch[] = {
        {.table = Table::kDoubts, .key = std::to_string(i), .value = std::string(200, 'd'), .durable = false},
        {.table = Table::kOutcomes,
         .key = std::to_string(i),
         .value = std::string(200, 'o'),
         .durable = false}};
    ASSERT_TRUE((*store)->apply(batch));
  }
}

enum Outcome { kWorks = 0, kError = 1, kWrong = 2, kCrash = 3 };

Outcome open_in_child(const std::string& dir) {
  const pid_t pid = fork();
  if (pid == 0) {
    const auto store = Store::open(dir);
    if (!store) _exit(store.error().message.empty() ? kWrong : kError);
    for (const Table table : {Table::kDoubts, Table::kOutcomes}) {
      const auto rows = (*store)->load(table);
      if (!rows) _exit(rows.error().message.empty() ? kWrong : kError);
      for (const Entry& row : *rows)
        if (row.value.size() != 200) _exit(kWrong);
    }
    _exit(kWorks);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? static_cast<Outcome>(WEXITSTATUS(status)) : kCrash;
}

void overwrite(const fs::path& file, std::uint64_t at, const std::string& bytes) {
  std::fstream out(file, std::ios::in | std::ios::out | std::ios::binary);
  out.seekp(static_cast<std::streamoff>(at));
  out << bytes;
}

class DamageTest : public testing::Test {
 protected:
  void SetUp() override {
    fill(dir_.file("ledger"));
    fs::copy(dir_.file("ledger"), pristine(), fs::copy_options::recursive);
  }
  std::string pristine() const { return dir_.path() + "/pristine"; }
  void restore() {
    fs::remove_all(dir_.file("ledger"));
    fs::copy(pristine(), dir_.file("ledger"), fs::copy_options::recursive);
  }
  std::vector<fs::path> files() const {
    std::vector<fs::path> out;
    for (const auto& file : fs::directory_iterator(dir_.file("ledger")))
      if (file.path().filename() != "lock") out.push_back(file.path());
    return out;
  }

  support::TemporaryDirectory dir_;
};

TEST_F(DamageTest, UndamagedWorks) {
  EXPECT_EQ(open_in_child(dir_.file("ledger")), kWorks);
}

TEST_F(DamageTest, TextInsteadOfATable) {
  overwrite(dir_.file("ledger") + "/doubts.db", 0, std::string(4096, 'x'));
  EXPECT_EQ(open_in_child(dir_.file("ledger")), kError);
}

TEST_F(DamageTest, GarbageInAPage) {
  overwrite(dir_.file("ledger") + "/outcomes.db", 2 * 4096 + 500, "garbage");
  EXPECT_EQ(open_in_child(dir_.file("ledger")), kError);
}

TEST_F(DamageTest, CutFiles) {
  for (const fs::path& file : files()) {
    for (const std::uintmax_t size : {std::uintmax_t{0}, std::uintmax_t{10}, fs::file_size(file) / 2}) {
      restore();
      fs::resize_file(file, size);
      EXPECT_LT(open_in_child(dir_.file("ledger")), kWrong) << file << " cut to " << size;
    }
  }
}

TEST_F(DamageTest, MissingFiles) {
  for (const fs::path& file : files()) {
    restore();
    fs::remove(file);
    EXPECT_LT(open_in_child(dir_.file("ledger")), kWrong) << file;
  }
}

TEST_F(DamageTest, RandomBytesAnywhere) {
  std::mt19937 random(1998);
  for (const fs::path& file : files()) {
    const std::uintmax_t size = fs::file_size(file);
    for (int round = 0; round < 40; ++round) {
      restore();
      const std::uint64_t at = random() % size;
      std::string bytes(1 + random() % 16, '\0');
      for (char& byte : bytes)
        byte = static_cast<char>(random());
      overwrite(file, at, bytes);
      EXPECT_LT(open_in_child(dir_.file("ledger")), kWrong) << file << " at " << at << " round " << round;
    }
  }
}

}  // namespace
}  // namespace tsmtp::ledger
