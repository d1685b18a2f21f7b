// A connection of a program to a service at the other hub: every byte, every kind of end, whatever happens to
// the link and the service meanwhile.
#include <sys/socket.h>

#include <thread>

#include "tests/integration/forward_fixture.h"
#include "tests/support/sample_text.h"

namespace tsmtp::support {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kMebi = 1024 * 1024;

using Forward = Forwarding;

std::string pattern(std::size_t bytes) {
  std::string out(bytes, '\0');
  std::uint32_t state = 12345;
  for (char& byte : out) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<char>(state >> 24);
  }
  return out;
}

TEST_F(Forward, CarriesBytesBothWaysOverTcpAndUnixSockets) {
  Pair pair = connect();
  EXPECT_TRUE(pair.service.send(std::string("+OK\0\r\n", 6)));
  EXPECT_EQ(pair.program.bytes(6), std::string("+OK\0\r\n", 6));

  Connection by_socket(socket_path());
  by_socket.send("again\n");
  Connection server = service.accept();
  EXPECT_EQ(server.line(), "again\n");
}

TEST_F(Forward, TheServiceSpeaksFirst) {
  Connection client = program();
  Connection server = service.accept();
  server.send("220 ready\r\n");
  EXPECT_EQ(client.line(), "220 ready\r\n");
}

TEST_F(Forward, HalfOfItEndsAndTheOtherGoesOn) {
  Pair pair = connect();
  finish(pair.program);
  EXPECT_EQ(ending_of(pair.service), Ending::kInOrder);
  const std::string late = pattern(3 * kMebi);
  std::thread sender([&] {
    pair.service.send(late);
    finish(pair.service);
  });
  EXPECT_EQ(pair.program.bytes(late.size()), late);
  EXPECT_EQ(ending_of(pair.program), Ending::kInOrder);
  sender.join();
  EXPECT_TRUE(birl.logs("closed by the program"));
}

TEST_F(Forward, TheServiceEndsFirstAndTheProgramGoesOn) {
  Pair pair = connect();
  finish(pair.service);
  EXPECT_EQ(ending_of(pair.program), Ending::kInOrder);
  const std::string late = pattern(3 * kMebi);
  std::thread sender([&] {
    pair.program.send(late);
    finish(pair.program);
  });
  EXPECT_EQ(pair.service.bytes(late.size()), late);
  EXPECT_EQ(ending_of(pair.service), Ending::kInOrder);
  sender.join();
  EXPECT_TRUE(tokyo.logs("closed by the service"));
}

TEST_F(Forward, AResetOfEitherSideIsOneForTheOther) {
  {
    Pair pair = connect();
    pair.program.reset();
    EXPECT_EQ(ending_of(pair.service), Ending::kReset);
  }
  Pair pair = connect();
  pair.service.reset();
  EXPECT_EQ(ending_of(pair.program), Ending::kReset);
  EXPECT_TRUE(birl.logs("broken off by the service")) << birl.log();
}

TEST_F(Forward, AResetIsSeenEvenWhileNothingIsRead) {
  Pair pair = connect();
  // The service takes nothing, so that relayd stops to read from the program.
  timeval soon{.tv_sec = 1, .tv_usec = 0};
  setsockopt(pair.program.fd(), SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof soon);
  while (pair.program.send(std::string(kMebi, 'x'))) {
  }
  pair.program.reset();
  EXPECT_EQ(ending_of(pair.service), Ending::kReset);
}

TEST_F(Forward, UrgentDataStaysInItsPlace) {
  Pair pair = connect();
  ASSERT_EQ(::send(pair.program.fd(), "\xff\xf4\xff\xf2", 4, MSG_OOB), 4);
  pair.program.send("after\n");
  EXPECT_EQ(pair.service.line(),
            "\xff\xf4\xff\xf2"
            "after\n");
  pair.service.send("still there\n");
  EXPECT_EQ(pair.program.line(), "still there\n");
}

TEST_F(Forward, OutlivesABrokenLinkByteForByte) {
  Pair pair = connect();
  const std::string there = pattern(24 * kMebi);
  std::thread sender([&] {
    pair.program.send(there);
    finish(pair.program);
  });
  std::thread cutter([&] {
    for (int i = 0; i < 5; ++i) {
      const std::uint64_t before = path.bytes_to_target;
      (void)wait_until([&] { return path.bytes_to_target > before + kMebi; });
      path.cut();
    }
  });
  EXPECT_TRUE(pair.service.bytes(there.size()) == there);
  EXPECT_EQ(ending_of(pair.service), Ending::kInOrder);
  pair.service.send("got it\n");
  EXPECT_EQ(pair.program.line(), "got it\n");
  sender.join();
  cutter.join();
}

