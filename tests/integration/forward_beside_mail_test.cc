// Mail goes first: a small mail takes at most twice its time while forwards fill a slow line. Needs root, for
// the network namespaces.
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/support/far_apart.h"
#include "tests/support/wait_until.h"

namespace tsmtp::support {
namespace {

constexpr std::uint16_t kServicePort = 7000;
constexpr std::uint16_t kForwardPort = 7001;
constexpr std::size_t kForwards = 32;
constexpr std::uint64_t kBitsPerSecond = 10'000'000;
constexpr std::size_t kPieceBytes = 64UL * 1024;

/// The service: takes all that comes on any connection.
class Sink {
 public:
  explicit Sink(int listener) : listener_(listener), thread_([this] { run(); }) {}
  ~Sink() {
    is_ending_ = true;
    thread_.join();
    for (const int socket : sockets_)
      close(socket);
    close(listener_);
  }
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  std::atomic<std::uint64_t> bytes{0};

 private:
  void run() {
    std::string room(kPieceBytes, '\0');
    while (!is_ending_) {
      std::vector<pollfd> waited{{.fd = listener_, .events = POLLIN, .revents = 0}};
      for (const int socket : sockets_)
        waited.push_back({.fd = socket, .events = POLLIN, .revents = 0});
      if (poll(waited.data(), waited.size(), 50) <= 0) continue;
      for (const pollfd& each : waited) {
        if (each.revents == 0) continue;
        if (each.fd == listener_) {
          sockets_.push_back(accept(listener_, nullptr, nullptr));
          continue;
        }
        const ssize_t taken = recv(each.fd, room.data(), room.size(), MSG_DONTWAIT);
        if (taken > 0) bytes += static_cast<std::uint64_t>(taken);
      }
    }
  }

  int listener_;
  std::vector<int> sockets_;
  std::atomic<bool> is_ending_{false};
  std::thread thread_;
};

/// Programs that send as much as the forward takes.
class Senders {
 public:
  explicit Senders(std::vector<Connection> programs)
      : programs_(std::move(programs)), thread_([this] { run(); }) {}
  ~Senders() {
    is_ending_ = true;
    thread_.join();
  }
  Senders(const Senders&) = delete;
  Senders& operator=(const Senders&) = delete;

 private:
  void run() {
    const std::string piece(kPieceBytes, 'x');
    std::vector<pollfd> waited;
    for (const Connection& program : programs_)
      waited.push_back({.fd = program.fd(), .events = POLLOUT, .revents = 0});
    while (!is_ending_) {
      if (poll(waited.data(), waited.size(), 50) <= 0) continue;
      for (const pollfd& each : waited)
        if (each.revents != 0) (void)send(each.fd, piece.data(), piece.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    }
  }

  std::vector<Connection> programs_;
  std::atomic<bool> is_ending_{false};
  std::thread thread_;
};

class BesideMail : public FarApart {
 protected:
  BesideMail()
      : FarApart("[[forward]]\nlisten = [\"127.0.0.1:" + std::to_string(kForwardPort) +
                     "\"]\nsite = \"birl\"\nservice = \"bulk\"\n",
                 "[[service]]\nname = \"bulk\"\nto = \"127.0.0.1:" + std::to_string(kServicePort) +
                     "\"\nsites = [\"tokyo\"]\n",
                 {"--delay", "20", "--rate", std::to_string(kBitsPerSecond)}) {}

  void SetUp() override {
    FarApart::SetUp();
    const Inside far(link.far());
    service = std::make_unique<Sink>(listen_on(kServicePort));
  }

  /// Of several mails that go one after the other, in seconds.
  static double median_of_mails() {
    constexpr std::size_t kMails = 9;
    Connection client = session();
    send_mail(client);  // which may have to wait for a connection to the MTA
    std::vector<double> times;
    while (times.size() < kMails) {
      const auto begin = std::chrono::steady_clock::now();
      send_mail(client);
      times.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    }
    std::sort(times.begin(), times.end());
    return times[kMails / 2];
  }
  /// Once the forward is open.
  static std::vector<Connection> programs() {
    std::vector<Connection> out;
    (void)wait_until([&] {
      try {
        while (out.size() < kForwards)
          out.emplace_back("127.0.0.1", kForwardPort);
      } catch (const std::runtime_error&) {
        return false;
      }
      return true;
    });
    return out;
  }

  std::unique_ptr<Sink> service;
};

TEST_F(BesideMail, ASmallMailTakesAtMostTwiceItsTimeBehindForwardsAndTheyFillTheLine) {
  const double idle = median_of_mails();
  std::vector<Connection> connections = programs();
  ASSERT_EQ(connections.size(), kForwards) << tokyo.log();
  const Senders bulk(std::move(connections));
  EXPECT_TRUE(wait_until([&] { return service->bytes > kBitsPerSecond / 2; })) << "four seconds of the line";
  const std::uint64_t before = service->bytes;
  const auto begin = std::chrono::steady_clock::now();
  std::vector<double> busy;
  for (int round = 0; round < 5; ++round)
    busy.push_back(median_of_mails());
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const double used = static_cast<double>(service->bytes - before) * 8 / seconds / kBitsPerSecond;
  std::sort(busy.begin(), busy.end());
  EXPECT_LE(busy[busy.size() / 2], 2 * idle) << idle << " s while the line is idle";
  EXPECT_GE(used, 0.6) << "of the line, which carries mails too";
}

}  // namespace
}  // namespace tsmtp::support
