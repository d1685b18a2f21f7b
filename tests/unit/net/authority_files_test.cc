// Xauthority files as xauth(1) makes them and X programs read them.
#include "relayd/net/forward/authority_files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "relayd/forward/x11/authority_file.h"
#include "tests/support/temporary_directory.h"

namespace tsmtp::net {
namespace {

using forward::x11::AuthorityEntry;
using testing::HasSubstr;

constexpr std::uint16_t kWild = 65535;
constexpr uid_t kUser = 4242;
constexpr gid_t kGroup = 4243;

AuthorityEntry entry(const std::string& number, const std::string& cookie) {
  return {kWild, "", number, {std::string(forward::x11::kMagicCookie), cookie}};
}

class AuthorityFiles : public testing::Test {
 protected:
  AuthorityFiles() {
    service.to = {.host = {}, .port = 0, .unix_path = "/tmp/.X11-unix/X3"};
    service.xauthority = directory.file("own");
    program.listen = {{.host = "127.0.0.1", .port = 6010, .unix_path = {}}};
    program.xauthority = directory.file("cookie");
  }
  [[nodiscard]] std::string error() const {
    const auto read = display_authorization(service);
    return read ? "" : read.error().message;
  }
  [[nodiscard]] struct stat status() const {
    struct stat found {};
    EXPECT_EQ(stat(program.xauthority.c_str(), &found), 0);
    return found;
  }

  support::TemporaryDirectory directory;
  settings::Service service;
  settings::Forward program;
};

TEST_F(AuthorityFiles, CookieOfTheDisplayIsReadAnewEachTime) {
  for (const char* cookie : {"first", "second"}) {
    support::write_file(service.xauthority,
                        forward::x11::encode({entry("2", "another's"), entry("3", cookie)}));
    const auto read = display_authorization(service);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->data, cookie);
  }
}

TEST_F(AuthorityFiles, DisplayWithoutAFileWantsNone) {
  service.xauthority.clear();
  const auto read = display_authorization(service);
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, forward::x11::Authorization{});
}

TEST_F(AuthorityFiles, ErrorsNameTheFileAndNoCookie) {
  EXPECT_EQ(error(), service.xauthority + ": the display's cookie cannot be read: No such file or directory");
  support::write_file(service.xauthority, forward::x11::encode({entry("4", "secret")}));
  EXPECT_THAT(error(), HasSubstr("it has none for unix:/tmp/.X11-unix/X3"));
  support::write_file(service.xauthority, forward::x11::encode({entry("3", "secret")}) + "x");
  EXPECT_THAT(error(), HasSubstr("is no whole Xauthority file"));
  EXPECT_THAT(error(), testing::Not(HasSubstr("secret")));
  support::write_file(service.xauthority, std::string((1 << 20) + 1, '\0'));
  EXPECT_THAT(error(), HasSubstr("larger than 1 MiB"));
}

TEST_F(AuthorityFiles, PipeIsNotWaitedFor) {
  ASSERT_EQ(mkfifo(service.xauthority.c_str(), 0600), 0);
  EXPECT_THAT(error(), HasSubstr("no regular file"));
}

TEST_F(AuthorityFiles, ProgramsFindTheirCookieUntilItIsRemoved) {
  for (const char* cookie : {"0123456789abcdef", "fedcba9876543210"}) {
    ASSERT_TRUE(write_authority_file(program, cookie));
    const auto entries = forward::x11::parse_authority(support::read_file(program.xauthority));
    ASSERT_TRUE(entries);
    const auto found = cookie_for({forward::x11::Family::kLocal, "any", "10"}, *entries);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->data, cookie);
  }
  EXPECT_EQ(status().st_mode & 07777, 0640U);
  remove_authority_file(program);
  EXPECT_NE(access(program.xauthority.c_str(), F_OK), 0);
}

TEST_F(AuthorityFiles, FileBecomesTheFirstUsersWhereItCan) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  program.access.allow_users = {{"anna", kUser}, {"root", 0}};
  program.access.socket_group = kGroup;
  ASSERT_TRUE(write_authority_file(program, "cookie"));
  EXPECT_EQ(status().st_uid, kUser);
  EXPECT_EQ(status().st_mode & 07777, 0600U);
}

TEST_F(AuthorityFiles, ElseTheGroupReadsIt) {
  if (geteuid() != 0) GTEST_SKIP() << "only root is in every group";
  program.access.socket_group = kGroup;
  ASSERT_TRUE(write_authority_file(program, "cookie"));
  EXPECT_EQ(status().st_uid, 0U);
  EXPECT_EQ(status().st_gid, kGroup);
  EXPECT_EQ(status().st_mode & 07777, 0640U);
}

TEST_F(AuthorityFiles, RootWritesNothingWhereAnotherHasASay) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give directories away";
  ASSERT_EQ(chown(directory.path().c_str(), kUser, kGroup), 0);
  const auto written = write_authority_file(program, "cookie");
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().message, HasSubstr("not written as root"));
  EXPECT_NE(access(program.xauthority.c_str(), F_OK), 0);
}

}  // namespace
}  // namespace tsmtp::net
