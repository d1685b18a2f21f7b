// The streams of a session and their numbers. A stream that is over lingers until the peer has acknowledged
// our last frame on it: until then frames that the peer sent before it knew may come, and afterwards none
// may.
#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "relayd/base/result.h"
#include "relayd/mux/precedence.h"
#include "relayd/mux/stream.h"
#include "relayd/mux/stream_id.h"

namespace tsmtp::mux {

enum class Opener { kUs, kPeer };

class StreamTable {
 public:
  explicit StreamTable(Role our_role);

  /// A number for a stream of ours. Fails when all are used up.
  [[nodiscard]] base::Result<StreamId> next_number();
  /// Checks and takes the number of a stream that the peer opens: its parity, and higher than all before.
  [[nodiscard]] base::Result<void> take_number(StreamId stream);

  /// Who opens streams of that number.
  [[nodiscard]] Opener opener(StreamId stream) const;

  /// A stream that is open or lingers; the pointer is good until the table is changed.
  [[nodiscard]] Stream* find(StreamId stream);
  [[nodiscard]] const Stream* find(StreamId stream) const;
  void add(StreamId number, Stream stream);
  void erase(StreamId stream);
  /// The stream has got over().
  void linger(StreamId stream);
  /// Forgets what lingered for an acknowledgement that has come.
  void acknowledged(std::uint64_t acknowledged_by_peer);
  void clear();
  /// The streams on which the peer may send, and has been given credit since they began.
  [[nodiscard]] std::vector<StreamId> with_stated_credit() const;

  [[nodiscard]] std::size_t open_streams(Opener opener) const;
  [[nodiscard]] std::size_t open_streams(Opener opener, Precedence precedence) const;
  [[nodiscard]] std::size_t lingering_streams(Opener opener) const;
  [[nodiscard]] std::size_t lingering_streams(Opener opener, Precedence precedence) const;

 private:
  struct Count {
    std::size_t all = 0;
    std::size_t lingering = 0;
  };

  [[nodiscard]] Count& count(StreamId number, const Stream& stream) {
    return counts_[static_cast<std::size_t>(opener(number))][stream.precedence];
  }
  [[nodiscard]] const Count& count(Opener opener, Precedence precedence) const {
    return counts_[static_cast<std::size_t>(opener)][precedence];
  }

  StreamId our_parity_;
  std::uint64_t next_ours_;  // beyond 32 bits when used up
  StreamId last_of_peer_ = 0;
  std::unordered_map<StreamId, Stream> streams_;
  std::vector<StreamId> lingering_;
  std::array<PerPrecedence<Count>, 2> counts_{};  // by Opener
};

}  // namespace tsmtp::mux
