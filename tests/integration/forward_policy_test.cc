// Who may reach a service, how many, how fast, how long idle; what the service sees; and what a reload
// changes.
#include <sys/stat.h>
#include <unistd.h>

#include "tests/integration/forward_fixture.h"

namespace tsmtp::support {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class ForwardPolicy : public Forwarding {
 protected:
  void SetUp() override {}

  void reload(Hub& hub) {
    const auto done = hub.relayctl({"reload"});
    ASSERT_EQ(done.status, 0) << done.output;
  }
};

TEST_F(ForwardPolicy, IsClosedToASiteThatIsNotNamed) {
  configure_forward("", "", "[[service]]\nname = \"other\"\nto = \"127.0.0.1:9\"\nsites = []\n",
                    "[[forward]]\nlisten = [\"127.0.0.1:" + std::to_string(free_port()) +
                        "\"]\nsite = \"birl\"\nservice = \"other\"\n");
  birl.start();
  tokyo.start();
  ASSERT_TRUE(link_is_up());
  EXPECT_TRUE(tokyo.logs(
      "forward to other: closed to programs here: the far hub offers no such service to this site"));
}

TEST_F(ForwardPolicy, ManyConnectionsAtOnceAreRefusedBeyondTheLimit) {
  set_up("max_connections = 2");
  Pair first = connect();
  Pair second = connect();
  Connection third = program();
  EXPECT_EQ(ending_of(third), Ending::kReset);
  EXPECT_TRUE(tokyo.logs("refused: too many connections at once, the limit is 2"));
  finish(first.program);
  finish(first.service);
  EXPECT_EQ(ending_of(first.program), Ending::kInOrder);
  EXPECT_TRUE(wait_until([&] {
    Connection next = program();
    next.send("hello\n");
    return ending_of_now(next) == Ending::kStillOpen;
  }));
}

TEST_F(ForwardPolicy, SilenceEndsIt) {
  set_up("idle_timeout = \"1s\"");
  Pair pair = connect();
  EXPECT_EQ(ending_of(pair.program), Ending::kReset);
  EXPECT_TRUE(birl.logs("silent for 1 s (idle_timeout)"));
}

TEST_F(ForwardPolicy, APaceIsKeptToAndNothingIsLost) {
  set_up("bytes_per_second = { from_site = 20000, to_site = 20000 }");
  Pair pair = connect();
  const std::string content(30000, 'x');
  const auto begun = std::chrono::steady_clock::now();
  pair.program.send(content);
  EXPECT_EQ(pair.service.bytes(content.size()), content);
  pair.service.send(content);
  EXPECT_EQ(pair.program.bytes(content.size()), content);
  // A tenth of a second's worth goes at once, each way.
  EXPECT_GT(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(2500));
}

TEST_F(ForwardPolicy, OtherUsersAreReset) {
  configure_forward("", "allow_users = [\"54321\"]");
  birl.start();
  tokyo.start();
  ASSERT_TRUE(opens());
  Connection client = program();
  EXPECT_EQ(ending_of(client), Ending::kReset);
  EXPECT_TRUE(
      tokyo.logs("a connection was reset: user " + std::to_string(geteuid()) + " is not in allow_users"));
}

TEST_F(ForwardPolicy, TheServiceSeesTheSiteAddress) {
  set_up();
  Pair pair = connect();
  EXPECT_EQ(peer_address(pair.service), far_endpoint_address());
}

TEST_F(ForwardPolicy, OrIsToldByTheProxyProtocol) {
  set_up("source = \"proxy_protocol\"");
  Connection client = program();
  client.send("hello\n");
  Connection server = service.accept();
  constexpr std::size_t kHeader = 28;
  const auto header = server.bytes(kHeader);
  ASSERT_TRUE(header);
  EXPECT_THAT(*header, StartsWith("\r\n\r\n"));
  EXPECT_THAT(*header, HasSubstr("QUIT"));
  EXPECT_EQ((*header)[16], 127) << "the site address";
  EXPECT_EQ(server.line(), "hello\n");
}

TEST_F(ForwardPolicy, AReloadAddsAndRemovesWithoutTouchingOthers) {
  set_up();
  Pair pair = connect();
  Service second{free_port()};
  const std::uint16_t second_port = free_port();
  configure_forward("", "",
                    "[[service]]\nname = \"second\"\nto = \"127.0.0.1:" + std::to_string(second.port()) +
                        "\"\nsites = [\"tokyo\"]\n",
                    "[[forward]]\nlisten = [\"127.0.0.1:" + std::to_string(second_port) +
                        "\"]\nsite = \"birl\"\nservice = \"second\"\n");
  reload(tokyo);
  reload(birl);
  ASSERT_TRUE(wait_until([&] { return try_to_connect("127.0.0.1", second_port) == 0; }));
  Connection client("127.0.0.1", second_port);
  client.send("two\n");
  Connection server = [&] {  // the one that try_to_connect() made may come first
    for (;;) {
      Connection one = second.accept();
      if (one.line() == "two\n") return one;
    }
  }();

  configure_forward();
  reload(birl);
  EXPECT_EQ(ending_of(client), Ending::kReset);
  EXPECT_TRUE(wait_until([&] { return try_to_connect("127.0.0.1", second_port) == ECONNREFUSED; }));
  reload(tokyo);
  Service free_again{second_port};
  pair.service.send("untouched\n");
  EXPECT_EQ(pair.program.line(), "untouched\n");
}

TEST_F(ForwardPolicy, ATakenAddressIsSaidAndAReloadWithItChangesNothing) {
  set_up();
  Service taken{free_port()};
  configure_forward("", "", "",
                    "[[forward]]\nlisten = [\"127.0.0.1:" + std::to_string(taken.port()) +
                        "\"]\nsite = \"birl\"\nservice = \"second\"\n");
  const auto done = tokyo.relayctl({"reload"});
  EXPECT_NE(done.status, 0);
  EXPECT_THAT(done.output, HasSubstr("site birl: forward to second: cannot listen on 127.0.0.1:" +
                                     std::to_string(taken.port()) + ": Address already in use"));
  Pair pair = connect();
}

TEST_F(ForwardPolicy, WhatCannotBeListenedOnIsShownAndTriedAgain) {
  set_up();
  service.close();
  ASSERT_TRUE(closes());
  ASSERT_TRUE(wait_until([&] { return access(socket_path().c_str(), F_OK) != 0; }));
  ASSERT_EQ(mkdir(socket_path().c_str(), 0700), 0);  // in the way of the unix socket
  service.open();
  EXPECT_TRUE(tokyo.logs("forward to echo: cannot listen on " + socket_path())) << tokyo.log();
  EXPECT_THAT(tokyo.relayctl({"status"}).output, HasSubstr("cannot listen on " + socket_path()));
  EXPECT_TRUE(wait_until([&] { return try_to_connect("127.0.0.1", port) == 0; }));
  ASSERT_EQ(rmdir(socket_path().c_str()), 0);
  EXPECT_TRUE(wait_until([&] { return access(socket_path().c_str(), F_OK) == 0; })) << tokyo.log();
  EXPECT_TRUE(wait_until(
      [&] { return tokyo.relayctl({"status"}).output.find("cannot listen") == std::string::npos; }));
}

}  // namespace
}  // namespace tsmtp::support
