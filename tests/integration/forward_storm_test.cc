// A storm of forwards: programs that send and take random amounts and end as they like, services that come
// and go, links that are cut, reloads, and relayds that are killed. What arrives is what was sent, from the
// start; an end in order means that all of it is there; every connection ends within a bound; and the mails
// beside are delivered, each once.
//
// TSMTP_STORM_SEED repeats a storm, as far as the machine's timing lets it.
#include <sys/socket.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <random>
#include <thread>

#include "tests/integration/forward_fixture.h"

namespace tsmtp::support {
namespace {

constexpr int kPrograms = 12;
constexpr int kConnectionsOfEach = 40;
constexpr int kMails = 60;
constexpr int kBlows = 60;
constexpr std::uint64_t kMostBytes = 600'000;

enum class How { kInOrder, kReset, kHalfFirst, kUnixReset };  // a unix socket has no reset to pass on

/// What one connection is to be, told to the service in its first line.
struct Plan {
  std::uint64_t seed = 0;
  std::uint64_t there = 0;  ///< bytes from the program
  std::uint64_t back = 0;
  How how = How::kInOrder;
};

std::string content(std::uint64_t seed, std::uint64_t bytes) {
  std::string out(bytes, '\0');
  std::mt19937 generator(static_cast<std::mt19937::result_type>(seed));
  for (char& byte : out)
    byte = static_cast<char>(generator());
  return out;
}

/// All that comes until the end; whether that was in order.
bool read_all(const Connection& connection, std::string& out) {
  char buffer[65536];
  timeval bound{.tv_sec = 120, .tv_usec = 0};
  setsockopt(connection.fd(), SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof bound);
  for (;;) {
    const ssize_t bytes = recv(connection.fd(), buffer, sizeof buffer, 0);
    if (bytes == 0) return true;
    if (bytes < 0) {
      EXPECT_NE(errno, EAGAIN) << "a connection has not ended within two minutes";
      return false;
    }
    out.append(buffer, static_cast<std::size_t>(bytes));
  }
}

class ForwardStorm : public Forwarding {
 protected:
  void SetUp() override {
    if (const char* const given = std::getenv("TSMTP_STORM_SEED")) seed_ = std::strtoull(given, nullptr, 10);
    std::cout << "TSMTP_STORM_SEED=" << seed_ << '\n';
    listener_ = listen_on(service_port_);
    server_ = std::thread([this] { serve(); });
    birl_site_keys = "\n[[service]]\nname = \"echo\"\nto = \"127.0.0.1:" + std::to_string(service_port_) +
                     "\"\nsites = [\"tokyo\"]\nmax_connections = 1000\n";
    configure("dial_interval = \"1s\"\nresume_window = \"20s\"\n[[forward]]\nlisten = [\"127.0.0.1:" +
              std::to_string(port) + "\", \"unix:" + socket_path() +
              "\"]\nsite = \"birl\"\nservice = \"echo\"\n");
    birl.start();
    tokyo.start();
    ASSERT_TRUE(link_is_up() && opens());
  }
  void TearDown() override {
    ends_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    server_.join();
    for (std::thread& thread : serving_)
      thread.join();
    ::close(listener_);
    Forwarding::TearDown();
  }

  void serve() {
    while (!ends_) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd >= 0) serving_.emplace_back([fd, this] { serve_one(Connection(fd)); });
    }
  }

  // Of a probe there is no first line.
  void serve_one(Connection connection) {
    const auto line = connection.line();
    Plan plan;
    int how = 0;
    if (!line || std::sscanf(line->c_str(), "%lu %lu %lu %d", &plan.seed, &plan.there, &plan.back, &how) != 4)
      return;
    bool sent = false;
    std::thread sender([&] {
      sent = connection.send(content(plan.seed + 1, plan.back));
      finish(connection);
    });
    std::string got = connection.take_input();  // the line's reader may have taken more
    got.reserve(plan.there);
    const bool saw_end = read_all(connection, got);
    sender.join();
    if (content(plan.seed, plan.there).compare(0, got.size(), got) != 0)
      problem("the service got what was not sent");
    // The kernel tells of a reset once, and it may have told the sender.
    const bool in_order = saw_end && sent;
    if (in_order && got.size() < plan.there && static_cast<How>(how) != How::kUnixReset)
      problem("the service got an end in order before all was there: " + *line);
    if (in_order) ++whole_;
  }

