// Two whole links with a network between them, in virtual time: delays, connections that break or fall
// silent, addresses where nobody answers, restarts, reloads, clocks that are set, and processes of one hub
// that take each other's place. It does for each what a driver does, with sessions reduced to their names,
// and says which rule of a link was broken.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "relayd/link/link_life.h"

namespace tsmtp::link {

class SimulatedPair {
 public:
  struct Plan {
    std::array<Settings, 2> settings;
    unsigned seed = 0;
  };
  explicit SimulatedPair(Plan plan);

  /// Lets time pass, with whatever is under way.
  void run(std::chrono::milliseconds time);

  // Troubles.
  /// What is sent from now on is lost, in both directions, and new connections time out.
  void set_silent(bool silent) { silent_ = silent; }
  /// Nobody listens.
  void set_refusing(bool refusing) { refusing_ = refusing; }
  /// All connections are reset.
  void cut();
  /// One side sees the end of its connections, the other does not.
  void half_open(std::size_t hub);
  void restart(std::size_t hub);
  /// Another process of the hub takes the place of its present one, which goes on with what it has.
  void succeed(std::size_t hub);
  /// Those of the hub that have been succeeded end: with a goodbye, or as if killed.
  void end_earlier(std::size_t hub, bool killed);
  void reconfigure(std::size_t hub, const Settings& settings);
  void set_clock(std::size_t hub, std::chrono::seconds by) { sides_[present_[hub]].wall_offset += by; }

  [[nodiscard]] const LinkLife& life(std::size_t hub) const { return *sides_[present_[hub]].life; }
  [[nodiscard]] const Settings& settings(std::size_t hub) const { return sides_[present_[hub]].settings; }
  /// Connections that carry sessions of earlier processes of the hub, as the other one sees them.
  [[nodiscard]] std::size_t leaving(std::size_t hub) const;
  /// The same, as they see them.
  [[nodiscard]] std::size_t kept_by_earlier(std::size_t hub) const;
  /// The first rule that was broken; empty: none.
  [[nodiscard]] const std::string& fault() const { return fault_; }
  /// The present processes of both have so many lanes open, on connections and sessions that are the same to
  /// both.
  [[nodiscard]] bool agrees(std::size_t lanes) const;
  /// How both stand, and what they did last.
  [[nodiscard]] std::string story() const;
  [[nodiscard]] std::uint64_t actions() const { return actions_; }
  [[nodiscard]] std::uint64_t resumptions() const { return resumptions_; }
  /// Sessions that have come to stand beside those of a later process.
  [[nodiscard]] std::uint64_t times_left() const { return times_left_; }

 private:
  struct Hello {
    std::string instance;
    std::size_t lane = 0, lanes = 1;
    bool can_resume = true;
    std::uint64_t number = 0, own = 0, peer = 0, epoch = 0;
    std::string predecessor;
  };
  struct Session {
    std::string instance;  // of the peer
    std::uint64_t own = 0, peer = 0, epoch = 0, asked = 0;
    bool resumable = false;
  };
  /// A TCP connection; a process of each hub knows its end by a number.
  struct Line {
    std::array<std::size_t, 2> process{};  // of each hub
    std::array<ConnectionId, 2> ends{};
    std::array<bool, 2> open{true, true};
    base::Duration delay{};
    bool silent = false;
  };
  struct End {
    std::shared_ptr<Line> line;
    Hello said{};
    std::optional<Hello> heard{};
    mux::Role role{};
    bool greeted = false;
    base::TimePoint heard_last{};
    bool stalled = false;
  };
  /// A process of a hub.
  struct Side {
    std::size_t hub = 0;
    bool lives = true;
    std::string predecessor;  // its instance, while it lives
    Settings settings;
    std::string pin, instance;
    std::unique_ptr<LinkLife> life;
    std::map<ConnectionId, End> ends;
    std::map<std::size_t, Session> sessions;                   // by slot
    std::map<std::size_t, ConnectionId> attached;              // by slot
    std::map<std::pair<std::size_t, Search>, unsigned> tries;  // which one is wanted
    std::uint64_t numbers = 0;
    std::chrono::seconds wall_offset{};
    unsigned lifetimes = 0;
  };

  [[nodiscard]] Moment moment(const Side& side) const;
  void later(base::Duration delay, std::function<void()> what);
  /// Only if the daemon is still the same.
  void later(std::size_t side, base::Duration delay, std::function<void()> what);
  [[nodiscard]] base::Duration a_delay(int most_ms);
  void check(bool good, const std::string& rule);
  void carry_out(std::size_t side);
  void start(std::size_t side);
  void die(std::size_t side);
  /// What one process says to another over whatever carries a session of the present ones; may get lost.
  void tell(std::size_t side, std::function<void(LinkLife&, Moment)> what);
  [[nodiscard]] std::size_t other_of(std::size_t side, const Line& line) const {
    return line.process[1 - sides_[side].hub];
  }

  void on(std::size_t side, const Resolve& action);
  void on(std::size_t side, const Connect& action);
  void on(std::size_t side, const GiveUp& action);
  void on(std::size_t side, const Greet& action);
  void on(std::size_t side, const Attach& action);
  void on(std::size_t side, const Close& action);
  void on(std::size_t side, const Abandon& action);
  void on(std::size_t side, const EndSession& action);
  void on(std::size_t, const Drain&) {}
  void on(std::size_t, const Leave&) { ++times_left_; }
  void on(std::size_t, const Left&) {}
  void on(std::size_t, const Up&) {}
  void on(std::size_t, const Down&) {}
  void on(std::size_t, const StandingChanged&) {}
  void on(std::size_t, const Log&) {}

  void connect(std::size_t side, Attempt attempt);
  void shake_hands(std::size_t side, Attempt attempt);
  void watch(std::size_t side, ConnectionId connection);
  void receive_hello(std::size_t side, ConnectionId connection, const Hello& hello);
  void lost(std::size_t side, ConnectionId connection, const std::string& cause, bool is_over);
  void shut(std::size_t side, ConnectionId connection, bool with_close);
  void end_of(std::size_t side, ConnectionId connection);
  [[nodiscard]] Named named(const Side& side, std::size_t lane, const End& end, const Hello& hello) const;

  std::mt19937 random_;
  base::TimePoint now_{};
  std::multimap<base::TimePoint, std::function<void()>> events_;
  std::deque<Side> sides_;                // of both hubs; the first two are their first
  std::array<std::size_t, 2> present_{};  // of each hub, that which listens
  std::uint64_t connections_ = 0, instances_ = 0, actions_ = 0, resumptions_ = 0, times_left_ = 0;
  bool silent_ = false, refusing_ = false;
  std::string fault_;
  struct Done {
    base::TimePoint when;
    std::size_t side;
    Action action;
  };
  std::deque<Done> done_;  // the last ones
};

}  // namespace tsmtp::link
