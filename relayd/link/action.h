// What the life of a link asks of its driver, and the names by which both speak of connections.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "relayd/base/host_port.h"
#include "relayd/base/log.h"
#include "relayd/link/lane_number.h"
#include "relayd/link/slot.h"
#include "relayd/mux/stream_id.h"

namespace tsmtp::link {

/// A connection whose TLS handshake is done. The driver gives each a number that it never uses again.
enum class ConnectionId : std::uint64_t {};

/// Where a new connection of a lane is looked for. Each search has at most one try under way.
enum class Search {
  kRounds,  ///< at the addresses that are configured, one after the other
  kBeside,  ///< at the address of the connection that stands still, or broke
};
struct Attempt {
  LaneNumber lane;
  Search search;
  friend auto operator<=>(const Attempt&, const Attempt&) = default;
};

/// Find what the name stands for. Answered by resolved() or failed(). Like Connect it takes the place of what
/// the attempt had under way before: of that nothing is reported any more.
struct Resolve {
  Attempt attempt;
  base::HostPort name;
};
/// Connect to that one of the addresses that were resolved last; in kBeside, to the address of the lane's
/// connection. Answered by connected() when TCP stands, then by dialled() when TLS does; or by failed().
struct Connect {
  Attempt attempt;
  std::size_t address;
};
/// Nothing more is reported of what is under way.
struct GiveUp {
  Attempt attempt;
};

/// A new connection is to speak the link's protocol: say Hello if we dialled it. Answered by hello() or
/// lost().
struct Greet {
  ConnectionId connection;
  LaneNumber lane;  ///< of one that we dialled; else its Hello will say
  mux::Role role;
  bool asks_to_resume;  ///< the session in `slot`, in our Hello
  Slot slot;            ///< of the lane as it is now
};
/// From here on the connection carries the session in the slot: a new one, or the one that is there.
struct Attach {
  enum class How { kBegin, kResume };
  ConnectionId connection;
  LaneNumber lane;
  Slot slot;
  How how;
};
/// Say the reason to the peer if that can be done at once, and close. Nothing more is reported of it.
struct Close {
  ConnectionId connection;
  std::string reason;
};
/// Close without a word: to the peer the connection has broken. A session that it carried stays.
struct Abandon {
  ConnectionId connection;
};
/// The session in the slot is over, and with it its streams, whose users are told why.
struct EndSession {
  LaneNumber lane;
  Slot slot;
  std::string cause;
};
/// The session in the slot is to take no more streams.
struct Drain {
  LaneNumber lane;
  Slot slot;
};
/// The session in the slot is of a process that has a successor. What goes over it goes on, and the peer may
/// open streams on it; of ours it gets no new ones, and what it says of the hub does not count any more.
struct Leave {
  LaneNumber lane;
  Slot slot;
};
/// The last session that was leaving is over.
struct Left {};

/// A session has begun where there was none: the peer knows nothing of us yet.
struct Up {};
/// The last session is over.
struct Down {};
/// LinkLife::standing() may have changed.
struct StandingChanged {};
struct Log {
  base::LogLevel level;
  std::string text;
};

using Action = std::variant<Resolve, Connect, GiveUp, Greet, Attach, Close, Abandon, EndSession, Drain, Leave,
                            Left, Up, Down, StandingChanged, Log>;
using Actions = std::vector<Action>;

}  // namespace tsmtp::link
