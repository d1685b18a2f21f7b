#include "relayd/daemon/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sysexits.h>
#include <unistd.h>

#include "tests/support/temporary_directory.h"

namespace tsmtp::daemon {
namespace {

TEST(RunDeathTest, ItsMemoryIsNobodysWhetherOrNotItChangesItsUser) {
  const support::TemporaryDirectory dir;
  const auto run_it = [&] {
    prctl(PR_SET_DUMPABLE, 1);
    (void)run(
        {.config_file = dir.file("none.toml"), .overrides = {}, .check_only = true, .foreground = true});
    _exit(prctl(PR_GET_DUMPABLE));
  };
  EXPECT_EXIT(run_it(), testing::ExitedWithCode(0), "");
}

TEST(RunDeathTest, RootWithoutAUserToBecomeIsWarned) {
  if (geteuid() != 0) GTEST_SKIP() << "not root";
  const support::TemporaryDirectory dir;
  support::write_file(dir.file("t.toml"),
                      "[hub]\nname = \"tokyo\"\nidentity = \"" + dir.file("none") + "\"\n");
  const Options options{
      .config_file = dir.file("t.toml"), .overrides = {}, .check_only = true, .foreground = true};
  EXPECT_EXIT(_exit(run(options)), testing::ExitedWithCode(EX_CONFIG),
              "hub.user is not set: relayd stays root");
  Options with_user = options;
  with_user.overrides = {"hub.user=nobody"};
  EXPECT_EXIT(_exit(run(with_user)), testing::ExitedWithCode(EX_CONFIG),
              testing::Not(testing::HasSubstr("root")));
}

}  // namespace
}  // namespace tsmtp::daemon
