// The life of the link to one site: when to dial which address, which connection carries a session, whether
// that begins or goes on, what happens when a line stands still or breaks, and what the peer, the log and
// status are told. Events go in with the time; act() says what is to be done about them. docs/protocol.md,
// "Sessions", is normative.
//
// It knows connections by number, and of a Hello what decides. It never has two connections attached to a
// lane, and never resumes a session with another key or instance than it began with.
#pragma once

#include <limits>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "relayd/base/result.h"
#include "relayd/base/token_bucket.h"
#include "relayd/link/action.h"
#include "relayd/link/election.h"
#include "relayd/link/lane.h"
#include "relayd/link/settings.h"
#include "relayd/link/standing.h"
#include "relayd/mux/allowance.h"

namespace tsmtp::link {

/// That a peer may dial. Each can resume a session, which sends again all that is not acknowledged.
inline constexpr double kConnectionsPerSecond = 10, kConnectionsAtOnce = 100;
/// That break within a second, and are dialled anew: a line that lets connections begin and then breaks them
/// must not keep two hubs busy with handshakes.
inline constexpr double kBrokenPerSecond = 2, kBrokenAtOnce = 10;

class LinkLife {
 public:
  using Failure = Dialling::Failure;
  using Reached = Dialling::Reached;
  struct Loss {
    std::string cause;
    /// By a Close, or an error of the protocol: the session does not outlive it. Else it has broken.
    bool is_over = false;
    bool by_peer = false;                    ///< by its Close
    std::chrono::milliseconds round_trip{};  ///< of the path, as measured last
  };

  LinkLife(Settings settings, unsigned seed, Moment now);

  void start(Moment now);
  /// A link that is up stays, as long as its key is still pinned; settings hold from the next connection on.
  void reconfigure(Settings settings, Moment now);
  /// The peer is told that we take no more streams.
  void drain();
  /// The site is no longer configured, and no key is its any more: ends the link at once, and all that might
  /// become one. Nothing is dialled or resumed.
  void retire(Moment now);
  /// Another process of this hub takes our place: sessions that there are go on, and are resumed where we can
  /// dial; none is dialled or accepted that would begin. Where we have said Hello already, one still may: the
  /// peer may be using it.
  void has_successor(Moment now);
  /// It does not: it has failed. Sessions that there were are over, for the peer may have left them behind.
  void has_no_successor(Moment now);
  /// So does another process of the peer's. Its session will stand beside those that there are.
  void peer_has_successor(const std::string& instance, Moment now);
  /// The peer's process before the present one does not live any more.
  void peer_predecessor_gone(Moment now);
  /// Ends everything, with a reason for the peer.
  void stop(const std::string& reason, Moment now);

  // Answers to Resolve and Connect.
  void resolved(Attempt attempt, base::Result<std::vector<std::string>> addresses, Moment now);
  void connected(Attempt attempt);
  void failed(Attempt attempt, const std::string& cause, Reached reached, Moment now);
  void dialled(Attempt attempt, ConnectionId connection, Peer peer, Moment now);

  /// The peer has dialled; its handshake is done.
  void accepted(ConnectionId connection, Peer peer, Moment now);
  /// That of the session which `hello.named` is about; nothing if the link has none of that number.
  [[nodiscard]] std::optional<Slot> slot_of(ConnectionId connection, const HelloSummary& hello) const;
  void hello(ConnectionId connection, const HelloSummary& hello, Moment now);
  void lost(ConnectionId connection, const Loss& loss, Moment now);
  /// Nothing that was sent has been acknowledged, and nothing has come, since then.
  void stalled(ConnectionId connection, base::TimePoint since, std::chrono::milliseconds round_trip,
               Moment now);
  void moves(ConnectionId connection, Moment now);
  void tick(Moment now);

  /// What is to be done, in this order.
  [[nodiscard]] Actions act();
  /// When to call tick(), if nothing happens before.
  [[nodiscard]] std::optional<base::TimePoint> deadline() const;

  [[nodiscard]] bool has_pin(const std::string& pin) const;
  [[nodiscard]] bool has_pin_of(const Peer& peer) const;
  [[nodiscard]] const std::vector<std::string>& pins() const { return settings_.pins; }
  [[nodiscard]] const Standing& standing() const { return standing_; }
  [[nodiscard]] const std::vector<Lane>& lanes() const { return lanes_; }
  /// Of the process before the peer's present one; those whose sessions are over have none.
  [[nodiscard]] const std::vector<Lane>& leaving() const { return leaving_; }
  [[nodiscard]] bool is_any_leaving() const;
  [[nodiscard]] const std::vector<Candidate>& candidates() const { return candidates_; }
  [[nodiscard]] std::size_t open_connections() const;
  [[nodiscard]] std::uint64_t times_up() const { return times_up_; }

