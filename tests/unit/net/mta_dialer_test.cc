// One socket to our MTA: from which address, and what is said when there is none.
#include "relayd/net/mta/mta_dialer.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include "tests/support/temporary_directory.h"

namespace tsmtp::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

MtaTarget target(const base::HostPort& address, const std::string& source,
                 settings::Origin origin = settings::Origin::kNone) {
  return {.address = address, .source = source, .origin = origin, .origin_name = {}};
}

class MtaDialers : public testing::Test {
 protected:
  void dial(const MtaTarget& target, bool is_probe = false) {
    dialer->dial(target, is_probe,
                 {.connected =
                      [this](ByteChannel::Socket made, const std::string& header) {
                        socket = std::move(made);
                        proxy_header = header;
                        ++answers;
                      },
                  .failed =
                      [this](const std::string& why, bool is_here) {
                        cause = why;
                        is_want_here = is_here;
                        ++answers;
                      }});
    EXPECT_EQ(answers, 0) << "not before dial() has returned";
  }
  void run() { io.run_for(std::chrono::seconds(20)); }  // until nothing is under way any more

  [[nodiscard]] base::HostPort address() const {
    return {.host = "127.0.0.1", .port = acceptor.local_endpoint().port(), .unix_path = {}};
  }

  asio::io_context io;
  tcp::acceptor acceptor{io, {asio::ip::address_v4::loopback(), 0}};
  std::shared_ptr<MtaDialer> dialer = std::make_shared<MtaDialer>(io.get_executor());
  ByteChannel::Socket socket{io};
  std::string proxy_header, cause;
  bool is_want_here = false;
  int answers = 0;
};

TEST_F(MtaDialers, ComeFromTheSiteAddressWhereTheMtaIsOnLoopback) {
  dial(target(address(), "127.77.5.2"));
  run();
  EXPECT_EQ(answers, 1);
  ASSERT_TRUE(socket.is_open()) << cause;
  EXPECT_EQ(acceptor.accept().remote_endpoint().address().to_string(), "127.77.5.2");
  EXPECT_EQ(proxy_header, "");
}

TEST_F(MtaDialers, SayBeforeAnythingElseWhoComesIfTheMtaWantsTheProxyProtocol) {
  dial(target(address(), "127.77.5.2", settings::Origin::kProxy));
  run();
  ASSERT_TRUE(socket.is_open()) << cause;
  EXPECT_NE(proxy_header, "");
  const std::string of_site = std::exchange(proxy_header, {});
  answers = 0;
  dial(target(address(), "127.77.5.2", settings::Origin::kProxy), true);
  io.restart();
  run();
  EXPECT_NE(proxy_header, "");
  EXPECT_NE(proxy_header, of_site) << "a probe is no site's";
}

TEST_F(MtaDialers, ReachAUnixSocket) {
  const support::TemporaryDirectory directory;
  const std::string path = directory.file("mta");
  asio::local::stream_protocol::acceptor mta(io, asio::local::stream_protocol::endpoint(path));
  dial(target({.host = {}, .port = 0, .unix_path = path}, "127.77.5.2"));
  run();
  EXPECT_TRUE(socket.is_open()) << cause;
}

TEST_F(MtaDialers, SayWhyTheMtaCannotBeReached) {
  const base::HostPort nobody = address();
  acceptor.close();
  dial(target(nobody, ""));
  run();
  EXPECT_EQ(answers, 1);
  EXPECT_EQ(cause, "Connection refused");
  EXPECT_FALSE(is_want_here);
}

TEST_F(MtaDialers, ASiteAddressThatIsNotOursIsAnErrorAndNoWant) {
  dial(target(address(), "192.0.2.1"));
  run();
  EXPECT_EQ(answers, 1);
  EXPECT_EQ(cause, "Cannot assign requested address: cannot bind to the site address 192.0.2.1");
  EXPECT_FALSE(is_want_here);
}

TEST_F(MtaDialers, AreSilentOnceCancelled) {
  dial(target(address(), "127.77.5.2"));
  dialer->cancel();
  run();
  dial(target(address(), "192.0.2.1"));
  dialer->cancel();
  io.restart();
  run();
  EXPECT_EQ(answers, 0);
}

}  // namespace
}  // namespace tsmtp::net
