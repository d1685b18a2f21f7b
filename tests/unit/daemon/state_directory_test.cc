#include "relayd/daemon/state_directory.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "relayd/daemon/privileges.h"
#include "tests/support/temporary_directory.h"

namespace tsmtp::daemon {
namespace {

namespace fs = std::filesystem;

// Needs root, and a user that every machine has.
class StateDirectory : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "only root can give files away";
    const auto nobody = look_up("nobody");
    ASSERT_TRUE(nobody);
    nobody_ = nobody->uid;
  }

  static void write(const fs::path& file) { std::ofstream(file) << "x"; }
  static uid_t owner(const fs::path& path) {
    struct stat status {};
    EXPECT_EQ(lstat(path.c_str(), &status), 0) << path;
    return status.st_uid;
  }
  /// What a relayd leaves there that had no hub.user, or a service manager that has taken everything.
  void fill() {
    fs::create_directories(dir_ / "ledger");
    for (const char* name : {"digest.key", "commits.17.42", "ledger/doubts.db", "ledger/log.0000000001"})
      write(dir_ / name);
  }

  support::TemporaryDirectory temporary_;
  fs::path dir_ = fs::path(temporary_.path()) / "state";
  uid_t nobody_ = 0;
};

TEST_F(StateDirectory, IsMadeForTheUser) {
  const auto ok = make_state_directory(dir_.string(), "nobody");
  ASSERT_TRUE(ok) << ok.error().message;
  EXPECT_EQ(owner(dir_), nobody_);
  EXPECT_EQ(fs::status(dir_).permissions(), fs::perms::owner_all);
}

TEST_F(StateDirectory, WhatBecameRootsIsGivenBack) {
  fill();
  const auto ok = make_state_directory(dir_.string(), "nobody");
  ASSERT_TRUE(ok) << ok.error().message;
  EXPECT_EQ(owner(dir_), nobody_);
  for (const auto& entry : fs::recursive_directory_iterator(dir_))
    EXPECT_EQ(owner(entry.path()), nobody_) << entry.path();
}

TEST_F(StateDirectory, FilesOfRootInTheUsersOwnDirectoryAreGivenBack) {
  fill();
  ASSERT_EQ(chown(dir_.c_str(), nobody_, nobody_), 0);
  ASSERT_TRUE(make_state_directory(dir_.string(), "nobody"));
  EXPECT_EQ(owner(dir_ / "ledger/doubts.db"), nobody_);
}

TEST_F(StateDirectory, WithoutAUserStaysAsItIs) {
  fill();
  ASSERT_TRUE(make_state_directory(dir_.string(), ""));
  EXPECT_EQ(owner(dir_ / "digest.key"), 0U);
}

TEST_F(StateDirectory, ThatHoldsOtherThingsIsNotTaken) {
  fill();
  write(dir_ / "passwd");
  const auto ok = make_state_directory(dir_.string(), "nobody");
  ASSERT_FALSE(ok);
  EXPECT_NE(ok.error().message.find("\"passwd\""), std::string::npos) << ok.error().message;
  for (const auto& entry : fs::recursive_directory_iterator(dir_))
    EXPECT_EQ(owner(entry.path()), 0U) << entry.path();
}

TEST_F(StateDirectory, AFileWithASecondNameIsNotGivenAway) {
  fill();
  const fs::path shadow = fs::path(temporary_.path()) / "shadow";
  write(shadow);
  fs::create_hard_link(shadow, dir_ / "commits.1.1");
  EXPECT_FALSE(make_state_directory(dir_.string(), "nobody"));
  EXPECT_EQ(owner(shadow), 0U);
}

TEST_F(StateDirectory, ASymbolicLinkIsNotFollowed) {
  fill();
  const fs::path shadow = fs::path(temporary_.path()) / "shadow";
  const fs::path etc = fs::path(temporary_.path()) / "etc";
  write(shadow);
  fs::create_directory(etc);
  for (const auto& [target, name] : {std::pair{shadow, "commits.1.1"}, std::pair{etc, "ledger"}}) {
    fs::remove_all(dir_ / name);
    fs::create_symlink(target, dir_ / name);
    EXPECT_FALSE(make_state_directory(dir_.string(), "nobody")) << name;
    EXPECT_EQ(owner(target), 0U) << name;
    fs::remove(dir_ / name);
  }
}

}  // namespace
}  // namespace tsmtp::daemon