 private:
  enum class Phase { kRunning, kDraining, kRetired, kStopped };
  static constexpr std::size_t kAny = std::numeric_limits<std::size_t>::max();

  // link_life.cc: the link as a whole.
  void make_lanes(Moment now);
  [[nodiscard]] Slot slot_for(LaneNumber number) const { return link::slot_of(number, second_generation_); }
  void close(const Lane& lane, const std::string& reason);
  void end_session(Lane& lane, const std::string& cause, Moment now);
  void close_unwanted_candidates(std::size_t kept_lanes);
  void grace_over(Lane& lane, Moment now);
  [[nodiscard]] bool has_session() const;
  [[nodiscard]] bool is_kin(const std::string& pin) const;
  void log(base::LogLevel level, std::string text);
  [[nodiscard]] const char* unpinned_reason() const;
  [[nodiscard]] std::string unpinned_cause() const;

  // link_life_connections.cc: which connection carries a session.
  [[nodiscard]] std::optional<LaneNumber> lane_of(const Candidate& candidate,
                                                  const HelloSummary& hello) const;
  void adopt(ConnectionId connection, Lane& lane, mux::Role role, Peer peer, Moment now);
  [[nodiscard]] Verdict judge(const Candidate& candidate, const HelloSummary& hello) const;
  [[nodiscard]] Verdict judge_for(const Lane* lane, const Candidate& candidate,
                                  const HelloSummary& hello) const;
  void begin(const Candidate& candidate, const HelloSummary& hello, Moment now);
  void resume(Lane& lane, const Candidate& candidate, const HelloSummary& hello, Moment now);
  static void agree(Lane& lane, const Candidate& candidate, const HelloSummary& hello);
  void attach(Lane& lane, const Candidate& candidate, const HelloSummary& hello, Attach::How how, Moment now);
  void refused_by_peer(const Candidate& candidate);
  void candidate_lost(const Candidate& candidate, const std::string& cause, Moment now);
  void interrupt(Lane& lane, const std::string& cause, Moment now);
  void interrupted(const std::string& cause, Moment now);
  [[nodiscard]] const Candidate* find_candidate(ConnectionId connection) const;
  [[nodiscard]] std::optional<Candidate> take_candidate(ConnectionId connection);
  [[nodiscard]] Lane* carried_by(ConnectionId connection);
  [[nodiscard]] Lane& lane_at(LaneNumber number) { return lanes_[number.index()]; }

  // link_life_succession.cc: processes that take each other's place.
  [[nodiscard]] bool is_succeeded(const std::string& instance) const;
  [[nodiscard]] bool succeeds(const Candidate& candidate, const HelloSummary& hello) const;
  [[nodiscard]] const Lane* find_leaving(std::size_t number, const std::string& instance) const;
  void let_leave(Moment now);
  void begin_leaving(const Candidate& candidate, const HelloSummary& hello, Moment now);
  void end_leaving(const char* reason, const char* cause, Moment now);
  void left(Lane& lane, const std::string& cause, Moment now);
  void learn_predecessor(const std::string& predecessor, Moment now);
  void seek_successor(Moment now);

  // link_life_searches.cc: how others are found.
  void dial_missing(Moment now);
  [[nodiscard]] bool does_peer_keep(LaneNumber number) const;
  void peer_keeps(std::size_t lanes);
  [[nodiscard]] bool is_being_dialled(LaneNumber number) const;
  void address_failed(Lane& lane, const std::optional<LaneSearch::Failed>& failed, Moment now);
  void dialled_beside(Lane& lane, ConnectionId connection, Peer peer, Moment now);
  bool dial_beside(Lane& lane, LaneSearch::When when, Moment now);
  [[nodiscard]] bool pace(Lane& lane, Moment now);
  [[nodiscard]] Lane* find_lane(LaneNumber number);

  Settings settings_;
  std::mt19937 random_;
  Phase phase_ = Phase::kRunning;
  bool has_successor_ = false;  // we, not the peer
  std::vector<Lane> lanes_;
  std::vector<Lane> leaving_;             // as lanes_ were when the peer's present process took over
  bool second_generation_ = false;        // of slots, which lanes_ have; leaving_ has the other
  std::string peer_predecessor_;          // the instance before that of lanes_, while it lives
  std::string awaited_;                   // the instance that is to come, as the present one has said
  std::vector<Candidate> candidates_;     // the oldest first
  std::size_t peer_lanes_ = 1;            // that the peer keeps: its last Hello says so
  std::size_t lanes_not_refused_ = kAny;  // … and since then it has closed the one with this number
  Standing standing_;
  Actions actions_;
  std::string logged_cause_;
  std::uint64_t times_up_ = 0;
  mux::Allowance connections_{"connections", kConnectionsPerSecond, kConnectionsAtOnce};  // the peer's
  base::TokenBucket soon_broken_{kBrokenPerSecond, kBrokenAtOnce};
};

}  // namespace tsmtp::link