  void program(std::uint64_t seed) {
    std::mt19937_64 generator(seed);
    for (int i = 0; i < kConnectionsOfEach; ++i) {
      Plan plan{.seed = generator() >> 33,
                .there = generator() % kMostBytes,
                .back = generator() % kMostBytes,
                .how = static_cast<How>(generator() % 3)};
      const bool is_tcp = generator() % 2 == 0;
      if (!is_tcp && plan.how == How::kReset) plan.how = How::kUnixReset;
      try {
        run(plan, is_tcp ? Connection("127.0.0.1", port) : Connection(socket_path()), is_tcp);
      } catch (const std::runtime_error&) {  // nothing listens just now
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
      }
    }
  }

  // A unix socket cannot show that the relayd behind it was killed.
  void run(const Plan& plan, Connection connection, bool is_tcp) {
    connection.send(std::to_string(plan.seed) + ' ' + std::to_string(plan.there) + ' ' +
                    std::to_string(plan.back) + ' ' + std::to_string(static_cast<int>(plan.how)) + '\n');
    if (plan.how == How::kReset || plan.how == How::kUnixReset) {
      connection.send(content(plan.seed, plan.there / 2));
      return connection.reset();
    }
    bool sent = false;
    std::thread sender([&] {
      sent = connection.send(content(plan.seed, plan.there));
      if (plan.how == How::kHalfFirst) finish(connection);
    });
    std::string got;
    const bool saw_end = read_all(connection, got);
    if (!saw_end) ::shutdown(connection.fd(), SHUT_RDWR);
    sender.join();
    const bool in_order = saw_end && sent;
    if (content(plan.seed + 1, plan.back).compare(0, got.size(), got) != 0)
      problem("the program got what was not sent");
    if (in_order && is_tcp && got.size() < plan.back)
      problem("the program got an end in order before all was there: " + std::to_string(plan.seed));
    if (plan.how == How::kInOrder) finish(connection);
    ++ended_;
  }

  void problem(const std::string& what) {
    const std::scoped_lock lock(mutex_);
    problems_.push_back(what);
  }

  void strike() {
    std::mt19937_64 generator(seed_);
    for (int i = 0; i < kBlows; ++i) {
      switch (generator() % 12) {
        case 0:
          birl.kill();
          birl.start();
          break;
        case 1:
          tokyo.kill();
          tokyo.start();
          break;
        case 2:
        case 3:
          (void)birl.relayctl({"reload"});
          (void)tokyo.relayctl({"reload"});
          break;
        default:
          path.cut();
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(generator() % 300));
    }
  }

  void send_mails() {
    for (int i = 0; i < kMails; ++i)
      while (!deliver("mail " + std::to_string(i)))
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  bool deliver(const std::string& subject) {
    try {
      Connection client(endpoint_address(), endpoint_port);
      if (!client.reply().starts_with("220") || !client.command("EHLO mx.tokyo.example").starts_with("250"))
        return false;
      return send_mail(client, "Subject: " + subject + "\r\n\r\n").starts_with("250");
    } catch (const std::runtime_error&) {
      return false;
    }
  }

  std::uint64_t seed_ = std::random_device()();
  std::uint16_t service_port_ = free_port();
  int listener_ = -1;
  std::thread server_;
  std::vector<std::thread> serving_;
  std::atomic<bool> ends_ = false;
  std::atomic<int> ended_ = 0;
  std::atomic<int> whole_ = 0;
  std::mutex mutex_;
  std::vector<std::string> problems_;
};

TEST_F(ForwardStorm, WhatArrivesIsWhatWasSentAndMailGoesOn) {
  std::vector<std::thread> programs;
  for (int i = 0; i < kPrograms; ++i)
    programs.emplace_back([this, i] { program(seed_ + static_cast<std::uint64_t>(i)); });
  std::thread mails([this] { send_mails(); });
  strike();
  for (std::thread& one : programs)
    one.join();
  mails.join();
  EXPECT_THAT(problems_, ::testing::IsEmpty()) << "TSMTP_STORM_SEED=" << seed_;
  EXPECT_GT(ended_, 0);
  EXPECT_GT(whole_, 0);
  EXPECT_EQ(birl_mta.count(), static_cast<std::size_t>(kMails)) << "each mail once";
  std::cout << ended_ << " connections ended, " << whole_ << " of them whole\n";
  ASSERT_TRUE(wait_until([&] { return try_to_connect("127.0.0.1", port) == 0; }));
}

}  // namespace
}  // namespace tsmtp::support
