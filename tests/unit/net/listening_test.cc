// Listening: what cannot be bound is named, with what to do.
#include "relayd/net/io/listening.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <fstream>

#include "tests/support/temporary_directory.h"

namespace tsmtp::net {
namespace {

using boost::asio::ip::tcp;
using testing::HasSubstr;
using UnixAcceptor = boost::asio::local::stream_protocol::acceptor;

class Listening : public testing::Test {
 protected:
  boost::asio::io_context context_;
  support::TemporaryDirectory directory_;
};

TEST_F(Listening, PortInUseIsNamed) {
  tcp::acceptor first(context_);
  ASSERT_TRUE(listen_tcp(first, {.host = "127.0.0.1", .port = 0, .unix_path = ""}));
  const std::uint16_t port = first.local_endpoint().port();
  tcp::acceptor second(context_);
  const auto refused = listen_tcp(second, {.host = "127.0.0.1", .port = port, .unix_path = ""});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("127.0.0.1:" + std::to_string(port)));
  EXPECT_THAT(refused.error().message, HasSubstr("is another relayd running"));
  EXPECT_FALSE(second.is_open());
}

TEST_F(Listening, AddressThatIsNotOurs) {
  tcp::acceptor acceptor(context_);
  const auto refused = listen_tcp(acceptor, {.host = "192.0.2.1", .port = 0, .unix_path = ""});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("192.0.2.1:0"));
}

TEST_F(Listening, NameInsteadOfAddress) {
  tcp::acceptor acceptor(context_);
  const auto refused = listen_tcp(acceptor, {.host = "localhost", .port = 5000, .unix_path = ""});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("localhost:5000"));
  EXPECT_THAT(refused.error().message, HasSubstr("an address was expected"));
}

TEST_F(Listening, SiteAddressNeedsNoAlias) {
  tcp::acceptor acceptor(context_);
  EXPECT_TRUE(listen_tcp(acceptor, {.host = "127.0.5.2", .port = 0, .unix_path = ""}));
}

TEST_F(Listening, UnixSocketHasItsMode) {
  const std::string path = directory_.file("birl.sock");
  UnixAcceptor acceptor(context_);
  ASSERT_TRUE(listen_unix(acceptor, path, {.mode = 0660, .group = {}}));
  struct stat status {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0660U);
}

TEST_F(Listening, UnixSocketInUse) {
  const std::string path = directory_.file("birl.sock");
  UnixAcceptor first(context_);
  ASSERT_TRUE(listen_unix(first, path, {.mode = 0600, .group = {}}));
  UnixAcceptor second(context_);
  const auto refused = listen_unix(second, path, {.mode = 0600, .group = {}});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr(path));
}

TEST_F(Listening, UnixSocketLeftBehindIsReplaced) {
  const std::string path = directory_.file("birl.sock");
  {
    UnixAcceptor dead(context_);
    ASSERT_TRUE(listen_unix(dead, path, {.mode = 0600, .group = {}}));
  }
  UnixAcceptor acceptor(context_);
  EXPECT_TRUE(listen_unix(acceptor, path, {.mode = 0600, .group = {}}));
}

TEST_F(Listening, AFileIsNotReplaced) {
  const std::string path = directory_.file("precious");
  std::ofstream(path) << "text";
  UnixAcceptor acceptor(context_);
  const auto refused = listen_unix(acceptor, path, {.mode = 0600, .group = {}});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("is no socket"));
  EXPECT_TRUE(std::ifstream(path).good());
}

// Root in a directory that another user owns: what he puts there instead of the socket gets neither owner nor
// mode.
TEST_F(Listening, RootMakesAUnixSocketWithTheRightsOfItsOwner) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can";
  constexpr Owner kNobody{.uid = 65534, .gid = 65534};
  constexpr gid_t kMail = 8;
  ASSERT_EQ(chown(directory_.path().c_str(), kNobody.uid, kNobody.gid), 0);
  const std::string path = directory_.file("birl.sock");
  UnixAcceptor acceptor(context_);
  ASSERT_TRUE(listen_unix(acceptor, path, {.mode = 0660, .group = kMail, .owner = kNobody}));
  struct stat status {};
  ASSERT_EQ(lstat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, kNobody.uid);
  EXPECT_EQ(status.st_gid, kMail);
  EXPECT_EQ(status.st_mode & 0777U, 0660U);
  EXPECT_EQ(geteuid(), 0U);
  EXPECT_EQ(getegid(), 0U);
}

TEST_F(Listening, WhereOnlyRootMayWriteTheSocketIsStillItsOwners) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can";
  constexpr Owner kNobody{.uid = 65534, .gid = 65534};
  ASSERT_EQ(chmod(directory_.path().c_str(), 0755), 0);
  const std::string path = directory_.file("birl.sock");
  UnixAcceptor acceptor(context_);
  ASSERT_TRUE(listen_unix(acceptor, path, {.mode = 0600, .group = {}, .owner = kNobody}));
  struct stat status {};
  ASSERT_EQ(lstat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, kNobody.uid);
}

TEST_F(Listening, AccessIsSetOnTheSocketAndOnNothingElse) {
  const std::string secret = directory_.file("secret"), path = directory_.file("birl.sock");
  support::write_file(secret, "x");
  ASSERT_EQ(chmod(secret.c_str(), 0600), 0);
  ASSERT_EQ(symlink(secret.c_str(), path.c_str()), 0);
  EXPECT_FALSE(set_access(path, {.mode = 0666, .group = {}}));
  ASSERT_EQ(unlink(path.c_str()), 0);
  ASSERT_EQ(link(secret.c_str(), path.c_str()), 0);
  EXPECT_FALSE(set_access(path, {.mode = 0666, .group = {}}));
  struct stat status {};
  ASSERT_EQ(stat(secret.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

}  // namespace
}  // namespace tsmtp::net