TEST_F(Forward, OutlivesALineThatStandsStill) {
  Pair pair = connect();
  path.holding = true;
  pair.program.send("while it stands\n");
  ASSERT_TRUE(wait_until([&] { return path.held > 0; }));
  pair.service.send("the other way\n");
  EXPECT_EQ(pair.program.line(), "the other way\n");
  ASSERT_TRUE(tokyo.logs("link interrupted"));
  path.holding = false;
  EXPECT_EQ(pair.service.line(), "while it stands\n");
}

TEST_F(Forward, NothingListensWhileTheServiceIsDead) {
  service.close();
  EXPECT_TRUE(closes()) << tokyo.log();
  EXPECT_TRUE(
      tokyo.logs("forward to echo: closed to programs here: the service does not answer there since"));
  EXPECT_TRUE(birl.logs("service echo at 127.0.0.1:" + std::to_string(service.port()) +
                        " does not answer: Connection refused"));
  service.open();
  EXPECT_TRUE(wait_until([&] { return try_to_connect("127.0.0.1", port) == 0; }));
}

TEST_F(Forward, NothingListensWhileTheLinkIsDown) {
  Pair pair = connect();
  birl.kill();
  EXPECT_TRUE(closes()) << tokyo.log();
  // Nobody can take the place meanwhile.
  EXPECT_THROW(close(listen_on(port)), std::runtime_error);
  birl.start();
  EXPECT_TRUE(wait_until([&] { return try_to_connect("127.0.0.1", port) == 0; })) << tokyo.log();
  // What was under way with a hub that is gone is broken off, not ended in order.
  EXPECT_EQ(ending_of(pair.program), Ending::kReset);
}

TEST_F(Forward, AServiceThatDiesInBetweenGivesAResetAndNeverAnEnd) {
  for (int i = 0; i < 5; ++i) {
    service.open();
    ASSERT_TRUE(wait_until([&] { return try_to_connect("127.0.0.1", port) == 0; }));
    service.close();
    for (int k = 0; k < 5; ++k) {
      try {
        Connection client = program();
        EXPECT_EQ(ending_of(client), Ending::kReset) << "round " << i;
      } catch (const std::runtime_error&) {
        break;  // refused, which is better still
      }
    }
  }
}

TEST_F(Forward, AServiceThatReadsNothingStopsTheProgramAndNobodyElse) {
  Pair slow = connect();
  timeval soon{.tv_sec = 1, .tv_usec = 0};
  setsockopt(slow.program.fd(), SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof soon);
  std::size_t taken = 0;
  for (; taken < 512 * kMebi && slow.program.send(std::string(kMebi, 'x')); taken += kMebi) {
  }
  EXPECT_LT(taken, 64 * kMebi) << "what relayd and the kernel hold of it has a bound";
  Pair other = connect();
  other.service.send("still quick\n");
  EXPECT_EQ(other.program.line(), "still quick\n");
  Connection mail = session();
  EXPECT_THAT(send_mail(mail, "Subject: x\r\n\r\ny\r\n"), HasSubstr("250 "));
}

TEST_F(Forward, BothHubsRecordTheSameConnection) {
  {
    Pair pair = connect();
    finish(pair.program);
    finish(pair.service);
    EXPECT_EQ(ending_of(pair.program), Ending::kInOrder);
  }
  ASSERT_TRUE(birl.logs("tokyo: service echo, connection "));
  ASSERT_TRUE(tokyo.logs("birl: forward to echo, connection "));
  const std::string log = birl.log();
  const std::string start = "service echo, connection ";
  const std::string id = log.substr(log.find(start) + start.size(), 16);
  EXPECT_THAT(tokyo.log(), HasSubstr("forward to echo, connection " + id + " of user " +
                                     std::to_string(geteuid()) + " from 127.0.0.1:"));
  EXPECT_THAT(log, HasSubstr(": 6 bytes to the service, 0 from it"));
  EXPECT_THAT(log, Not(HasSubstr("hello"))) << "content is nobody's business";
}

}  // namespace
}  // namespace tsmtp::support
