// A hub's memory has the same name as long as nothing of it can have been lost.
#include "relayd/net/ledger/memory_name.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "relayd/claims/value.h"
#include "tests/support/temporary_directory.h"

namespace tsmtp::net {
namespace {

class MemoryName : public testing::Test {
 protected:
  MemoryName() { boot("one"); }
  ~MemoryName() override { unsetenv("TSMTP_BOOT_ID"); }
  static void boot(const char* id) { setenv("TSMTP_BOOT_ID", id, 1); }
  [[nodiscard]] std::string name(bool is_lost = false) const { return memory_name(dir_, is_lost); }

  support::TemporaryDirectory directory_;
  std::string dir_ = directory_.file(".");
};

TEST_F(MemoryName, StaysWithTheBoot) {
  const std::string first = name();
  EXPECT_EQ(first.size(), claims::kMemoryBytes);
  EXPECT_EQ(name(), first);
  boot("two");
  const std::string second = name();
  EXPECT_NE(second, first);
  EXPECT_EQ(name(), second);
  boot("one");
  EXPECT_NE(name(), first) << "what was before is over";
}

TEST_F(MemoryName, IsAnotherWhereRowsWereLost) {
  const std::string first = name();
  const std::string second = name(true);
  EXPECT_NE(second, first);
  EXPECT_EQ(name(), second);
}

TEST_F(MemoryName, IsAnotherInAnotherDirectory) {
  const support::TemporaryDirectory other;
  EXPECT_NE(memory_name(other.file("."), false), name());
}

TEST_F(MemoryName, OfAFileThatWasCutIsNotBelieved) {
  const std::string first = name();
  std::ofstream(dir_ + "/claims.memory") << "one\n" << first.substr(1);
  EXPECT_NE(name(), first);
}

TEST_F(MemoryName, WithoutItsDirectoryIsNewEachTime) {
  dir_ = directory_.file("nowhere");
  EXPECT_NE(name(), name());
}

TEST_F(MemoryName, IsTheKernelsWhereNobodySaysIt) {
  unsetenv("TSMTP_BOOT_ID");
  EXPECT_EQ(name(), name());
}

}  // namespace
}  // namespace tsmtp::net
