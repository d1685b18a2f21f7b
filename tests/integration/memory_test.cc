// relayd's memory is bounded (P6): sessions that idle cost little, and of a large mail only what is under way
// is in memory, also when the far MTA does not take it. Not built with sanitizers, whose own memory it would
// measure.
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>

#include "tests/support/two_hubs.h"

namespace tsmtp::support {
namespace {

using ::testing::StartsWith;

constexpr std::size_t kIdleSessions = 900;  // an endpoint takes 1,000
constexpr std::size_t kIdleKibEach = 32;
constexpr std::size_t kMailBytes = 60 * 1024 * 1024;
constexpr std::size_t kTransactionKib = 16 * 1024;  // a quarter of the mail; about 1 MiB is usual
constexpr int kStuckMs = 500;

class Memory : public TwoHubs {
 protected:
  void SetUp() override {
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = std::min<rlim_t>(files.rlim_max, 4096);
    setrlimit(RLIMIT_NOFILE, &files);
    start();
    Connection client = session();
    EXPECT_THAT(send_mail(client, "What is made once is made now.\r\n"), StartsWith("250 "));
    tokyo_before = tokyo.process().resident_kib();
    birl_before = birl.process().resident_kib();
  }

  void expect_little_growth() {
    EXPECT_LT(tokyo.process().peak_resident_kib(), tokyo_before + kTransactionKib);
    EXPECT_LT(birl.process().peak_resident_kib(), birl_before + kTransactionKib);
  }

  static std::string large_content() {
    const std::string line = std::string(990, 'x') + "\r\n";
    std::string out;
    out.reserve(kMailBytes + line.size());
    while (out.size() < kMailBytes)
      out += line;
    return out;
  }

  /// Sends until nothing more is taken; returns how much was.
  static std::size_t send_until_stuck(Connection& client, const std::string& bytes) {
    std::size_t sent = 0;
    pollfd writable{.fd = client.fd(), .events = POLLOUT, .revents = 0};
    while (sent < bytes.size() && poll(&writable, 1, kStuckMs) == 1) {
      const ssize_t taken =
          send(client.fd(), bytes.data() + sent, bytes.size() - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (taken > 0) sent += static_cast<std::size_t>(taken);
    }
    return sent;
  }

  std::size_t tokyo_before = 0;
  std::size_t birl_before = 0;
};

TEST_F(Memory, IdleSessionsCostLittle) {
  std::vector<Connection> sessions;
  for (std::size_t i = 0; i < kIdleSessions; ++i)
    sessions.push_back(session());
  EXPECT_LT(tokyo.process().resident_kib(), tokyo_before + kIdleSessions * kIdleKibEach);
}

// P6: before anybody has shown a key.
TEST_F(Memory, UnauthenticatedConnectionsCostLittle) {
  constexpr std::size_t kConnections = 1000, kKibEach = 4;
  write_file(birl.config(), "[hub]\nmax_strangers = 1000\nmax_strangers_of_address = 1000\n" +
                                read_file(birl.config()).substr(std::string("[hub]\n").size()));
  ASSERT_EQ(birl.relayctl({"reload"}).status, 0);
  birl_before = birl.process().resident_kib();
  std::vector<Connection> connections;
  for (std::size_t i = 0; i < kConnections; ++i) {
    connections.emplace_back("127.0.0.1", link_port);
    connections.back().send(std::string("\x16\x03\x01\x0f\x00", 5) +
                            std::string(3000, 'x'));  // not yet all of it
  }
  ASSERT_TRUE(wait_until([&] { return birl.status()["strangers"] == kConnections; }));
  EXPECT_LT(birl.process().resident_kib(), birl_before + kConnections * kKibEach);
}

TEST_F(Memory, ALargeMailPassesWithoutBeingGathered) {
  Connection client = session();
  begin_mail(client, large_content());
  EXPECT_THAT(client.command("."), StartsWith("250 "));
  expect_little_growth();
}

TEST_F(Memory, AFarMtaThatTakesNothingHoldsTheClientBack) {
  birl_mta.stalled = true;
  Connection client = session();
  begin_mail(client, "");
  const std::string content = large_content();
  const std::size_t sent = send_until_stuck(client, content);
  EXPECT_LT(sent, content.size());
  expect_little_growth();
  birl_mta.stalled = false;
  client.send(std::string_view(content).substr(sent));
  EXPECT_THAT(client.command("."), StartsWith("250 "));
  expect_little_growth();
}

}  // namespace
}  // namespace tsmtp::support
