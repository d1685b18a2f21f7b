// Which connection carries a lane's session, when a new one says its Hello. Pure, and so that both sides
// decide alike: a session that the peer names goes on under the higher epoch; a peer that names none has
// begun anew; one that has taken the place of a process which still lives begins beside that; of two that
// were dialled at once the one stays that the hub with the smaller pin dialled (docs/protocol.md,
// "Sessions").
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "relayd/mux/stream_id.h"

namespace tsmtp::link {

/// Which session the peer's Hello names, in the eyes of the lane's own.
enum class Named {
  kNone,
  kOurs,          ///< and it can go on here
  kOursNoLonger,  ///< but not from there: its epoch has been overtaken, or frames are missing
  kUnknown,       ///< one that we do not have
};

/// What of a peer's Hello decides. All of it comes from the peer but `named`.
struct HelloSummary {
  std::string instance;
  std::string name;  ///< of anything: escape it
  bool can_resume = false;
  bool can_compress = false;
  std::size_t connection = 0;   ///< the number of a lane; 0 without can_resume
  std::size_t connections = 1;  ///< how many it keeps
  std::string predecessor{};    ///< the process before the peer's, which still lives; empty: none
  Named named = Named::kNone;
};

/// The connection whose Hello has come.
struct Challenger {
  mux::Role role;
  std::string pin;  ///< the oldest that the peer has shown, which no rotation changes
  std::string instance;
  Named named;
  /// It names the process that the link's sessions are with as the one before it, which lives.
  bool succeeds = false;
  /// It is the process before the one that the link's sessions are with.
  bool is_succeeded = false;
};

/// The connection that carries the lane's session, or did last.
struct Incumbent {
  mux::Role role;
  bool is_same_peer;  ///< the challenger has its key, or one to which that has led
  std::string instance;
  bool is_open;
};

struct Verdict {
  enum class Kind {
    kBegin,
    kBeginBeside,   ///< the link's sessions leave, and go on to their end
    kBeginLeaving,  ///< a session that leaves as soon as it has begun
    kResume,
    kRefuse,
  };
  Kind kind;
  std::string reason{};  ///< of a refusal, for the peer and our log
};

/// `own_pin`: the oldest that we have shown it. `is_being_dialled`: a connection that we dialled for the same
/// lane has said Hello, and the peer's has not come on it. `incumbent`: nothing if the lane has no session.
[[nodiscard]] Verdict elect(const std::string& own_pin, const Challenger& challenger, bool is_being_dialled,
                            const std::optional<Incumbent>& incumbent);

}  // namespace tsmtp::link
