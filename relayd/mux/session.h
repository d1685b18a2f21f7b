// What two hubs share for longer than one connection lasts: streams, their credit and turns, what has been
// sent and is not acknowledged, both sides' numbers for all that, and its counters. A Connection carries the
// session while it is attached to one; without one it keeps its state and takes what its users write, and
// nothing is sent. docs/protocol.md is normative. It must never hold more than its limits allow, whatever the
// peer sends, and never believe a peer's number before checking it.
//
// Its owner decides when it ends: by end(), or by Connection::close(), which says so to the peer too.
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "relayd/base/clock.h"
#include "relayd/base/result.h"
#include "relayd/mux/acknowledgement.h"
#include "relayd/mux/control_queue.h"
#include "relayd/mux/counters.h"
#include "relayd/mux/event.h"
#include "relayd/mux/hello.h"
#include "relayd/mux/path_metrics.h"
#include "relayd/mux/peer_allowances.h"
#include "relayd/mux/precedence.h"
#include "relayd/mux/retained.h"
#include "relayd/mux/scheduler.h"
#include "relayd/mux/session_limits.h"
#include "relayd/mux/stream_id.h"
#include "relayd/mux/stream_table.h"
#include "relayd/mux/window_budget.h"
#include "relayd/wire/frame.h"

namespace tsmtp::mux {

class Session {
 public:
  enum class State : std::uint8_t {
    kNew,       ///< not begun: what is to be said waits for a connection
    kAttached,  ///< a connection carries it
    kDetached,  ///< its connection is lost, and it can go on on another
    kOver,      ///< has no streams, and takes nothing
  };

  /// `role` is ours on the connection with which it begins, whoever dials later.
  Session(Role role, const SessionLimits& limits);
  /// It must not be attached.
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  [[nodiscard]] State state() const { return state_; }
  /// Whether streams can be used: it has begun and is not over.
  [[nodiscard]] bool established() const { return state_ == State::kAttached || state_ == State::kDetached; }
  /// All streams are over at once, without an event. Of one that is not attached.
  void end();

  /// What has happened, in order. Ask until there is none after all that gives the connection bytes, takes
  /// some from it, or answers its Hello. Events of the time before the session was over are still told then.
  [[nodiscard]] std::optional<Event> next_event();

  /// Opens a stream. Fails with a sentence when the session is not established, drains, or has too many.
  /// Those for other services than the first have half of what the peer takes at once, and never keep one for
  /// the first from being opened.
  [[nodiscard]] base::Result<StreamId> open(Service service);
  /// Whether open() for the first service fails for no other cause than that the peer takes no more streams
  /// at once.
  [[nodiscard]] bool is_full() const;
  /// What is left of the Resets that streams of the first service may end by, between 0 and 1. Each stream
  /// that open() gives is counted as one, until it has come to an end without.
  [[nodiscard]] double resets_left(base::TimePoint now) const { return own_resets_.first.left(now); }
  /// How many bytes write() would take now without growing past one window of unsent bytes. When that is less
  /// than half a window, Writable will follow.
  [[nodiscard]] std::size_t writable(StreamId stream) const;
  /// Queues bytes. More than writable() is taken too (the bound is the caller's promise: it writes at most
  /// one record past it). Writes to a stream that is gone are dropped.
  void write(StreamId stream, std::string_view bytes);
  /// No more bytes from us. The stream is forgotten when the peer has finished too.
  void finish(StreamId stream);
  /// Ends the stream in both directions; queued bytes are dropped. No event of the stream follows, not even
  /// one that is waiting. A cause is cut to 255 bytes.
  void reset(StreamId stream, ResetCode code, std::string_view cause);
  /// The owner has dealt with `bytes` of what it received: credit for as many goes back.
  void consumed(StreamId stream, std::size_t bytes);

  /// Sends bytes about the hub as a whole, at most one frame's payload.
  void notice(std::string_view bytes);
  /// Announces that we open and accept no more streams; those under way go on.
  void drain();

  /// Whether the peer has all that we have said. Bytes that wait for its credit are not said yet.
  [[nodiscard]] bool is_heard() const;

  /// Whether it is detached, and not over, when its connection is lost: both sides want that.
  [[nodiscard]] bool outlives_connection() const;
  /// What the Hello of a new connection has to say of this session, which is detached, to resume it; under
  /// another epoch each time.
  [[nodiscard]] Resumption ask_to_resume();
  /// Whether the peer's Hello names this session.
  [[nodiscard]] bool is_named_by(const Hello& hello) const;
  /// Whether it can go on there: under a higher epoch than the session's (else a later connection has
  /// overtaken this one), and with frames that the peer can lack.
  [[nodiscard]] bool can_resume_with(const Hello& hello) const;

  /// With which the session began; of one that has.
  [[nodiscard]] const Hello& peer() const { return agreement_.peer; }
  [[nodiscard]] bool peer_drains() const { return peer_drains_; }
  /// Both sides have said that content may be compressed. Never changes in a session.
  [[nodiscard]] bool compresses() const { return agreement_.compresses; }
  /// Streams of both sides that are not over.
  [[nodiscard]] std::size_t open_streams() const;
  [[nodiscard]] const Counters& counters() const { return counters_; }

