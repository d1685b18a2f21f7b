// Whatever runs out, descriptors, threads, room in a pipe or patience of others: relayd lives, says so, and
// goes on by itself when there is some again.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>

#include "tests/support/two_hubs.h"
#include "tests/support/wait_until.h"

namespace tsmtp::support {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kContent[] = "Subject: hello\r\n\r\ntext\r\n";

rlim_t highest_descriptor(const Process& process) {
  rlim_t highest = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/" + std::to_string(process.pid()) + "/fd"))
    highest = std::max<rlim_t>(highest, std::stoul(entry.path().filename().string()));
  return highest;
}

void set_limit_of(const Process& process, __rlimit_resource resource, rlim_t value) {
  rlimit limit{};
  ASSERT_EQ(prlimit(process.pid(), resource, nullptr, &limit), 0);
  limit.rlim_cur = value;
  ASSERT_EQ(prlimit(process.pid(), resource, &limit, nullptr), 0);
}

std::size_t count_of(const std::string& what, const std::string& text) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
    ++count;
  return count;
}

class Shortage : public TwoHubs {
 protected:
  [[nodiscard]] std::string greeting() const { return Connection(endpoint_address(), endpoint_port).reply(); }
};

TEST_F(Shortage, OfDescriptorsIsToldToClientsAndTheAdministratorAndHeals) {
  set_limit_of(tokyo.process(), RLIMIT_NOFILE, highest_descriptor(tokyo.process()) + 4);
  std::vector<std::unique_ptr<Connection>> taken;
  std::string said;
  for (int i = 0; i < 200 && !said.starts_with("421 "); ++i) {
    taken.push_back(std::make_unique<Connection>(endpoint_address(), endpoint_port));
    said = taken.back()->reply();
  }
  EXPECT_EQ(said, "421 4.3.2 birl: this hub is out of file descriptors\r\n");
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(greeting(), "421 4.3.2 birl: this hub is out of file descriptors\r\n") << "each is told";

  const auto shortage = tokyo.status()["shortage"];
  ASSERT_TRUE(shortage.is_object()) << "relayctl is served";
  EXPECT_GE(shortage["times"], 1);
  EXPECT_THAT(
      shortage["text"].get<std::string>(),
      HasSubstr(
          ": a client could not be accepted: this hub is out of file descriptors (Too many open files)"));
  EXPECT_TRUE(tokyo.logs(endpoint_address() + ':' + std::to_string(endpoint_port) +
                         ": a client could not be accepted: this hub is out of file descriptors"));
  EXPECT_LE(count_of("could not be accepted", tokyo.log()), 12U);

  taken.clear();
  EXPECT_TRUE(wait_until([&] { return greeting().starts_with("220 "); })) << "without a hand";
  Connection client = session();
  EXPECT_THAT(send_mail(client, kContent), StartsWith("250 "));
}

TEST_F(Shortage, OfDescriptorsKeepsNoLinkOut) {
  set_limit_of(birl.process(), RLIMIT_NOFILE, highest_descriptor(birl.process()) + 3);
  std::vector<std::unique_ptr<Connection>> unauthenticated;
  for (int i = 0; i < 6; ++i)
    unauthenticated.push_back(std::make_unique<Connection>("127.0.0.1", link_port));
  tokyo.kill();
  tokyo.start();
  EXPECT_TRUE(tokyo.wait_for_link("birl")) << tokyo.log();
}

TEST_F(Shortage, OfRefusedSessionsDescriptorsThereIsABound) {
  birl.kill();
  ASSERT_TRUE(tokyo.wait_for_link_down("birl"));
  const std::size_t before = tokyo.process().open_descriptors();
  std::vector<std::unique_ptr<Connection>> refused;
  for (int i = 0; i < 500; ++i) {
    refused.push_back(std::make_unique<Connection>(endpoint_address(), endpoint_port));
    ASSERT_THAT(refused.back()->reply(), StartsWith("421 4.4.1 birl: link down since "));
  }
  EXPECT_LT(tokyo.process().open_descriptors(), before + 80);
  EXPECT_LT(count_of("session refused", tokyo.log()), 30U) << "the rest is counted";
}

TEST_F(Shortage, IdleSessionsKeepNobodyOut) {
  tokyo.kill();
  configure("max_sessions = 4");
  tokyo.start();
  ASSERT_TRUE(link_is_up());
  std::vector<Connection> idle;
  for (int i = 0; i < 4; ++i)
    idle.push_back(session());
  begin_mail(idle[0], kContent);
  EXPECT_THAT(greeting(), HasSubstr("too many sessions at once, the limit is 4"));
  EXPECT_TRUE(wait_until([&] { return greeting().starts_with("220 "); }));
  EXPECT_EQ(idle[1].reply(), "421 4.3.2 birl: too many sessions at once, and this one was idle longest\r\n");
  idle[0].send(".\r\n");
  EXPECT_THAT(idle[0].reply(), StartsWith("250 ")) << "a mail under way is not idle";
}

// Whoever they are: root here, as the administrator.
TEST_F(Shortage, SilentClientsOfTheControlSocketKeepNoAdministratorOut) {
  std::vector<std::unique_ptr<Connection>> silent;
  for (int i = 0; i < 200; ++i)
    silent.push_back(std::make_unique<Connection>(tokyo.file("control.sock")));
  for (int i = 0; i < 10; ++i) {
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_EQ(tokyo.relayctl({"status"}).status, 0);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(3));
  }
}

TEST_F(Shortage, SilentClientsOfTheMetricsPageKeepNobodyOut) {
  const std::uint16_t port = free_port();
  tokyo.kill();
  configure("", "metrics = \"127.0.0.1:" + std::to_string(port) + "\"");
  tokyo.start();
  std::vector<std::unique_ptr<Connection>> silent;
  for (int i = 0; i < 200; ++i)
    silent.push_back(std::make_unique<Connection>("127.0.0.1", port));
  Connection client("127.0.0.1", port);
  client.send("GET /metrics HTTP/1.1\r\n\r\n");
  EXPECT_EQ(client.line(), "HTTP/1.1 200 OK\r\n");
}

// A pipe that nobody reads: 64 KiB, and a write to it waits for ever.
class LogOfNobody : public TwoHubs {
 protected:
  LogOfNobody() {
    EXPECT_EQ(mkfifo(tokyo.file("log").c_str(), 0600), 0);
    reader_ = open(tokyo.file("log").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  }
  ~LogOfNobody() override { close(reader_); }
  void TearDown() override {
    unlink(tokyo.file("log").c_str());  // who reads it as a file would wait for a writer
    TwoHubs::TearDown();
  }
  int reader_ = -1;
};

TEST_F(LogOfNobody, StopsNoMail) {
  birl_mta.set_script([](const std::string& command) {
    return command.starts_with(".") ? "250 2.0.0 " + std::string(480, 'x') + "\r\n" : std::string();
  });
  Connection client = session();
  for (int i = 0; i < 250; ++i)
    ASSERT_THAT(send_mail(client, kContent), StartsWith("250 ")) << i;
  EXPECT_EQ(tokyo.relayctl({"status"}).status, 0);
  EXPECT_TRUE(tokyo.process().running());
}

}  // namespace
}  // namespace tsmtp::support
