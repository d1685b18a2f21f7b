// Xauthority files as xauth(1) makes them and X programs read them.
#include "relayd/net/forward/authority_files.h"

#include <fcntl.h>
#include <gmock/gmock.h>
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
constexpr std::string_view kCookie = "0123456789abcdef";
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

  [[nodiscard]] bool is_there() const { return access(program.xauthority.c_str(), F_OK) == 0; }
  /// What a program finds for that display.
  [[nodiscard]] std::string found(const std::string& number = "10") const {
    const auto entries = forward::x11::parse_authority(support::read_file(program.xauthority));
    if (!entries) return "";
    const auto cookie = cookie_for({forward::x11::Family::kLocal, "any", number}, *entries);
    return cookie ? cookie->data : "";
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

TEST_F(AuthorityFiles, ProgramsFindTheirCookieAsLongAsTheForwardIsThere) {
  {
    AuthorityFile file;
    for (const char* cookie : {"0123456789abcdef", "fedcba9876543210"}) {
      ASSERT_TRUE(file.keep(program, cookie));
      EXPECT_EQ(found(), cookie);
    }
    EXPECT_EQ(status().st_mode & 07777, 0640U);
  }
  EXPECT_FALSE(is_there());
}

TEST_F(AuthorityFiles, FileIsWrittenAnewOnlyWhereItChanges) {
  AuthorityFile file;
  ASSERT_TRUE(file.keep(program, kCookie));
  const auto first = status().st_ino;
  ASSERT_TRUE(file.keep(program, kCookie));
  EXPECT_EQ(status().st_ino, first);
  program.listen.front().port = 6011;
  ASSERT_TRUE(file.keep(program, kCookie));
  EXPECT_EQ(found("11"), kCookie);
  EXPECT_EQ(found("10"), "");
}

TEST_F(AuthorityFiles, FileThatIsNoLongerWantedIsRemoved) {
  AuthorityFile file;
  ASSERT_TRUE(file.keep(program, kCookie));
  ASSERT_TRUE(file.keep(program, ""));
  EXPECT_FALSE(is_there());
  ASSERT_TRUE(file.keep(program, kCookie));
  const std::string old = std::exchange(program.xauthority, directory.file("other"));
  ASSERT_TRUE(file.keep(program, kCookie));
  EXPECT_TRUE(is_there());
  EXPECT_NE(access(old.c_str(), F_OK), 0);
}

TEST_F(AuthorityFiles, ForwardWithoutAFileHasNone) {
  program.xauthority.clear();
  AuthorityFile file;
  EXPECT_TRUE(file.keep(program, kCookie));
  EXPECT_TRUE(file.keep(program, "no cookie"));
}

TEST_F(AuthorityFiles, FarHubMustTellACookie) {
  AuthorityFile file;
  const auto written = file.keep(program, "too short");
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().message, HasSubstr("is the service a display?"));
  EXPECT_FALSE(is_there());
}

TEST_F(AuthorityFiles, FileBecomesTheFirstUsersWhereItCan) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  program.access.allow_users = {{"anna", kUser}, {"root", 0}};
  program.access.socket_group = kGroup;
  AuthorityFile file;
  ASSERT_TRUE(file.keep(program, kCookie));
  EXPECT_EQ(status().st_uid, kUser);
  EXPECT_EQ(status().st_mode & 07777, 0600U);
}

TEST_F(AuthorityFiles, ElseTheGroupReadsIt) {
  if (geteuid() != 0) GTEST_SKIP() << "only root is in every group";
  program.access.socket_group = kGroup;
  AuthorityFile file;
  ASSERT_TRUE(file.keep(program, kCookie));
  EXPECT_EQ(status().st_uid, 0U);
  EXPECT_EQ(status().st_gid, kGroup);
  EXPECT_EQ(status().st_mode & 07777, 0640U);
}

TEST_F(AuthorityFiles, RootWritesNothingWhereAnotherHasASay) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give directories away";
  ASSERT_EQ(chown(directory.path().c_str(), kUser, kGroup), 0);
  AuthorityFile file;
  const auto written = file.keep(program, kCookie);
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().message, HasSubstr("not written as root"));
  EXPECT_FALSE(is_there());
}

}  // namespace
}  // namespace tsmtp::net
