// P10: clients that begin mails and give them up, as fast as they can, cost nobody else anything but a
// bounded wait: not the clients of the same endpoint, of the same user or another, and not the mails the
// other way. Nor do clients that begin mails and say nothing more.
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "tests/support/two_hubs.h"

namespace tsmtp::support {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Clock = std::chrono::steady_clock;

// The far side must see the second recipient, so that each costs a Reset.
constexpr char kMailGivenUp[] =
    "MAIL FROM:<a@tokyo.example>\r\nRCPT TO:<b@birl.example>\r\nRCPT TO:<c@birl.example>\r\n";

/// How a client gives up, and who it is.
struct Wasteful {
  const char* name;
  int clients;
  bool reconnects;  ///< after each mail: nothing that is known of one connection helps
  bool says_rset;
  bool users_differ;
  int saved;  ///< that use up what the link has saved up for resets, where they can
};

std::ostream& operator<<(std::ostream& out, const Wasteful& kind) {
  return out << kind.name;
}

// This thread's sockets are that user's from now on; without effect unless it is root's.
void become(uid_t user) {
  (void)syscall(SYS_setresuid, -1, user, -1);
}

class GivenUp : public TwoHubs, public ::testing::WithParamInterface<Wasteful> {
 protected:
  void SetUp() override {
    start();
    for (int i = 0; i < GetParam().clients; ++i)
      wasteful_.emplace_back([this, i] { waste(i); });
  }
  void TearDown() override {
    ends_ = true;
    for (std::thread& client : wasteful_)
      client.join();
    TwoHubs::TearDown();
  }

  void waste(int number) {
    if (GetParam().users_differ) become(static_cast<uid_t>(20000 + number));
    while (!ends_) {
      try {
        waste_a_connection();
      } catch (const std::exception&) {  // refused: again
      }
    }
  }

  void waste_a_connection() {
    Connection client(endpoint_address(), endpoint_port);
    if (!client.reply().starts_with("220")) return;
    client.command("EHLO mx.tokyo.example");
    do {
      client.send(kMailGivenUp + std::string(GetParam().says_rset ? "RSET\r\n" : ""));
      for (int replies = GetParam().says_rset ? 4 : 3; replies > 0; --replies)
        if (client.reply().empty()) return;
      ++given_up;
    } while (!ends_ && !GetParam().reconnects);
  }

  /// A mail on a connection of its own, from the greeting on.
  static std::string whole_session(const std::string& address, std::uint16_t port, const std::string& from,
                                   const std::string& to) {
    Connection client(address, port);
    const std::string greeting = client.reply();
    if (!greeting.starts_with("220")) return greeting;
    client.command("EHLO mx.example");
    return send_mail(client, "Subject: x\r\n\r\n", from, to);
  }

  std::atomic<int> given_up{0};

 private:
  std::atomic<bool> ends_{false};
  std::vector<std::thread> wasteful_;
};

constexpr int kMails = 5;
constexpr std::chrono::seconds kLongestWait{15};

TEST_P(GivenUp, HoldsUpNobody) {
  ASSERT_TRUE(wait_until([&] { return given_up > GetParam().saved; })) << given_up;
  Clock::duration longest{}, longest_back{};
  int most_turns = 0;
  const auto timed = [&](Clock::duration& longest_of, const auto& mail) {
    const auto begun = Clock::now();
    const int turns_before = given_up;
    const std::string reply = mail();
    longest_of = std::max(longest_of, Clock::now() - begun);
    most_turns = std::max(most_turns, given_up - turns_before);
    return reply;
  };
  Connection kept = session();
  for (int i = 0; i < kMails; ++i) {
    EXPECT_THAT(timed(longest, [&] { return send_mail(kept, "Subject: x\r\n\r\n"); }), StartsWith("250 "));
    EXPECT_THAT(timed(longest,
                      [&] {
                        return whole_session(endpoint_address(), endpoint_port, "a@tokyo.example",
                                             "b@birl.example");
                      }),
                StartsWith("250 "));
    EXPECT_THAT(timed(longest_back,
                      [&] {
                        return whole_session(far_endpoint_address(), endpoint_port, "b@birl.example",
                                             "a@tokyo.example");
                      }),
                StartsWith("250 "));
  }
  const auto ms = [](Clock::duration time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  };
  std::cout << given_up << " given up; longest mail " << ms(longest) << " ms, the other way "
            << ms(longest_back) << " ms; given up meanwhile at most " << most_turns << "\n";
  // Whoever comes last is served when each of the others has had one turn.
  EXPECT_LT(most_turns, 2 * GetParam().clients + 50);
  EXPECT_LT(longest, kLongestWait);
  EXPECT_LT(longest_back, kLongestWait);
  EXPECT_EQ(tokyo.site_status("birl")["links_up_total"], 1);
}

INSTANTIATE_TEST_SUITE_P(Clients, GivenUp,
                         ::testing::Values(Wasteful{"Few", 2, false, true, false, 40},
                                           Wasteful{"KeepTheirConnections", 200, false, true, false, 900},
                                           Wasteful{"Reconnect", 200, true, true, false, 900},
                                           Wasteful{"VanishAndReconnect", 200, true, false, false, 900},
                                           Wasteful{"AreManyUsers", 200, true, true, true, 900}),
                         [](const auto& kind) { return std::string(kind.param.name); });

class TcpHalfAMail : public TwoHubs {
 protected:
  static constexpr std::size_t kConnections = 8;
  void SetUp() override {
    birl_site_keys = "mta_connections = " + std::to_string(kConnections);
    start();
  }
};

// Each has one of the far hub's connections to its MTA, and is told of it when it goes on.
TEST_F(TcpHalfAMail, KeepsNoConnectionFromOthers) {
  std::vector<Connection> halves;
  for (std::size_t i = 0; i < kConnections; ++i) {
    halves.push_back(session());
    halves.back().send(kMailGivenUp);
    for (int reply = 0; reply < 3; ++reply)
      ASSERT_THAT(halves.back().reply(), StartsWith("250 "));
  }
  ASSERT_EQ(birl.site_status("tokyo")["mta"]["in_use"], kConnections);
  const auto begun = Clock::now();
  Connection client = session();
  EXPECT_THAT(send_mail(client, "Subject: x\r\n\r\n"), StartsWith("250 "));
  EXPECT_LT(Clock::now() - begun, std::chrono::seconds(40));
  int told = 0;
  for (Connection& half : halves) {
    std::string reply = half.command("DATA");
    if (reply.starts_with("354 ")) reply = half.command("Subject: x\r\n\r\n.");
    if (reply.starts_with("250 ")) continue;
    EXPECT_THAT(reply, AllOf(StartsWith("451 4.4.2 birl: given up: client silent for "),
                             HasSubstr("s, others wait for its MTA")));
    ++told;
  }
  EXPECT_EQ(told, 1) << "no more than were needed";
  EXPECT_EQ(birl_mta.count(), kConnections);
  EXPECT_EQ(tokyo.site_status("birl")["links_up_total"], 1);
}

}  // namespace
}  // namespace tsmtp::support