  /// How many bytes streams of other services than the first may send before this is said again.
  void set_room_for_others(std::size_t bytes) { room_for_others_ = bytes; }
  /// Whether there are such streams.
  [[nodiscard]] bool carries_others() const;
  /// Whether one could send, had it room.
  [[nodiscard]] bool holds_others_back() const { return room_for_others_ == 0 && scheduler_.has_others(); }
  /// Since when no stream of the first service has been open; nothing while there is one.
  [[nodiscard]] std::optional<base::TimePoint> without_first_since() const;

 private:
  friend class Connection;  // between the wire and what follows

  /// What the two Hellos with which it begins have agreed on.
  struct Agreement {
    Hello peer;
    std::uint64_t number = 0;  ///< ours, of the session; the peer's is in its Hello
    bool resumable = false;    ///< both sides want it
    bool compresses = false;   ///< likewise
  };
  void begin(Agreement agreement);
  /// Goes on with a peer that says this in its Hello.
  void resume(const Resumption& theirs);
  void detach();
  void tick(base::TimePoint now);

  // session_send.cc
  [[nodiscard]] bool wants_to_send() const;
  /// Frames that are sent again; nothing that is numbered or acknowledges may go before they have.
  [[nodiscard]] bool produce_replay(std::string& out);
  [[nodiscard]] bool produce_frame(std::string& out, const PathMetrics& path);
  [[nodiscard]] bool produce_control(std::string& out);
  [[nodiscard]] bool produce_credit(std::string& out, base::Duration round_trip);
  [[nodiscard]] bool produce_stream(std::string& out, std::size_t max_payload_bytes);
  [[nodiscard]] bool produce_ack(std::string& out);
  /// For the scheduler: which streams may send, as far as our memory goes.
  [[nodiscard]] auto has_room() const {
    return [this](Precedence precedence) {
      return retained_.has_room_for(precedence) && (precedence == Precedence::kFirst || room_for_others_ > 0);
    };
  }
  std::uint64_t emit(wire::FrameType type, StreamId id, std::string payload, std::string& out);

  // session_receive.cc
  /// Checks a frame's numbers and keeps them; whether it has acknowledged anything new.
  [[nodiscard]] base::Result<bool> accept(const wire::Frame& frame);
  /// What the frame says, if it is not about the connection.
  [[nodiscard]] base::Result<void> receive(const wire::Frame& frame, bool has_acknowledged);
  [[nodiscard]] base::Result<void> no_effect();
  void on_drain();
  [[nodiscard]] base::Result<void> on_notice(std::string_view bytes);
  [[nodiscard]] base::Result<void> on_open(StreamId id, Service service);
  [[nodiscard]] base::Result<void> on_credit(StreamId id, std::uint64_t offset);
  [[nodiscard]] base::Result<void> on_data(StreamId id, std::string_view bytes);
  [[nodiscard]] base::Result<void> on_finish(StreamId id);
  [[nodiscard]] base::Result<void> on_reset(StreamId id, std::string_view payload);
  [[nodiscard]] base::Result<Stream*> known_stream(StreamId id, wire::FrameType type);
  [[nodiscard]] base::Result<void> refuse(StreamId id, ResetCode code, std::string_view cause);

  // session_streams.cc
  [[nodiscard]] Stream* open_stream(StreamId id);
  [[nodiscard]] base::Result<void> may_open(Precedence precedence) const;
  [[nodiscard]] Stream new_stream(Precedence precedence, Stream::Announcement announcement) const;
  void abandon(StreamId id, ResetCode code, std::string_view cause);
  void forget(StreamId id);
  void over(StreamId id);
  void retire(StreamId id);
  void count_provoked_reset(StreamId id, ResetCode code);
  [[nodiscard]] base::Result<void> count_reset(Stream& stream);

  SessionLimits limits_;
  State state_ = State::kNew;
  base::TimePoint now_{};  // as last told

  Agreement agreement_{};
  std::uint64_t epoch_ = 0;  // of the connection that carries the session, or did last
  std::uint64_t asked_ = 0;  // the highest epoch under which we asked to resume it
  bool drains_ = false;      // we have announced it
  bool peer_drains_ = false;

  Acknowledgement acknowledgement_{};
  Retained retained_;
  StreamTable streams_;
  Scheduler scheduler_{};
  std::size_t room_for_others_ = std::numeric_limits<std::size_t>::max();
  base::TimePoint first_ended_{};  // the last stream of the first service
  ControlQueue control_{};
  std::set<StreamId> credit_due_{};
  PerPrecedence<WindowBudget> window_budgets_;
  std::deque<Event> events_{};

  // Clients of ours may give up as many mails as they like, and at the same moment.
  PerPrecedence<Allowance> own_resets_ = own_resets();
  PeerAllowances allowances_{};
  std::optional<base::Error> overdone_{};  // by the peer, found while our owner dealt with what it had sent
  Counters counters_{};
};

}  // namespace tsmtp::mux
