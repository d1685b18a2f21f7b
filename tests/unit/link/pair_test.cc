// Two whole links against each other, over thousands of seeds: whatever happened, when the network is good
// again they agree on one session a lane, and no rule was broken on the way.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/link/simulated_pair.h"

namespace tsmtp::link {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr unsigned kSeeds = 2'000;
constexpr seconds kQuiet{60};
constexpr unsigned kMostPerSecond = 16;  // that a link does which lacks a lane that the peer no longer keeps

Settings settings_of(std::size_t side, bool dials, std::size_t connections) {
  Settings settings{.pins = {side == 0 ? "pin-b" : "pin-a"}, .dial = {}};
  if (dials) settings.dial = {{.host = "hub.example", .port = 5443, .unix_path = {}}};
  settings.link.connections = connections;
  settings.link.dial_interval = seconds(8);
  return settings;
}

class Trouble {
 public:
  explicit Trouble(unsigned seed, bool successions = false) : random_(seed), successions_(successions) {
    const unsigned who = random_() % 4;  // both, in half of all
    plan_ = {.settings = {settings_of(0, who != 1, connections()), settings_of(1, who != 0, connections())},
             .seed = seed};
    for (Settings& settings : plan_.settings)
      if (random_() % 8 == 0) settings.link.resume_window = seconds(0);
  }

  [[nodiscard]] const SimulatedPair::Plan& plan() const { return plan_; }

  void strike(SimulatedPair& pair) {
    const std::size_t side = random_() % 2;
    switch (random_() % (successions_ ? 12 : 9)) {
      case 0:
        return pair.cut();
      case 1:
        return pair.half_open(side);
      case 2:
        return pair.set_silent(random_() % 2 == 0);
      case 3:
        return pair.set_refusing(random_() % 2 == 0);
      case 4:
        return pair.restart(side);
      case 5:
        return pair.set_clock(side, seconds(static_cast<int>(random_() % 7200) - 3600));
      case 6: {
        Settings other = pair.settings(side);
        other.link.connections = connections();
        changed_lanes_ = true;
        other.link.dial_interval = seconds(random_() % 2 == 0 ? 8 : 4);
        other.link.resume_window = seconds(random_() % 4 == 0 ? 5 : 60);
        return pair.reconfigure(side, other);
      }
      case 7: {  // its key is withdrawn, for a while
        const Settings before = pair.settings(side);
        Settings without = before;
        without.pins.clear();
        pair.reconfigure(side, without);
        pair.run(a_while());
        return pair.reconfigure(side, before);
      }
      case 9:
      case 10:
        return pair.succeed(side);
      case 11:
        return pair.end_earlier(side, random_() % 2 == 0);
      default:
        return;  // a good time
    }
  }

  /// The peer's number of connections is learnt from its Hello: it may have changed since.
  [[nodiscard]] bool changed_lanes() const { return changed_lanes_; }

  [[nodiscard]] milliseconds a_while() {
    const unsigned longest[] = {50, 400, 3'000, 30'000};
    return milliseconds(random_() % longest[random_() % 4] + 1);
  }

 private:
  [[nodiscard]] std::size_t connections() { return random_() % 2 == 0 ? 1 : 1 + random_() % 3; }

  std::mt19937 random_;
  SimulatedPair::Plan plan_;
  bool successions_;
  bool changed_lanes_ = false;
};

std::size_t common_lanes(const SimulatedPair& pair) {
  const bool resumable =
      pair.settings(0).link.resume_window > seconds(0) && pair.settings(1).link.resume_window > seconds(0);
  return resumable ? std::min(pair.settings(0).link.connections, pair.settings(1).link.connections) : 1;
}

TEST(Pair, AgreesWhenTheNetworkIsGoodAgain) {
  std::uint64_t resumptions = 0;
  for (unsigned seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Trouble trouble(seed);
    SimulatedPair pair(trouble.plan());
    for (int strikes = 0; strikes < 12; ++strikes) {
      pair.run(trouble.a_while());
      trouble.strike(pair);
      ASSERT_EQ(pair.fault(), "") << pair.story();
    }
    pair.set_silent(false);
    pair.set_refusing(false);
    pair.run(seconds(150));
    ASSERT_EQ(pair.fault(), "") << pair.story();
    const std::size_t open = pair.life(0).open_connections();
    ASSERT_GE(open, 1U) << pair.story();
    ASSERT_TRUE(trouble.changed_lanes() || open == common_lanes(pair)) << pair.story();
    ASSERT_TRUE(pair.agrees(open)) << pair.story();
    const std::uint64_t before = pair.actions();
    pair.run(kQuiet);
    const std::uint64_t most = trouble.changed_lanes() ? kQuiet.count() * kMostPerSecond : 0;
    ASSERT_LE(pair.actions() - before, most) << "a good link is left alone\n" << pair.story();
    resumptions += pair.resumptions();
  }
  EXPECT_GT(resumptions, kSeeds) << "most sessions should have had to go on somewhere else";
}

// The earlier processes are still there, or not, at odd moments.
TEST(Pair, AgreesWhenProcessesHaveTakenEachOthersPlace) {
  std::uint64_t times_left = 0;
  for (unsigned seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Trouble trouble(seed, true);
    SimulatedPair pair(trouble.plan());
    for (int strikes = 0; strikes < 16; ++strikes) {
      pair.run(trouble.a_while());
      trouble.strike(pair);
      ASSERT_EQ(pair.fault(), "") << pair.story();
    }
    pair.set_silent(false);
    pair.set_refusing(false);
    for (const std::size_t hub : {0U, 1U})
      pair.end_earlier(hub, seed % 2 == 0);
    pair.run(seconds(150));
    ASSERT_EQ(pair.fault(), "") << pair.story();
    const std::size_t open = pair.life(0).open_connections();
    ASSERT_GE(open, 1U) << pair.story();
    ASSERT_TRUE(pair.agrees(open)) << pair.story();
    ASSERT_EQ(pair.leaving(0) + pair.leaving(1), 0U) << pair.story();
    times_left += pair.times_left();
  }
  EXPECT_GT(times_left, kSeeds) << "most processes should have found the one before them at work";
}

// Whoever dials: the successor's link comes up while that of the process before goes on.
TEST(Pair, AnUpgradeLosesNothing) {
  for (unsigned seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Trouble trouble(seed);
    SimulatedPair pair(trouble.plan());
    pair.run(seconds(60));
    const std::size_t lanes = common_lanes(pair);
    ASSERT_TRUE(pair.agrees(lanes)) << pair.story();
    for (int upgrades = 0; upgrades < 3; ++upgrades) {
      const std::size_t hub = (seed + upgrades) % 2;
      pair.succeed(hub);
      pair.run(seconds(60));
      ASSERT_EQ(pair.fault(), "") << pair.story();
      ASSERT_TRUE(pair.agrees(lanes)) << pair.story();
      ASSERT_EQ(pair.leaving(hub), lanes) << pair.story();
      ASSERT_EQ(pair.kept_by_earlier(hub), lanes) << pair.story();
      pair.end_earlier(hub, upgrades == 1);
      pair.run(seconds(2));
      ASSERT_EQ(pair.fault(), "") << pair.story();
      ASSERT_EQ(pair.leaving(hub), 0U) << pair.story();
      ASSERT_TRUE(pair.agrees(lanes)) << pair.story();
    }
  }
}

}  // namespace
}  // namespace tsmtp::link
