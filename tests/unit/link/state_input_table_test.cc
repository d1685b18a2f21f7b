// Every state of a link × every input: nothing that a driver, a peer or an administrator does at an odd
// moment breaks a rule, and the link still comes up afterwards.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <functional>

#include "tests/unit/link/script.h"

namespace tsmtp::link {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Case {
  std::string name;
  std::function<void(Script&)> step;
};

constexpr ConnectionId kUnknown{99};

void interrupted(Script& script) {
  script.lose(script.up());
}

/// Of the process `number` of the peer's, which the one before has made.
HelloSummary successor(int number) {
  HelloSummary hello = far();
  hello.instance = "instance-" + std::to_string(number);
  hello.predecessor = "instance-" + std::to_string(number - 1);
  return hello;
}

/// Connection 1 carries what leaves, 2 what is present.
void beside(Script& script) {
  (void)script.up();
  script.hello(script.accept(), successor(2));
}

const std::vector<Case> kStates = {
    {"resolving", [](Script&) {}},
    {"connecting", [](Script& s) { s.resolve(); }},
    {"shaking hands",
     [](Script& s) {
       s.resolve();
       s.life.connected(kRounds);
     }},
    {"greeted",
     [](Script& s) {
       s.resolve();
       (void)s.dial();
     }},
    {"waiting to dial", [](Script& s) { s.life.resolved(kRounds, base::Error{"not found"}, s.now()); }},
    {"awaiting", [](Script& s) { (void)s.accept(); }},
    {"both",
     [](Script& s) {
       s.resolve();
       (void)s.dial();
       (void)s.accept();
     }},
    {"up", [](Script& s) { (void)s.up(); }},
    {"up, dialled by the peer", [](Script& s) { (void)s.up_by_peer(); }},
    {"standing still", [](Script& s) { s.life.stalled(s.up(), s.now().at, milliseconds(20), s.now()); }},
    {"standing still, a handshake beside",
     [](Script& s) {
       s.life.stalled(s.up(), s.now().at, milliseconds(20), s.now());
       s.life.connected(kBeside);
     }},
    {"interrupted", interrupted},
    {"interrupted, greeted",
     [](Script& s) {
       interrupted(s);
       s.resolve();
       (void)s.dial();
     }},
    {"interrupted, greeted beside",
     [](Script& s) {
       interrupted(s);
       s.pass(milliseconds(400));
       (void)s.dial(Search::kBeside);
     }},
    {"given up",
     [](Script& s) {
       interrupted(s);
       s.pass(seconds(61));
     }},
    {"a successor is announced",
     [](Script& s) {
       (void)s.up();
       s.life.peer_has_successor("instance-2", s.now());
     }},
    {"a successor is announced, greeted",
     [](Script& s) {
       (void)s.up();
       s.life.peer_has_successor("instance-2", s.now());
       s.resolve();
       (void)s.dial();
     }},
    {"beside", beside},
    {"beside, the earlier one interrupted",
     [](Script& s) {
       beside(s);
       s.lose(ConnectionId{1});
     }},
    {"beside, the present one interrupted",
     [](Script& s) {
       beside(s);
       s.lose(ConnectionId{2});
     }},
    {"beside, the present one gone",
     [](Script& s) {
       beside(s);
       s.life.lost(ConnectionId{2}, {.cause = "closed by peer", .is_over = true}, s.now());
     }},
    {"with a successor",
     [](Script& s) {
       (void)s.up();
       s.life.has_successor(s.now());
     }},
    {"with a successor, interrupted",
     [](Script& s) {
       interrupted(s);
       s.life.has_successor(s.now());
     }},
    {"with a successor, down", [](Script& s) { s.life.has_successor(s.now()); }},
};

Settings unpinned() {
  Settings settings = dialling();
  settings.pins.clear();
  return settings;
}

std::vector<Case> inputs() {
  std::vector<Case> all = {
      {"start", [](Script& s) { s.life.start(s.now()); }},
      {"tick", [](Script& s) { s.life.tick(s.now()); }},
      {"time", [](Script& s) { s.pass(seconds(100)); }},
      {"resolved", [](Script& s) { s.resolve(); }},
      {"not resolved", [](Script& s) { s.life.resolved(kRounds, base::Error{"no"}, s.now()); }},
      {"resolved beside",
       [](Script& s) {
         s.life.resolved(kBeside, base::Result<std::vector<std::string>>(std::vector<std::string>{}),
                         s.now());
       }},
      {"connected", [](Script& s) { s.life.connected(kRounds); }},
      {"connected beside", [](Script& s) { s.life.connected(kBeside); }},
      {"failed", [](Script& s) { s.fail("no"); }},
      {"failed beside", [](Script& s) { s.fail("no", Search::kBeside); }},
      {"dialled", [](Script& s) { (void)s.dial(); }},
      {"dialled beside", [](Script& s) { (void)s.dial(Search::kBeside); }},
      {"accepted", [](Script& s) { (void)s.accept(); }},
      {"accepted, an unknown key", [](Script& s) { (void)s.accept("pin-of-nobody"); }},
      {"reconfigured", [](Script& s) { s.life.reconfigure(dialling(), s.now()); }},
      {"reconfigured to wait", [](Script& s) { s.life.reconfigure(waiting(), s.now()); }},
      {"reconfigured without its key", [](Script& s) { s.life.reconfigure(unpinned(), s.now()); }},
      {"drained", [](Script& s) { s.life.drain(); }},
      {"a successor", [](Script& s) { s.hello(s.accept(), successor(2)); }},
      {"its successor", [](Script& s) { s.hello(s.accept(), successor(3)); }},
      {"a successor of another key", [](Script& s) { s.hello(s.accept(kSmallerPin), successor(2)); }},
      {"a successor announced", [](Script& s) { s.life.peer_has_successor("instance-2", s.now()); }},
      {"its predecessor gone", [](Script& s) { s.life.peer_predecessor_gone(s.now()); }},
      {"our successor", [](Script& s) { s.life.has_successor(s.now()); }},
      {"our successor failed", [](Script& s) { s.life.has_no_successor(s.now()); }},
  };
  for (const ConnectionId id : {ConnectionId{1}, ConnectionId{2}, kUnknown}) {
    const std::string which = " " + std::to_string(static_cast<std::uint64_t>(id));
    for (const Named named : {Named::kNone, Named::kUnknown, Named::kOursNoLonger})
      all.push_back({"hello" + which, [id, named](Script& s) { s.hello(id, far(named)); }});
    all.push_back({"broken" + which, [id](Script& s) { s.lose(id); }});
    all.push_back({"closed" + which, [id](Script& s) {
                     s.life.lost(id, {.cause = "closed by peer", .is_over = true}, s.now());
                   }});
    all.push_back(
        {"stalled" + which, [id](Script& s) { s.life.stalled(id, s.now().at, milliseconds(20), s.now()); }});
    all.push_back({"moves" + which, [id](Script& s) { s.life.moves(id, s.now()); }});
  }
  return all;
}

/// Follows what is done, and finds what must never be.
class Watcher {
 public:
  void look(Script& script) {
    for (const std::string& line : script.did()) {
      const bool second = line.find("second generation") != std::string::npos;
      if (line.starts_with("attach")) {
        EXPECT_FALSE(attached_[second] && line.find(": begin") != std::string::npos)
            << "a session begins where another is: " << line;
        attached_[second] = true;
      }
      if (line.starts_with("end session")) {
        EXPECT_TRUE(attached_[second]) << line;
        attached_[second] = false;
      }
    }
    EXPECT_EQ(attached_, sessions(script));
    EXPECT_LE(script.life.leaving().size(), 1U) << "of the one lane";
    EXPECT_EQ(script.life.standing().state() == Standing::State::kUp, script.life.open_connections() > 0);
    EXPECT_EQ(script.life.standing().state() == Standing::State::kUp, script.life.standing().cause().empty());
    EXPECT_LE(script.life.candidates().size(), 4U);
  }
  void begin(const Script& script) { attached_ = sessions(script); }

