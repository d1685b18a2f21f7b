// What a session tells its owner, in the order in which it happened.
#pragma once

#include <string>
#include <variant>

#include "relayd/mux/stream_id.h"

namespace tsmtp::mux {

/// By the peer, for one of SessionLimits::services.
struct Opened {
  StreamId stream;
  Service service;
};
/// Tell consumed() when the bytes are dealt with.
struct Received {
  StreamId stream;
  std::string bytes;
};
/// No more Received for the stream. If we have finished too, the stream is over.
struct PeerFinished {
  StreamId stream;
};
/// The stream is over in both directions, its number forgotten. Not sent for our own reset(). The cause is as
/// the peer sent it, at most 255 bytes: escape it.
struct PeerReset {
  StreamId stream;
  ResetCode code;
  std::string cause;
};
/// The unsent bytes of the stream have fallen to half a window, after having been more.
struct Writable {
  StreamId stream;
};
struct Noticed {
  std::string bytes;
};
/// The peer opens no more streams and will refuse ours.
struct PeerDrains {};

using Event = std::variant<Opened, Received, PeerFinished, PeerReset, Writable, Noticed, PeerDrains>;

}  // namespace tsmtp::mux
