#include "relayd/net/forward/data_listener.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <deque>

namespace tsmtp::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

class DataListenerTest : public testing::Test {
 protected:
  void listen(std::optional<uid_t> user = {}) {
    auto opened = DataListener::open(io_.get_executor(), asio::ip::make_address("127.0.0.1"),
                                     {.host = asio::ip::make_address("127.0.0.9"), .user = user},
                                     {.accepted = [this](ByteChannel::Socket) { ++accepted_; },
                                      .turned_away = [this](const std::string& cause) { cause_ = cause; }});
    ASSERT_TRUE(opened) << opened.error().message;
    listener_ = *opened;
  }
  /// False: refused at once.
  bool connect(const char* from) {
    auto& one = sockets_.emplace_back(io_);
    one.open(tcp::v4());
    one.bind({asio::ip::make_address(from), 0});
    boost::system::error_code error;
    one.connect({asio::ip::make_address("127.0.0.1"), listener_->port()}, error);
    io_.restart();
    io_.poll();
    return !error;
  }

  asio::io_context io_;
  std::shared_ptr<DataListener> listener_;
  std::deque<tcp::socket> sockets_;
  int accepted_ = 0;
  std::string cause_;
};

TEST_F(DataListenerTest, TakesOneConnectionOfItsGuest) {
  listen();
  EXPECT_TRUE(connect("127.0.0.9"));
  EXPECT_EQ(accepted_, 1);
  EXPECT_FALSE(connect("127.0.0.9")) << "it has had its one";
}

TEST_F(DataListenerTest, BreaksOffOthersAndGoesOn) {
  listen();
  EXPECT_TRUE(connect("127.0.0.8"));
  EXPECT_EQ(accepted_, 0);
  EXPECT_EQ(cause_, "a data connection from 127.0.0.8 was broken off: it is not from 127.0.0.9");
  char byte = 0;
  boost::system::error_code error;
  sockets_[0].read_some(asio::buffer(&byte, 1), error);
  EXPECT_EQ(error, asio::error::connection_reset);
  EXPECT_TRUE(connect("127.0.0.9"));
  EXPECT_EQ(accepted_, 1);
}

TEST_F(DataListenerTest, TakesNoOtherUser) {
  listen(geteuid() + 1);
  EXPECT_TRUE(connect("127.0.0.9"));
  EXPECT_EQ(accepted_, 0);
  EXPECT_EQ(cause_, "a data connection of another user than that of the control connection was broken off");
}

TEST_F(DataListenerTest, TakesNobodyOnceItIsClosed) {
  listen();
  listener_->close();
  EXPECT_FALSE(connect("127.0.0.9"));
  EXPECT_EQ(accepted_, 0);
}

}  // namespace
}  // namespace tsmtp::net