 private:
  using Generations = std::array<bool, 2>;

  static Generations sessions(const Script& script) {
    Generations out{};
    for (const std::vector<Lane>* lanes : {&script.life.lanes(), &script.life.leaving()})
      for (const Lane& lane : *lanes)
        if (lane.has_session()) out[static_cast<std::size_t>(lane.slot) / kSlotsOfGeneration] = true;
    return out;
  }

  Generations attached_{};
};

/// Whatever it is at: the next connection brings it up.
void comes_up(Script& script) {
  script.life.reconfigure(dialling(), script.now());
  script.life.has_no_successor(script.now());
  const ConnectionId last = script.accept(kSmallerPin);
  HelloSummary another = far();
  another.instance = "instance-9";
  script.hello(last, another);
  EXPECT_EQ(script.life.open_connections(), 1U);
}

TEST(StateInputTable, OneInput) {
  for (const Case& state : kStates)
    for (const Case& input : inputs()) {
      SCOPED_TRACE(state.name + " × " + input.name);
      Script script(dialling());
      state.step(script);
      (void)script.did();
      Watcher watcher;
      watcher.begin(script);
      input.step(script);
      watcher.look(script);
      comes_up(script);
      watcher.look(script);
    }
}

TEST(StateInputTable, TwoInputs) {
  for (const Case& state : kStates)
    for (const Case& first : inputs())
      for (const Case& second : inputs()) {
        SCOPED_TRACE(state.name + " × " + first.name + " × " + second.name);
        Script script(dialling());
        state.step(script);
        (void)script.did();
        Watcher watcher;
        watcher.begin(script);
        first.step(script);
        second.step(script);
        watcher.look(script);
        comes_up(script);
        watcher.look(script);
      }
}

TEST(StateInputTable, RetiredAndStoppedStayWhatTheyAre) {
  for (const Case& state : kStates)
    for (const bool stops : {false, true})
      for (const Case& input : inputs()) {
        SCOPED_TRACE(state.name + (stops ? " × stopped × " : " × retired × ") + input.name);
        Script script(dialling());
        state.step(script);
        if (stops) {
          script.life.stop("closing", script.now());
        } else {
          script.life.retire(script.now());
        }
        (void)script.did();
        input.step(script);
        script.pass(seconds(100));
        for (const std::string& line : script.did()) {
          EXPECT_FALSE(line.starts_with("resolve") || line.starts_with("connect") ||
                       line.starts_with("attach") || line.starts_with("greet"))
              << line;
        }
      }
}

}  // namespace
}  // namespace tsmtp::link
