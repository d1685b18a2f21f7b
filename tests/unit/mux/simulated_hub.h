// A hub's side of a link in a simulated network, in virtual time: a session, the connection that carries it,
// and an owner that writes, reads, finishes and gives up as chance will have it, and goes on when it is cut.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>

#include "relayd/mux/connection.h"
#include "relayd/mux/session.h"

namespace tsmtp::mux {

using Random = std::mt19937_64;

/// Bytes on their way between two hubs, until it is cut.
struct Wire {
  std::string to_listener, to_dialer;
};

enum class End { kOpen, kFinished, kResetByUs, kResetByPeer };

struct Conversation {
  std::size_t to_write = 0;  // in all
  std::size_t written = 0;
  std::size_t received = 0;
  std::size_t unconsumed = 0;
  bool we_finished = false;
  bool peer_finished = false;
  End end = End::kOpen;
};

class SimulatedHub {
 public:
  SimulatedHub(Role role, bool can_resume, bool is_small, Random& random);

  /// Does a little of everything. A stream is given up one time in `reset_one_in`, with 0 never.
  void act(std::size_t max_streams, std::uint64_t reset_one_in);
  void tick(base::TimePoint now);
  void send(base::TimePoint now);
  void receive(base::TimePoint now);

  /// A new connection; an older one that we still think good is left for it when it has proved itself.
  void connect(std::shared_ptr<Wire> wire, base::TimePoint now);
  /// We notice that the connection is gone, if it is this one.
  void notice_cut(const std::shared_ptr<Wire>& wire);
  [[nodiscard]] bool has_connection() const { return wire_ != nullptr || candidate_wire_ != nullptr; }
  [[nodiscard]] const std::shared_ptr<Wire>& wire() const { return candidate_ ? candidate_wire_ : wire_; }

  [[nodiscard]] bool done(std::size_t max_streams) const;
  [[nodiscard]] const std::map<StreamId, Conversation>& conversations() const { return conversations_; }
  [[nodiscard]] const Session& session() const { return *session_; }
  [[nodiscard]] int sessions_begun() const { return sessions_begun_; }

 private:
  [[nodiscard]] ConnectionSettings settings();
  [[nodiscard]] SessionLimits limits() const;
  void send(Connection& connection, Wire& wire, base::TimePoint now);
  void receive(Connection& connection, Wire& wire, base::TimePoint now);
  /// The candidate's Hello has come: it carries the session from now on, or a new one.
  void answer(const Hello& hello, base::TimePoint now);
  void start(StreamId id);
  void write_some(StreamId id, Conversation& conversation);
  void consume_some(StreamId id, Conversation& conversation);
  void look_at_events();
  void on(const Opened& event) { start(event.stream); }
  void on(const Received& event);
  void on(const PeerFinished& event);
  void on(const PeerReset& event);
  void on(const Writable& event);
  void on(const Noticed& event);
  void on(const PeerDrains& event);

  Role role_;
  bool can_resume_;
  bool is_small_;
  Random& random_;
  std::uint32_t max_streams_;
  std::uint32_t window_bytes_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<Connection> connection_;  // which carries it; null while it is cut
  std::shared_ptr<Wire> wire_;
  std::unique_ptr<Connection> candidate_;  // whose Hello has not come
  std::shared_ptr<Wire> candidate_wire_;
  std::uint64_t numbers_ = 0;
  int sessions_begun_ = 0;
  std::map<StreamId, Conversation> conversations_;
  std::size_t opened_ = 0;
};

/// The peer of a stream that one side reset either heard of it or had seen the stream end before.
void expect_agreement(const SimulatedHub& one, const SimulatedHub& other);

}  // namespace tsmtp::mux
