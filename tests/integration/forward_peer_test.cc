// A site that may reach one service and means ill: asks for others, for what is none of its own, for a
// thousand at once, says what is no request, reads nothing. It gets nothing that it may not have, and the
// forwards and mails of others go on.
#include <sys/socket.h>

#include "tests/integration/forward_fixture.h"
#include "tests/support/hostile_peer.h"

namespace tsmtp::support {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kForwardService[] = "\2";

std::string text(const std::string& of) {
  return static_cast<char>(of.size()) + of;
}

std::string message(const std::string& payload) {
  return big_endian(payload.size(), 2) + payload;
}

std::string request(const std::string& service, char kind = 1) {
  return message(std::string("\1") + kind + big_endian(7, 8) + big_endian(0, 2) + text(service) +
                 text("root") + text(""));
}

class ForwardPeer : public Forwarding {
 protected:
  void SetUp() override {
    configure_forward(
        "", "",
        "[[service]]\nname = \"secret\"\nto = \"127.0.0.1:" + std::to_string(secret_.port()) +
            "\"\nsites = [\"tokyo\"]\n[[service]]\nname = \"open\"\nto = \"127.0.0.1:" +
            std::to_string(open_.port()) +
            "\"\nsites = [\"evil\"]\nmax_connections = 5\n[[site]]\nname = \"evil\"\npin = [\"" +
            evil_.pin() + "\"]\naddress = \"" + third_address() + "\"\nendpoint = [\"unix:" +
            evil_.file("endpoint") + "\"]\ndomains = [\"evil.example\"]\nlocal = [\"birl.example\"]\n");
    birl.start();
    tokyo.start();
    ASSERT_TRUE(link_is_up() && opens());
  }

  /// Nobody else has noticed.
  void TearDown() override {
    Pair pair = connect();
    pair.service.send("as ever\n");
    EXPECT_EQ(pair.program.line(), "as ever\n");
    Connection mail = session();
    EXPECT_THAT(send_mail(mail, "Subject: x\r\n\r\ny\r\n"), StartsWith("250 "));
    Forwarding::TearDown();
  }

  /// A stream of forwards that begins so.
  [[nodiscard]] static std::string begin(HostilePeer& peer, const std::string& bytes) {
    const std::uint32_t stream = peer.next_stream();
    std::string frames = peer.frame(FrameType::kOpen, stream, kForwardService);
    if (!bytes.empty()) frames += peer.frame(FrameType::kData, stream, bytes);
    return frames;
  }

  Hub evil_{"evil", 0};
  Service secret_{free_port()};
  Service open_{free_port()};
};

TEST_F(ForwardPeer, P3_GetsNoServiceThatIsNotItsOwnAndLearnsNothingOfIt) {
  HostilePeer peer(evil_.file("identity.pem"), link_port, "127.0.0.9");
  ASSERT_TRUE(peer.begin_session());
  std::string asked;
  for (const std::string& one : {request("secret"), request("no-such"), request("echo"), request("", 2)})
    asked += begin(peer, one);
  ASSERT_TRUE(peer.send(asked));
  EXPECT_TRUE(birl.logs("evil: service secret, connection 0000000000000007 of user root: refused: no such"));
  EXPECT_TRUE(birl.logs("evil: service no-such, connection 0000000000000007 of user root: refused: no such"));
  EXPECT_EQ(try_to_connect("127.0.0.1", secret_.port()), 0);
  Connection only = secret_.accept();  // our own: nobody else has come
  EXPECT_EQ(peer_address(only), "127.0.0.1");
  EXPECT_EQ(ending_of(only), Ending::kInOrder);
}

TEST_F(ForwardPeer, WhatIsNoRequestEndsItsStreamAlone) {
  for (const std::string& garbage :
       {std::string("\xff\xff"), std::string("\0\0", 2), message("\x09"), message("\4\2no"), message("\3"),
        message("\1\1"), std::string(5000, 'x'), request("open", 9)}) {
    HostilePeer peer(evil_.file("identity.pem"), link_port, "127.0.0.9");
    ASSERT_TRUE(peer.begin_session());
    ASSERT_TRUE(peer.send(begin(peer, garbage)));
    ASSERT_TRUE(peer.send(begin(peer, request("open") + "still works\n")));
    for (;;) {
      Connection reached = open_.accept();
      if (reached.line() == "still works\n") break;  // else one of before
    }
  }
}

TEST_F(ForwardPeer, P6_AThousandAtOnceAreNoMoreThanItMayHave) {
  HostilePeer peer(evil_.file("identity.pem"), link_port, "127.0.0.9");
  ASSERT_TRUE(peer.begin_session());
  for (int i = 0; i < 1000; ++i)
    if (!peer.send(begin(peer, request("open") + "hello\n"))) break;
  std::vector<Connection> reached;
  for (int i = 0; i < 5; ++i)
    reached.push_back(open_.accept());
  EXPECT_TRUE(birl.logs("refused: too many connections at once, the limit is 5"));
}

TEST_F(ForwardPeer, P6_StreamsThatAskForNothingAndOnesThatReadNothing) {
  HostilePeer peer(evil_.file("identity.pem"), link_port, "127.0.0.9");
  ASSERT_TRUE(peer.begin_session());
  for (int i = 0; i < 50; ++i)
    ASSERT_TRUE(peer.send(begin(peer, "")));
  ASSERT_TRUE(peer.send(begin(peer, request("open") + "go on\n")));
  Connection server = open_.accept();
  ASSERT_EQ(server.line(), "go on\n");
  // It gives no credit, so that the service is held back, in bounded memory.
  timeval soon{.tv_sec = 1, .tv_usec = 0};
  setsockopt(server.fd(), SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof soon);
  std::size_t sent = 0;
  constexpr std::size_t kMebi = 1024 * 1024;
  while (sent < 256 * kMebi && server.send(std::string(kMebi, 'x')))
    sent += kMebi;
  EXPECT_LT(sent, 64 * kMebi);
}

}  // namespace
}  // namespace tsmtp::support
