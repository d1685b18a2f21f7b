#include "relayd/net/socket_user.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>

namespace tsmtp::net {
namespace {

using boost::asio::ip::tcp;
using Socket = boost::asio::generic::stream_protocol::socket;

class SocketUser : public testing::TestWithParam<const char*> {
 protected:
  /// A client's and our end of a connection on loopback.
  std::pair<tcp::socket, Socket> connection() {
    tcp::acceptor acceptor(context_, {boost::asio::ip::make_address(GetParam()), 0});
    tcp::socket client(context_);
    client.connect(acceptor.local_endpoint());
    return {std::move(client), Socket(acceptor.accept())};
  }
  boost::asio::io_context context_;
};

TEST_P(SocketUser, IsOurselves) {
  auto [client, socket] = connection();
  const auto user = user_of_peer(socket);
  ASSERT_TRUE(user) << user.error().message;
  EXPECT_EQ(*user, geteuid());
}

TEST_P(SocketUser, IsNobodyWhenTheOtherEndIsGone) {
  auto [client, socket] = connection();
  client.set_option(boost::asio::socket_base::linger(true, 0));
  client.close();
  EXPECT_FALSE(user_of_peer(socket));
}

INSTANTIATE_TEST_SUITE_P(Loopback, SocketUser, testing::Values("127.0.0.1", "::1"));

TEST(SocketUserUnix, IsOurselves) {
  boost::asio::io_context context;
  boost::asio::local::stream_protocol::socket one(context), other(context);
  boost::asio::local::connect_pair(one, other);
  Socket socket(std::move(other));
  const auto user = user_of_peer(socket);
  ASSERT_TRUE(user) << user.error().message;
  EXPECT_EQ(*user, geteuid());
}

}  // namespace
}  // namespace tsmtp::net
