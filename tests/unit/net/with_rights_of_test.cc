// Which names only root can change the meaning of; whoever else has a say in one must not have root open it.
#include "relayd/net/io/with_rights_of.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "relayd/base/descriptor.h"
#include "tests/support/temporary_directory.h"

namespace tsmtp::net {
namespace {

constexpr Owner kUser{.uid = 4242, .gid = 4243};

class NamedByRoot : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "only root can give files away";
    ASSERT_EQ(chmod(roots_.path().c_str(), 0755), 0);
    ASSERT_EQ(chown(users_.path().c_str(), kUser.uid, kUser.gid), 0);
  }
  static void link(const std::string& target, const std::string& name) {
    ASSERT_EQ(symlink(target.c_str(), name.c_str()), 0);
  }
  support::TemporaryDirectory roots_;
  support::TemporaryDirectory users_;
};

TEST_F(NamedByRoot, ADirectoryOfRoots) {
  EXPECT_TRUE(is_named_by_root(roots_.file("key")));
  EXPECT_FALSE(is_named_by_root(users_.file("key")));
  EXPECT_FALSE(is_named_by_root(roots_.file("missing/key")));
}

TEST_F(NamedByRoot, ADirectoryThatOthersWrite) {
  ASSERT_EQ(chmod(roots_.path().c_str(), 0777), 0);
  EXPECT_FALSE(is_named_by_root(roots_.file("key")));
  ASSERT_EQ(chmod(roots_.path().c_str(), 01777), 0);
  EXPECT_TRUE(is_named_by_root(roots_.file("key"))) << "as in /tmp, nobody removes another's";
}

TEST_F(NamedByRoot, LinksLeadAsFarAsTheyLead) {
  link(roots_.path(), users_.file("to_root"));
  EXPECT_FALSE(is_named_by_root(users_.file("to_root/key"))) << "the user can point it elsewhere";
  link(users_.path(), roots_.file("to_user"));
  EXPECT_FALSE(is_named_by_root(roots_.file("to_user/key")));
  link(users_.file("to_root"), roots_.file("and_back"));
  EXPECT_FALSE(is_named_by_root(roots_.file("and_back/key")));
  link("..", roots_.file("up"));
  EXPECT_TRUE(is_named_by_root(roots_.file("up/key")));
  link("round", roots_.file("round"));
  EXPECT_FALSE(is_named_by_root(roots_.file("round/key")));
}

TEST_F(NamedByRoot, ElseItIsOpenedWithTheUsersRights) {
  const std::string secret = roots_.file("secret");
  support::write_file(secret, "x");
  ASSERT_EQ(chmod(secret.c_str(), 0600), 0);
  link(secret, users_.file("mine"));
  EXPECT_FALSE(base::Descriptor(open_for(kUser, users_.file("mine"), O_RDONLY)).is_open());
  EXPECT_EQ(errno, EACCES);
  EXPECT_EQ(geteuid(), 0U);
  EXPECT_TRUE(base::Descriptor(open_for(kUser, secret, O_RDONLY)).is_open());
  const base::Descriptor made(open_for(kUser, users_.file("new"), O_WRONLY | O_CREAT | O_EXCL, 0600));
  struct stat status {};
  ASSERT_EQ(fstat(made.get(), &status), 0);
  EXPECT_EQ(status.st_uid, kUser.uid);
  EXPECT_EQ(unlink_for(kUser, users_.file("new")), 0);
}

}  // namespace
}  // namespace tsmtp::net
