// Two whole links with a network between them, in virtual time: delays, connections that break or fall
// silent, addresses where nobody answers, restarts, reloads and clocks that are set. It does for each what a
// driver does, with sessions reduced to their names, and says which rule of a link was broken.
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
  void half_open(std::size_t side);
  void restart(std::size_t side);
  void reconfigure(std::size_t side, const Settings& settings);
  void set_clock(std::size_t side, std::chrono::seconds by) { sides_[side].wall_offset += by; }

  [[nodiscard]] const LinkLife& life(std::size_t side) const { return *sides_[side].life; }
  [[nodiscard]] const Settings& settings(std::size_t side) const { return sides_[side].settings; }
  /// The first rule that was broken; empty: none.
  [[nodiscard]] const std::string& fault() const { return fault_; }
  /// Both have so many lanes open, on connections and sessions that are the same to both.
  [[nodiscard]] bool agrees(std::size_t lanes) const;
  /// How both stand, and what they did last.
  [[nodiscard]] std::string story() const;
  [[nodiscard]] std::uint64_t actions() const { return actions_; }
  [[nodiscard]] std::uint64_t resumptions() const { return resumptions_; }

 private:
  struct Hello {
    std::string instance;
    std::size_t lane = 0, lanes = 1;
    bool can_resume = true;
    std::uint64_t number = 0, own = 0, peer = 0, epoch = 0;
  };
  struct Session {
    std::string instance;  // of the peer
    std::uint64_t own = 0, peer = 0, epoch = 0, asked = 0;
    bool resumable = false;
  };
  /// A TCP connection; side 0 and 1 each know their end by a number.
  struct Line {
    std::size_t dialler = 0;
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
  struct Side {
    Settings settings;
    std::string pin, instance;
    std::unique_ptr<LinkLife> life;
    std::map<ConnectionId, End> ends;
    std::map<std::size_t, Session> sessions;                   // by lane
    std::map<std::size_t, ConnectionId> attached;              // by lane
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

  void on(std::size_t side, const Resolve& action);
  void on(std::size_t side, const Connect& action);
  void on(std::size_t side, const GiveUp& action);
  void on(std::size_t side, const Greet& action);
  void on(std::size_t side, const Attach& action);
  void on(std::size_t side, const Close& action);
  void on(std::size_t side, const Abandon& action);
  void on(std::size_t side, const EndSession& action);
  void on(std::size_t, const Drain&) {}
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
  std::array<Side, 2> sides_;
  std::uint64_t connections_ = 0, instances_ = 0, actions_ = 0, resumptions_ = 0;
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
