// Every state of a link × every input: nothing that a driver, a peer or an administrator does at an odd
// moment breaks a rule, and the link still comes up afterwards.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
      if (line.starts_with("attach")) {
        EXPECT_FALSE(attached_ && line.ends_with("begin")) << "a session begins beside another: " << line;
        attached_ = true;
      }
      if (line.starts_with("end session")) {
        EXPECT_TRUE(attached_) << line;
        attached_ = false;
      }
    }
    EXPECT_EQ(attached_, script.life.lanes().front().has_session());
    EXPECT_EQ(script.life.standing().state() == Standing::State::kUp, script.life.open_connections() > 0);
    EXPECT_EQ(script.life.standing().state() == Standing::State::kUp, script.life.standing().cause().empty());
    EXPECT_LE(script.life.candidates().size(), 4U);
  }
  void is_attached(bool attached) { attached_ = attached; }

 private:
  bool attached_ = false;
};

/// Whatever it is at: the next connection brings it up.
void comes_up(Script& script) {
  script.life.reconfigure(dialling(), script.now());
  const ConnectionId last = script.accept(kSmallerPin);
  script.hello(last);
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
      watcher.is_attached(script.life.lanes().front().has_session());
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
        watcher.is_attached(script.life.lanes().front().has_session());
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
