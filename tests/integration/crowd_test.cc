// P6 and P10: thousands who come at once, to any of relayd's sockets, and say nothing, half of something, or
// all of it with a key that nobody knows: those who have business there are served meanwhile, the log stays
// short, and every descriptor comes back.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <functional>
#include <iostream>
#include <optional>
#include <thread>
#include <vector>

#include "relayd/base/descriptor.h"
#include "tests/support/hostile_peer.h"
#include "tests/support/two_hubs.h"

namespace tsmtp::support {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Clock = std::chrono::steady_clock;

constexpr int kMany = 5000;
constexpr std::size_t kMaxLines = 600;  // an allowance is 200 lines, and there are several kinds

/// Connected, or about to be: TCP tries again by itself where the backlog is full, and connect(2) to a unix
/// socket waits until there is room in it.
base::Descriptor begin_to_connect(const sockaddr* to, socklen_t size, const std::string& from = "") {
  const int kind = to->sa_family == AF_UNIX ? SOCK_STREAM : SOCK_STREAM | SOCK_NONBLOCK;
  base::Descriptor out(socket(to->sa_family, kind | SOCK_CLOEXEC, 0));
  if (!from.empty()) {
    const int one = 1;
    setsockopt(out.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    sockaddr_in own{};
    own.sin_family = AF_INET;
    inet_pton(AF_INET, from.c_str(), &own.sin_addr);
    (void)bind(out.get(), reinterpret_cast<const sockaddr*>(&own), sizeof own);
  }
  (void)connect(out.get(), to, size);
  return out;
}

class Crowd : public TwoHubs {
 protected:
  void SetUp() override {
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = std::min<rlim_t>(files.rlim_max, 3 * kMany);
    if (files.rlim_cur < kMany + 1000) GTEST_SKIP() << "too few descriptors are allowed";
    setrlimit(RLIMIT_NOFILE, &files);
  }
  void TearDown() override {
    if (!IsSkipped()) TwoHubs::TearDown();
  }

  /// As many to a TCP port, from one address or many; each says `text`.
  void come_to(const std::string& host, std::uint16_t port, int count, const std::string& text,
               bool from_one_address) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    inet_pton(AF_INET, host.c_str(), &to.sin_addr);
    for (int i = 0; i < count; ++i)
      stay(
          begin_to_connect(
              reinterpret_cast<const sockaddr*>(&to), sizeof to,
              from_one_address ? "" : "127.4." + std::to_string(i / 200) + '.' + std::to_string(i % 200 + 1)),
          text);
  }
  void come_to(const std::string& unix_path, int count, const std::string& text) {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    std::strncpy(to.sun_path, unix_path.c_str(), sizeof to.sun_path - 1);
    for (int i = 0; i < count; ++i)
      stay(begin_to_connect(reinterpret_cast<const sockaddr*>(&to), sizeof to), text);
  }
  void stay(base::Descriptor connection, const std::string& text) {
    if (!text.empty()) (void)::send(connection.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    crowd.push_back(std::move(connection));
  }
  /// The same as another user of this machine, if we are root.
  static void as_another_user(const std::function<void()>& act) {
    std::thread([&] {
      constexpr uid_t kSomebody = 20001;
      if (geteuid() == 0) (void)syscall(SYS_setresuid, -1, kSomebody, -1);
      act();
    }).join();
  }

  // They close, those of the backlog too, and relayd is as it was.
  void all_comes_back(Hub& hub, std::size_t descriptors_before) {
    crowd.clear();
    EXPECT_TRUE(wait_until([&] { return hub.process().open_descriptors() <= descriptors_before + 8; }))
        << hub.process().open_descriptors() << " of " << descriptors_before;
    const std::string log = hub.log();
    EXPECT_LT(static_cast<std::size_t>(std::count(log.begin(), log.end(), '\n')), kMaxLines) << log;
  }
  void administrator_is_served(const Hub& hub) {
    const auto begun = Clock::now();
    EXPECT_EQ(hub.relayctl({"status"}).status, 0);
    EXPECT_LT(Clock::now() - begun, std::chrono::seconds(10));
  }

  std::vector<base::Descriptor> crowd;
};

// A record header that announces 512 bytes, and some of them.
const std::string kHalfAClientHello = std::string("\x16\x03\x01\x02\x00\x01", 6) + std::string(200, 'x');

class UnauthenticatedConnections : public Crowd,
                                   public ::testing::WithParamInterface<std::tuple<bool, bool>> {};

TEST_P(UnauthenticatedConnections, KeepNoLinkDown) {
  const auto [speak, from_one_address] = GetParam();
  start();
  const std::size_t before = birl.process().open_descriptors();
  come_to("127.0.0.1", link_port, kMany, speak ? kHalfAClientHello : "", from_one_address);
  path.cut();
  EXPECT_TRUE(
      wait_until([&] { return tokyo.site_status("birl")["resumptions"] == 1; }, std::chrono::seconds(30)))
      << tokyo.log();
  come_to("127.0.0.1", link_port, kMany, speak ? kHalfAClientHello : "", from_one_address);
  administrator_is_served(birl);
  Connection client = session();
  EXPECT_THAT(send_mail(client, "Subject: x\r\n\r\n"), StartsWith("250 "));
  EXPECT_LT(birl.process().open_descriptors(), before + 1500);
  all_comes_back(birl, before);
}

INSTANTIATE_TEST_SUITE_P(Crowd, UnauthenticatedConnections,
                         ::testing::Combine(::testing::Bool(), ::testing::Bool()), [](const auto& kind) {
                           return std::string(std::get<0>(kind.param) ? "HalfAClientHello" : "Silent") +
                                  (std::get<1>(kind.param) ? "FromOneAddress" : "FromMany");
                         });

TEST_F(Crowd, OfUnknownKeysKeepsNoLinkDown) {
  start();
  const Hub stranger("stranger", 0);
  const std::size_t before = birl.process().open_descriptors();
  std::atomic<bool> ends{false};
  std::atomic<int> shown{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 3; ++thread)
    threads.emplace_back([&, thread] {
      for (int i = 0; !ends; ++i) {
        try {
          HostilePeer peer(stranger.file("identity.pem"), link_port,
                           "127.5." + std::to_string(thread) + '.' + std::to_string(i / 50 % 250 + 1));
          ++shown;
          (void)peer.begin_session();
        } catch (const std::exception&) {
          ++shown;
        }
      }
    });
  EXPECT_TRUE(wait_until([&] { return shown > 300; }));
  path.cut();
  EXPECT_TRUE(
      wait_until([&] { return tokyo.site_status("birl")["resumptions"] == 1; }, std::chrono::seconds(30)))
      << tokyo.log();
  administrator_is_served(birl);
  Connection client = session();
  EXPECT_THAT(send_mail(client, "Subject: x\r\n\r\n"), StartsWith("250 "));
  ends = true;
  for (std::thread& thread : threads)
    thread.join();
  all_comes_back(birl, before);
}

constexpr char kHalfAMail[] =
    "EHLO mx.tokyo.example\r\nMAIL FROM:<a@tokyo.example>\r\nRCPT TO:<b@birl.example>\r\n";
constexpr char kTalksTooEarly[] =
    "EHLO mx.tokyo.example\r\nMAIL FROM:<a@tokyo.example>\r\nRCPT TO:<b@birl.example>\r\nDATA\r\nhalf a mail";

/// At an endpoint: whether it is a unix socket; what each of the crowd says.
using AtEndpoint = std::tuple<bool, const char*>;
class Clients : public Crowd, public ::testing::WithParamInterface<AtEndpoint> {};

TEST_P(Clients, OfAnotherUserKeepNobodyOut) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can be two users";
  const bool is_unix = std::get<0>(GetParam());
  const std::string unix_path = tokyo.file("endpoint.sock");
  std::filesystem::permissions(std::filesystem::path(unix_path).parent_path(), std::filesystem::perms(0755));
  start(is_unix ? "endpoint = [\"unix:" + unix_path + "\"]\nendpoint_mode = \"0666\"" : "");
  const std::size_t before = tokyo.process().open_descriptors();
  as_another_user([&, what = std::string(std::get<1>(GetParam()))] {
    if (is_unix) {
      come_to(unix_path, kMany, what);
    } else {
      come_to(endpoint_address(), endpoint_port, kMany, what, true);
    }
  });
  const auto connected = [&] {
    return is_unix ? Connection(unix_path) : Connection(endpoint_address(), endpoint_port);
  };
  for (int i = 0; i < 5; ++i) {
    const auto begun = Clock::now();
    Connection client = connected();
    EXPECT_THAT(client.reply(), StartsWith("220 "));
    client.command("EHLO mx.tokyo.example");
    EXPECT_THAT(send_mail(client, "Subject: x\r\n\r\n"), StartsWith("250 "));
    EXPECT_LT(Clock::now() - begun, std::chrono::seconds(15));
  }
  administrator_is_served(tokyo);
  EXPECT_LT(tokyo.process().open_descriptors(), before + 1500);
  all_comes_back(tokyo, before);
}

INSTANTIATE_TEST_SUITE_P(
    Crowd, Clients, ::testing::Combine(::testing::Bool(), ::testing::Values("", kHalfAMail, kTalksTooEarly)),
    [](const auto& kind) {
      const char* const text = std::get<1>(kind.param);
      return std::string(std::get<0>(kind.param) ? "Unix" : "Tcp") + (*text == '\0'        ? "Silent"
                                                                      : text == kHalfAMail ? "HalfAMail"
                                                                                           : "TalksTooEarly");
    });

TEST_F(Crowd, AtTheControlSocketKeepsNoAdministratorOut) {
  start();
  const std::size_t before = tokyo.process().open_descriptors();
  for (int i = 0; i < 5; ++i) {
    come_to(tokyo.file("control.sock"), kMany / 5, i % 2 == 0 ? "" : "half a requ");
    administrator_is_served(tokyo);
  }
  all_comes_back(tokyo, before);
}

TEST_F(Crowd, AtTheMetricsPageKeepsNobodyOut) {
  const std::uint16_t port = free_port();
  configure("", "metrics = \"127.0.0.1:" + std::to_string(port) + "\"");
  birl.start();
  tokyo.start();
  ASSERT_TRUE(link_is_up());
  const std::size_t before = tokyo.process().open_descriptors();
  come_to("127.0.0.1", port, kMany, "GET /metr", true);
  Connection scraper("127.0.0.1", port);
  scraper.send("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(scraper.line().value_or(""), HasSubstr("200"));
  administrator_is_served(tokyo);
  Connection client = session();
  EXPECT_THAT(send_mail(client, "Subject: x\r\n\r\n"), StartsWith("250 "));
  all_comes_back(tokyo, before);
}

}  // namespace
}  // namespace tsmtp::support
