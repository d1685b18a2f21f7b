// What a session has come to: all of it that outlives a connection. Session moves it from the connection that
// broke to the one that goes on.
#pragma once

#include <cstdint>
#include <deque>
#include <set>

#include "relayd/mux/acknowledgement.h"
#include "relayd/mux/allowance.h"
#include "relayd/mux/control_queue.h"
#include "relayd/mux/event.h"
#include "relayd/mux/hello.h"
#include "relayd/mux/retained.h"
#include "relayd/mux/scheduler.h"
#include "relayd/mux/stream_table.h"
#include "relayd/mux/window_budget.h"

namespace tsmtp::mux {

/// What `relayctl status` shows of a link. Counters since the session began.
struct Counters {
  std::uint64_t frames_in = 0, frames_out = 0;
  std::uint64_t bytes_in = 0, bytes_out = 0;
  std::uint64_t streams_opened = 0, streams_accepted = 0, streams_refused = 0;
  std::uint64_t resets_in = 0, resets_out = 0;
  std::uint64_t pings_in = 0, idle_frames_in = 0;  ///< idle: frames without effect, docs/protocol.md "Rates"
  std::uint64_t resumptions = 0, frames_replayed = 0;

  Counters& operator+=(const Counters& other);
};

struct Progress {
  // What the peer may do per second, on average and at once. An honest one stays far below: it opens a stream
  // for each mail, resets one for each mail that its MTA gives up, and sends few frames that change nothing.
  static constexpr double kOpensPerSecond = 20'000, kOpensAtOnce = 40'000;
  static constexpr double kResetsPerSecond = 200, kResetsAtOnce = 2000;
  static constexpr double kNoticesPerSecond = 50, kNoticesAtOnce = 500;
  static constexpr double kIdlePerSecond = 200, kIdleAtOnce = 4000;

  Progress(Role role, std::size_t window_budget_bytes, std::size_t max_retained_bytes)
      : retained(max_retained_bytes), streams(role), window_budget(window_budget_bytes) {}

  Hello peer{};              ///< with which the session began; valid once established
  bool resumable = false;    ///< both sides want it
  bool compresses = false;   ///< likewise
  std::uint64_t number = 0;  ///< ours, of the session; the peer's is in its Hello
  std::uint64_t epoch = 0;   ///< of the connection that carries the session, or did last
  std::uint64_t asked = 0;   ///< the highest epoch under which we asked to resume it
  bool drains = false;       ///< we have announced it
  bool peer_drains = false;

  Acknowledgement acknowledgement{};
  Retained retained;
  StreamTable streams;
  Scheduler scheduler{};
  ControlQueue control{};
  std::set<StreamId> credit_due{};
  WindowBudget window_budget;
  std::deque<Event> events{};

  // Clients of ours may give up as many mails as they like, and at the same moment: each stream that we open
  // puts a Reset aside, and there are half of those that the peer allows.
  Allowance own_resets{"", kResetsPerSecond / 2, kResetsAtOnce / 2};

  Allowance opens{"opened streams", kOpensPerSecond, kOpensAtOnce};
  Allowance resets{"reset and refused streams", kResetsPerSecond, kResetsAtOnce};
  Allowance notices{"notices", kNoticesPerSecond, kNoticesAtOnce};
  Allowance idle{"frames without effect", kIdlePerSecond, kIdleAtOnce};
  Counters counters{};
};

}  // namespace tsmtp::mux
