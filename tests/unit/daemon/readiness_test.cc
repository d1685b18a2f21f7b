#include "relayd/daemon/readiness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstddef>
#include <cstdlib>

#include "relayd/base/descriptor.h"
#include "tests/support/temporary_directory.h"

namespace tsmtp::daemon {
namespace {

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
  const Readiness told;
  EXPECT_EQ(std::getenv("NOTIFY_SOCKET"), nullptr);
  told.ready("hub tokyo, 1 site");
  EXPECT_EQ(manager.heard(), "READY=1\nSTATUS=hub tokyo, 1 site");
  told.reloading();
  EXPECT_THAT(manager.heard(), StartsWith("RELOADING=1\nMONOTONIC_USEC="));
  told.stopping();
  EXPECT_EQ(manager.heard(), "STOPPING=1");
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

}  // namespace
}  // namespace tsmtp::daemon
