#include "relayd/net/succession/successor.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/temporary_directory.h"

namespace tsmtp::net {
namespace {

TEST(Successor, AnotherFileUnderTheProgramsNameReplacesIt) {
  namespace fs = std::filesystem;
  const support::TemporaryDirectory directory;
  const std::string program = directory.file("relayd");
  fs::create_symlink(fs::read_symlink("/proc/self/exe"), program);
  EXPECT_FALSE(is_replaced(program));
  fs::remove(program);
  EXPECT_FALSE(is_replaced(program)) << "it is just being installed";
  fs::copy("/bin/true", program);
  EXPECT_TRUE(is_replaced(program));
}

}  // namespace
}  // namespace tsmtp::net
