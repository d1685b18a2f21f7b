// A channel that is not read from, as that of a forward whose other side has no room: what the other end does
// meanwhile neither keeps the loop busy nor hides a reset.
#include "relayd/net/io/byte_channel.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace tsmtp::net {
namespace {

using boost::asio::ip::tcp;

class Owner : public ByteChannelOwner {
 public:
  void on_bytes(std::string_view bytes) override { read += bytes; }
  void on_writable() override {}
  [[nodiscard]] bool on_end() override { return true; }
  void on_closed(bool /*clean*/, const std::string& cause) override { closed = cause; }

  std::string read;
  std::string closed;
};

class UnreadChannel : public testing::Test {
 protected:
  UnreadChannel() {
    tcp::acceptor acceptor(context_, {boost::asio::ip::address_v4::loopback(), 0});
    peer_.connect(acceptor.local_endpoint());
    tcp::socket accepted = acceptor.accept();
    descriptor_ = accepted.native_handle();
    channel_ = OwnedChannel(ByteChannel::Socket(std::move(accepted)), owner_);
    channel_->watch_for_reset();
  }

  /// Whether the kernel shows that of our end, sooner or later.
  [[nodiscard]] bool shows(short events) const {
    pollfd state{.fd = descriptor_, .events = events, .revents = 0};
    constexpr int kPatienceMs = 60'000;
    return poll(&state, 1, kPatienceMs) == 1;
  }
  /// How many handlers run when the loop is asked that often.
  [[nodiscard]] std::size_t handlers_of(int rounds) {
    std::size_t handlers = 0;
    for (int i = 0; i < rounds; ++i)
      handlers += context_.poll_one();  // poll() would not come back from a loop that is kept busy
    return handlers;
  }
  void run_until_closed() {
    for (int i = 0; i < 600 && owner_.closed.empty(); ++i)
      context_.run_one_for(std::chrono::milliseconds(100));
  }

  static constexpr int kRounds = 200;
  static constexpr std::size_t kFew = 8;
  boost::asio::io_context context_;
  tcp::socket peer_{context_};
  Owner owner_;
  int descriptor_ = -1;
  OwnedChannel channel_;
};

TEST_F(UnreadChannel, P10_UrgentDataDoesNotKeepTheLoopBusy) {
  ASSERT_EQ(::send(peer_.native_handle(), "x", 1, MSG_OOB), 1);
  ASSERT_TRUE(shows(POLLPRI));
  EXPECT_LT(handlers_of(kRounds), kFew);
  EXPECT_EQ(owner_.closed, "");
}

TEST_F(UnreadChannel, P10_NorDoesTheEndOfBothHalves) {
  ASSERT_EQ(::send(peer_.native_handle(), "unread", 6, 0), 6);
  channel_->finish();
  peer_.shutdown(tcp::socket::shutdown_send);
  ASSERT_TRUE(shows(0)) << "POLLHUP";
  EXPECT_LT(handlers_of(kRounds), kFew);
  EXPECT_EQ(owner_.closed, "");
  channel_->set_reading(true);
  for (int i = 0; i < 600 && owner_.read.empty(); ++i)
    context_.run_one_for(std::chrono::milliseconds(100));
  EXPECT_EQ(owner_.read, "unread");
}

TEST_F(UnreadChannel, AResetIsToldOfAllTheSame) {
  ASSERT_EQ(::send(peer_.native_handle(), "x", 1, MSG_OOB), 1);
  ASSERT_TRUE(shows(POLLPRI));
  (void)handlers_of(kRounds);
  peer_.set_option(boost::asio::socket_base::linger(true, 0));
  peer_.close();
  run_until_closed();
  EXPECT_EQ(owner_.closed, "reset by peer");
}

}  // namespace
}  // namespace tsmtp::net
