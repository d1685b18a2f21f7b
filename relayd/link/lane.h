// A lane of a link: the place for one session, the connection that carries it, and the search for another.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "relayd/link/action.h"
#include "relayd/link/lane_search.h"

namespace tsmtp::link {

/// The other end of a connection, as its TLS handshake showed it.
struct Peer {
  std::string pin;          ///< 32 raw bytes
  std::string address;      ///< "192.0.2.1:40322"
  std::string description;  ///< of the cipher
  std::string own_pin{};    ///< the oldest of ours that it was shown
  /// Of earlier keys, from which signed steps lead to `pin`; the oldest first.
  std::vector<std::string> earlier_pins{};

  /// The configured one that leads to `pin`, if another does.
  std::string pinned{};

  /// By which both sides know it, whatever keys it has had since.
  [[nodiscard]] const std::string& oldest_pin() const {
    return earlier_pins.empty() ? pin : earlier_pins.front();
  }
  /// Whether it is the hub that `before` was, with the same key or one to which that has led.
  [[nodiscard]] bool is_still(const Peer& before) const {
    const std::string& root = before.pinned.empty() ? before.pin : before.pinned;
    return pin == before.pin || pinned == root ||
           std::find(earlier_pins.begin(), earlier_pins.end(), before.pin) != earlier_pins.end();
  }
};

/// A connection that has one of our pins and waits for the peer's Hello.
struct Candidate {
  ConnectionId id;
  LaneNumber lane;  ///< of one that the peer dialled: the first, until its Hello says which
  mux::Role role;
  Peer peer;
  // As the settings were when it was made.
  std::chrono::seconds resume_window;
  bool compress;
};

struct Lane {
  enum class State {
    kDown,           ///< no session
    kUp,             ///< its connection carries it
    kStandingStill,  ///< so does it, but nothing of what was sent is acknowledged
    kInterrupted,    ///< no connection; the session waits for one in its grace period
  };

  [[nodiscard]] bool has_session() const { return state != State::kDown; }
  [[nodiscard]] bool is_open() const { return state == State::kUp || state == State::kStandingStill; }
  /// Whether the session can outlive its connection.
  [[nodiscard]] bool is_resumable() const {
    return resumable && resume_window > std::chrono::seconds::zero();
  }

  LaneNumber number;
  LaneSearch search;
  Slot slot;
  bool leaves = false;  // its session is of a process that has a successor
  State state = State::kDown;

  // Of the session, and of the connection that carries it, or did last.
  ConnectionId connection{};
  mux::Role role{};
  Peer peer{};
  std::string peer_instance{};
  bool resumable = false;   // both sides want it
  bool compresses = false;  // likewise
  std::chrono::seconds resume_window{};
  std::chrono::milliseconds round_trip{};
  base::TimePoint attached_at{};
  std::optional<base::TimePoint> stood_still_since{};
  std::optional<base::TimePoint> give_up_at{};  // the end of the grace period
};

}  // namespace tsmtp::link
