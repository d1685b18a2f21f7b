#include "relayd/daemon/readiness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <optional>
#include <string>

#include "relayd/base/descriptor.h"
#include "tests/support/temporary_directory.h"

namespace tsmtp::daemon {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::StartsWith;

/// What systemd is to us: a datagram socket, by path or in the abstract namespace.
class FakeManager {
 public:
  explicit FakeManager(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (path.front() == '@') address.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    EXPECT_EQ(bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), length), 0);
    setenv("NOTIFY_SOCKET", path.c_str(), 1);
  }
  ~FakeManager() { unsetenv("NOTIFY_SOCKET"); }
  FakeManager(const FakeManager&) = delete;
  FakeManager& operator=(const FakeManager&) = delete;

  [[nodiscard]] std::string heard() const {
    std::array<char, 4096> bytes{};
    const ssize_t size = recv(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    return size < 0 ? "nothing" : std::string(bytes.data(), static_cast<std::size_t>(size));
  }

 private:
  base::Descriptor socket_;
};

void tells_all(const std::string& path) {
  const FakeManager manager(path);
  Readiness told;
  EXPECT_EQ(std::getenv("NOTIFY_SOCKET"), nullptr);
  told.status("opening the ledger");
  EXPECT_EQ(manager.heard(), "STATUS=opening the ledger");
  told.ready("hub tokyo: link up");
  EXPECT_EQ(manager.heard(), "READY=1\nSTATUS=hub tokyo: link up");
  told.status("hub tokyo: link up");
  EXPECT_EQ(manager.heard(), "nothing") << "it is known";
  told.status("hub tokyo: 0 of 1 links up");
  EXPECT_EQ(manager.heard(), "STATUS=hub tokyo: 0 of 1 links up");
  told.reloading();
  EXPECT_THAT(manager.heard(),
              AllOf(StartsWith("RELOADING=1\nMONOTONIC_USEC="), EndsWith("\nSTATUS=reloading")));
  told.stopping("hub tokyo: shutting down");
  EXPECT_EQ(manager.heard(), "STOPPING=1\nSTATUS=hub tokyo: shutting down");
}

TEST(Readiness, IsToldByPath) {
  const support::TemporaryDirectory dir;
  tells_all(dir.file("notify"));
}

TEST(Readiness, IsToldByAbstractName) {
  const support::TemporaryDirectory dir;  // for a name that nobody else has
  tells_all('@' + dir.path());
}

TEST(Readiness, ThatIsNotThereIsNoTrouble) {
  Readiness().ready("");
  for (const std::string& path : {std::string("/nonexistent/notify"), std::string(300, 'x'), std::string()}) {
    setenv("NOTIFY_SOCKET", path.c_str(), 1);
    Readiness().ready("");
  }
}

// The manager that does not read is systemd itself, and everything else waits for it too.
TEST(Readiness, AManagerThatDoesNotReadIsNotWaitedFor) {
  const support::TemporaryDirectory dir;
  const FakeManager manager(dir.file("notify"));
  Readiness told;
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < 10'000; ++i) {
    told.alive();
    told.status(std::to_string(i));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(10));
}

std::optional<std::chrono::milliseconds> watchdog(const std::string& microseconds,
                                                  const std::string& process) {
  setenv("WATCHDOG_USEC", microseconds.c_str(), 1);
  if (!process.empty()) setenv("WATCHDOG_PID", process.c_str(), 1);
  const Readiness told;
  EXPECT_EQ(std::getenv("WATCHDOG_USEC"), nullptr);
  EXPECT_EQ(std::getenv("WATCHDOG_PID"), nullptr);
  return told.watchdog_interval();
}

TEST(Readiness, TheWatchdogIsToldInHalfItsTime) {
  using std::chrono::milliseconds;
  EXPECT_EQ(Readiness().watchdog_interval(), std::nullopt);
  EXPECT_EQ(watchdog("60000000", ""), milliseconds(30'000));
  EXPECT_EQ(watchdog("60000000", std::to_string(getpid())), milliseconds(30'000));
  EXPECT_EQ(watchdog("1", ""), milliseconds(1));
  EXPECT_EQ(watchdog("60000000", "1"), std::nullopt) << "another process is watched";
  for (const char* none :
       {"", "0", "-1", "sixty", "60000000 ", "99999999999999999999", "18446744073709551615"})
    EXPECT_EQ(watchdog(none, ""), std::nullopt) << none;
  const support::TemporaryDirectory dir;
  const FakeManager manager(dir.file("notify"));
  Readiness().alive();
  EXPECT_EQ(manager.heard(), "WATCHDOG=1");
}

TEST(Readiness, ASuccessorIsTheServiceAndSpeaksForItself) {
  const support::TemporaryDirectory dir;
  const FakeManager manager(dir.file("notify"));
  setenv("WATCHDOG_USEC", "60000000", 1);
  setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);
  Readiness told;
  EXPECT_THAT(told.for_successor(),
              testing::ElementsAre("NOTIFY_SOCKET=" + dir.file("notify"), "WATCHDOG_USEC=60000000"));
  EXPECT_TRUE(told.succeeded_by(4711));
  EXPECT_EQ(manager.heard(), "WATCHDOG=1\nMAINPID=4711");
  told.alive();
  told.status("hub tokyo: link up");
  told.stopping("");
  EXPECT_EQ(manager.heard(), "nothing");
}

// It would take the end of this process for the end of the service.
TEST(Readiness, AManagerThatHasNoRoomIsToldOfTheSuccessorLater) {
  const support::TemporaryDirectory dir;
  const FakeManager manager(dir.file("notify"));
  Readiness told;
  for (int i = 0; i < 10'000; ++i)
    told.status(std::to_string(i));
  EXPECT_FALSE(told.succeeded_by(4711));
  EXPECT_FALSE(told.is_succeeded());
  while (manager.heard() != "nothing") {
  }
  EXPECT_TRUE(told.succeeded_by(4711));
  EXPECT_EQ(manager.heard(), "WATCHDOG=1\nMAINPID=4711");
  EXPECT_TRUE(told.succeeded_by(4711));
  EXPECT_EQ(manager.heard(), "nothing") << "it knows";
}

TEST(Readiness, ASuccessorIsNotWatchedWhereThisOneIsNot) {
  unsetenv("NOTIFY_SOCKET");
  EXPECT_THAT(Readiness().for_successor(), testing::IsEmpty());
  setenv("WATCHDOG_USEC", "60000000", 1);
  setenv("WATCHDOG_PID", "1", 1);
  EXPECT_THAT(Readiness().for_successor(), testing::IsEmpty());
}

}  // namespace
}  // namespace tsmtp::daemon
