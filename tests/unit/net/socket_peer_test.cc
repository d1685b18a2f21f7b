#include "relayd/net/io/socket_peer.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

namespace tsmtp::net {
namespace {

using boost::asio::ip::tcp;
using Socket = boost::asio::generic::stream_protocol::socket;

class SocketPeer : public testing::TestWithParam<const char*> {
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

TEST_P(SocketPeer, UserIsOurselves) {
  auto [client, socket] = connection();
  const auto user = user_of_peer(socket);
  ASSERT_TRUE(user) << user.error().message;
  EXPECT_EQ(*user, geteuid());
}

// Whoever has one address of a /64 has all of them.
TEST_P(SocketPeer, NetworkIsAnAddressOrThatOfMany) {
  auto [client, socket] = connection();
  EXPECT_EQ(network_of_peer(socket), GetParam() == std::string("::1") ? "::/64" : GetParam());
}

TEST_P(SocketPeer, UserIsNobodyWhenTheOtherEndIsGone) {
  auto [client, socket] = connection();
  client.set_option(boost::asio::socket_base::linger(true, 0));
  client.close();
  EXPECT_FALSE(user_of_peer(socket));
}

TEST_P(SocketPeer, HasReadAllOrNot) {
  auto [client, socket] = connection();
  EXPECT_TRUE(peer_has_read_all(socket)) << "there was nothing";
  boost::asio::write(socket, boost::asio::buffer("250 ok", 6));
  EXPECT_FALSE(peer_has_read_all(socket));
  client.shutdown(tcp::socket::shutdown_send);
  EXPECT_FALSE(peer_has_read_all(socket)) << "half closed, and still not read";
  char buffer[6];
  boost::asio::read(client, boost::asio::buffer(buffer));
  EXPECT_TRUE(peer_has_read_all(socket));
}

/// As long as it lives, no descriptor can be had: the kernel cannot be asked, as where AF_NETLINK is
/// forbidden.
class NoMoreDescriptors {
 public:
  NoMoreDescriptors() {
    getrlimit(RLIMIT_NOFILE, &before_);
    rlimit none = before_;
    none.rlim_cur = 0;
    setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoMoreDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST_P(SocketPeer, ThereIsNoProofWhereTheKernelCannotBeAsked) {
  auto [client, socket] = connection();
  boost::asio::write(socket, boost::asio::buffer("250 ok", 6));
  const NoMoreDescriptors none;
  EXPECT_FALSE(peer_has_read_all(socket));
  EXPECT_FALSE(user_of_peer(socket));
}

INSTANTIATE_TEST_SUITE_P(Loopback, SocketPeer, testing::Values("127.0.0.1", "::1"));

TEST(SocketPeerUnix, UserIsOurselves) {
  boost::asio::io_context context;
  boost::asio::local::stream_protocol::socket one(context), other(context);
  boost::asio::local::connect_pair(one, other);
  Socket socket(std::move(other));
  const auto user = user_of_peer(socket);
  ASSERT_TRUE(user) << user.error().message;
  EXPECT_EQ(*user, geteuid());
}

TEST(SocketPeerUnix, HasReadAllOrNot) {
  boost::asio::io_context context;
  boost::asio::local::stream_protocol::socket one(context), other(context);
  boost::asio::local::connect_pair(one, other);
  Socket socket(std::move(other));
  boost::asio::write(socket, boost::asio::buffer("250 ok", 6));
  EXPECT_FALSE(peer_has_read_all(socket));
  char buffer[6];
  boost::asio::read(one, boost::asio::buffer(buffer));
  EXPECT_TRUE(peer_has_read_all(socket));
}

}  // namespace
}  // namespace tsmtp::net
