// Dialling one address again and again, in one thread: link::Redialling, carried out.
#include "relayd/link/redialling.h"

#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>

#include "relayd/net/link/link_listener.h"
#include "tests/unit/net/search_driver.h"
#include "tests/unit/net/tls_pair.h"

namespace tsmtp::net {
namespace {

using boost::asio::ip::tcp;
using namespace std::chrono_literals;

class Redialling : public testing::Test {
 protected:
  ~Redialling() override {
    redialer->stop();
    if (listener) listener->stop();
    io.run_for(std::chrono::seconds(5));  // what they left behind
  }

  /// From now on somebody answers at the address.
  void listen() {
    nobody.close();
    listener = std::make_shared<LinkListener>(
        io.get_executor(), far.context(), admission,
        LinkListener::Callbacks{.accept_peer =
                                    [this](const keys::Shown& shown, const std::string&) {
                                      return accepted_if(accepts && shown.pin() == near.pin());
                                    },
                                .connected = [this](auto stream) { accepted = std::move(stream); },
                                .refused = [this](const std::string&, const std::string&) { ++refused; }});
    ASSERT_TRUE(listener->bind({.host = "127.0.0.1", .port = address.port(), .unix_path = {}}));
    listener->start();
  }

  template <typename Condition>
  [[nodiscard]] bool run_until(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition() && std::chrono::steady_clock::now() < deadline)
      io.run_one_for(std::chrono::milliseconds(100));
    return condition();
  }

  boost::asio::io_context io;
  TlsEnd near{"near"}, far{"far"};
  tcp::acceptor nobody{io, {boost::asio::ip::address_v4::loopback(), 0}, false};
  tcp::endpoint address = nobody.local_endpoint();
  AdmissionControl admission;
  std::shared_ptr<LinkListener> listener;
  std::unique_ptr<TlsStream> accepted, connected;
  bool accepts = true;
  int refused = 0;
  std::string wanted_pin = far.pin();
  std::shared_ptr<SearchDriver> redialer = std::make_shared<SearchDriver>(
      std::make_unique<SystemResolver>(io.get_executor()), io.get_executor(), near.context(),
      link::Dialling::Settings{},
      SearchDriver::Callbacks{
          .accept_peer = [this](const keys::Shown& shown,
                                const std::string&) { return accepted_if(shown.pin() == wanted_pin); },
          .connected = [this](auto stream) { connected = std::move(stream); },
          .failed = nullptr},
      address);
};

TEST_F(Redialling, GoesOnUntilSomebodyIsThere) {
  nobody.close();
  redialer->start();
  redialer->start();  // without effect
  io.run_for(2 * link::Redialling::kShortestTry);
  EXPECT_FALSE(connected);
  listen();
  EXPECT_TRUE(run_until([&] { return connected && accepted; }));
}

// Connections are made, by the kernel, and nobody shakes hands on them: that is not asked for several times.
TEST_F(Redialling, WaitsForAHandshakeOnAConnectionThatStands) {
  redialer->start();
  tcp::socket first(io);
  bool comes = false;
  nobody.async_accept(first, [&](const boost::system::error_code&) { comes = true; });
  ASSERT_TRUE(run_until([&] { return comes; }));
  int further = 0;
  tcp::socket second(io);
  nobody.async_accept(second, [&](const boost::system::error_code& error) { further += error ? 0 : 1; });
  io.run_for(3 * link::Redialling::kShortestTry);
  EXPECT_EQ(further, 0);
  first.close();  // it is no good: the next one, after a pause
  EXPECT_TRUE(run_until([&] { return further == 1; }));
}

TEST_F(Redialling, GoesOnAfterAConnectionThatCameToNothing) {
  listen();
  redialer->start();
  ASSERT_TRUE(run_until([&] { return connected && accepted; }));
  connected.reset();
  accepted.reset();
  redialer->came_to_nothing("");
  EXPECT_TRUE(run_until([&] { return connected && accepted; }));
}

TEST_F(Redialling, TakesNobodyElseForThePeer) {
  wanted_pin = near.pin();
  listen();
  redialer->start();
  ASSERT_TRUE(run_until([&] { return refused == 1; }));
  wanted_pin = far.pin();
  EXPECT_TRUE(run_until([&] { return connected && accepted; }));
}

TEST_F(Redialling, IsSilentOnceItIsStopped) {
  listen();
  redialer->start();
  redialer->stop();
  redialer->start();
  io.run_for(2 * link::Redialling::kShortestTry);
  EXPECT_FALSE(connected);
  EXPECT_FALSE(accepted);
}

TEST_F(Redialling, MayBeginLater) {
  listen();
  redialer->dial_beside(link::LaneSearch::When::kSoon);
  io.run_for(link::Redialling::kShortestTry / 5);
  EXPECT_FALSE(accepted);
  EXPECT_TRUE(run_until([&] { return connected && accepted; }));
}

}  // namespace
}  // namespace tsmtp::net
