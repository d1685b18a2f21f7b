// Hubs at both ends are killed, cut off and reloaded at random under traffic, and every mail comes once.
// TSMTP_STORM_SEED repeats one.
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <map>
#include <random>
#include <thread>

#include "tests/support/several_hubs.h"
#include "tests/support/wait_until.h"

namespace tsmtp::support {
namespace {

constexpr int kDisturbances = TSMTP_SANITIZED != 0 ? 6 : 12;
constexpr std::size_t kQueues = 6;

class SeveralHubsStorm : public SeveralHubs {
 protected:
  std::size_t below(std::size_t bound) { return generator_() % bound; }

  [[nodiscard]] std::size_t delivered() const {
    std::size_t all = 0;
    for (const auto& one : far)
      all += one->mta.count();
    return all;
  }

  void disturb() {
    FarHub& one = *far[below(far.size())];
    switch (below(5)) {
      case 0:
      case 1:
        one.hub.kill();
        one.hub.start();
        break;
      case 2:
        one.path.cut();
        break;
      case 3:
        configure_tokyo(std::string(kKeys) +
                        (below(2) == 0 ? "prefer = \"order\"\n" : "prefer = \"spread\"\n"));
        EXPECT_EQ(tokyo.relayctl({"reload"}).status, 0);
        break;
      default:
        tokyo.kill();
        tokyo.start();
    }
  }

  static constexpr const char* kKeys = "peer_timeout = \"3s\"\n";
  std::uint64_t seed_ = [] {
    const char* const given = std::getenv("TSMTP_STORM_SEED");
    return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
  }();
  std::mt19937_64 generator_{seed_};
};

TEST_F(SeveralHubsStorm, LosesAndDoublesNothing) {
  SCOPED_TRACE("TSMTP_STORM_SEED=" + std::to_string(seed_));
  start(3, std::string(kKeys) + "prefer = \"spread\"\n");
  std::atomic<bool> ends{false};
  std::vector<std::vector<std::string>> accepted(kQueues);
  std::vector<std::string> problems(kQueues);
  std::vector<std::thread> queues;
  for (std::size_t queue = 0; queue < kQueues; ++queue)
    queues.emplace_back([&, queue] {
      for (int i = 0; !ends && problems[queue].empty(); ++i) {
        const std::string content = "Token: " + std::to_string(queue) + '.' + std::to_string(i) + "\r\n\r\n" +
                                    std::string(static_cast<std::size_t>(i % 5) * 9000, 'x') + "\r\n";
        const std::string reply = deliver(content);
        if (reply.starts_with("250 "))
          accepted[queue].push_back(content);
        else
          problems[queue] = content.substr(0, 20) + reply;
      }
    });
  for (int i = 0; i < kDisturbances; ++i) {
    const std::size_t enough = delivered() + 1 + below(30);
    disturb();
    EXPECT_TRUE(wait_until([&] { return delivered() >= enough; }));
  }
  ends = true;
  for (std::thread& queue : queues)
    queue.join();
  EXPECT_THAT(problems, ::testing::Each(""));
  std::map<std::string, int> copies;
  for (const auto& one : far)
    for (const Delivered& mail : one->mta.delivered())
      ++copies[mail.content];
  std::size_t count = 0;
  for (const auto& contents : accepted)
    for (const std::string& content : contents) {
      ++count;
      EXPECT_EQ(copies[content], 1) << content.substr(0, 20);
    }
  EXPECT_EQ(copies.size(), count);
}

}  // namespace
}  // namespace tsmtp::support
