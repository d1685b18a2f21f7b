// Listening: what cannot be bound is named, with what to do.
#include "relayd/net/listening.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

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

}  // namespace
}  // namespace tsmtp::net
