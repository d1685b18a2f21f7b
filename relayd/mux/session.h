// One link between two hubs, without socket, TLS or clock: bytes and time in, events and bytes out. Streams,
// credit, fair scheduling, keepalive, acknowledgement and resumption; docs/protocol.md is normative. It must
// never hold more than its limits allow, whatever the peer sends, and never believe a peer's number before
// checking it.
//
// A Session belongs to one connection. When that breaks it is suspended: its owner goes on using its streams,
// and nothing is sent. A Session on a new connection takes its place when both sides find that it goes on.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "relayd/base/clock.h"
#include "relayd/base/result.h"
#include "relayd/mux/event.h"
#include "relayd/mux/hello.h"
#include "relayd/mux/keepalive.h"
#include "relayd/mux/progress.h"
#include "relayd/mux/stream_id.h"
#include "relayd/wire/decoder.h"
#include "relayd/wire/frame.h"

namespace tsmtp::mux {

class Session;

/// What a session's owner says to the peer's Hello.
struct Admission {
  Session* resumes = nullptr;  ///< the suspended session that goes on here; null: a new one begins
  std::string refusal{};       ///< not empty: the connection is closed, with these words
};

struct Settings {
  Role role = Role::kDialer;
  /// Told to the peer, for its logs only: identity is the key (P7). Cut to 255 bytes.
  std::string hub_name{};
  std::string instance{};  ///< 16 random bytes, new at each start of the daemon; filled up with zeros
  /// That the peer may have open at once. A client that sends one mail after the other has two for a moment:
  /// the one that is ending, and the next.
  std::uint32_t max_streams = 512;
  /// The window that every stream is granted, in each direction; at least 1 KiB.
  std::uint32_t stream_window_bytes = 256 * 1024;
  /// What the windows of all streams together may grow by.
  std::size_t window_budget_bytes = 64UL * 1024 * 1024;
  /// What may be kept to be sent again; no more Data is sent then. More than a path holds between a frame and
  /// its acknowledgement, which is 5 Gbit/s at 100 ms.
  std::size_t max_retained_bytes = 64UL * 1024 * 1024;
  bool can_resume = false;  ///< whether the session is to outlive the connection, if the peer wants it too
  Resumption
      resumption{};  ///< what Hello says of it: connection(s), number; the dialling side: what to resume
  std::chrono::seconds resume_window{60};  ///< how long it stays suspended
  bool can_compress = false;  ///< whether content may go compressed, both ways, if the peer wants it too
  /// Asked once, when the peer's Hello has come; not set: a new session begins. It must admit as resumed only
  /// a session that can_become() what the peer named.
  std::function<Admission(const Hello&)> admit{};
  std::chrono::seconds keepalive{10};  ///< silence after which a ping is sent, at most half of dead_after
  /// The same for the side that has dialled while streams are open and the session can go on on another
  /// connection: it alone can make one, and what the other side sends is lost without its noticing.
  std::chrono::seconds keepalive_in_use{1};
  std::chrono::seconds dead_after{20};  ///< silence after which the peer is dead
  std::chrono::seconds hello_timeout{10};
};

/// What is known of the path to the peer; 0 where nothing is.
struct Path {
  base::Duration round_trip{};
  std::uint64_t bytes_per_second = 0;
};

class Session {
 public:
  Session(Settings settings, base::TimePoint now);

  /// Takes bytes from the peer. An error says how the peer broke the protocol, or "closed by peer: REASON";
  /// the link must be closed after what produce() gives (a Close frame) has been tried. Said again if called
  /// again. After close() what comes is ignored.
  [[nodiscard]] base::Result<void> receive(std::string_view bytes, base::TimePoint now);
  /// What has happened, in order. Ask until there is none after receive() and after produce(). Streams that
  /// were open when the session failed or was closed get no event of their own.
  [[nodiscard]] std::optional<Event> next_event();

  /// Appends whole frames to `out` until it holds at least `enough_bytes` or there is nothing left to send:
  /// link frames first, then the streams that have bytes and credit in turn, a frame each. Call it late, when
  /// the socket can take more.
  void produce(std::string& out, std::size_t enough_bytes, base::TimePoint now);
  [[nodiscard]] bool wants_to_send() const;

  /// Opens a stream. Fails with a sentence when the link is not established, drains, or has too many.
  [[nodiscard]] base::Result<StreamId> open(Service service);

  /// What is left of the Resets that we may send, between 0 and 1. Each stream that open() gives is counted
  /// as one, until it has come to an end without.
  [[nodiscard]] double resets_left(base::TimePoint now) const { return progress_.own_resets.left(now); }

  /// How many bytes write() would take now without growing past one window of unsent bytes. When that is less
  /// than half a window, Writable will follow.
  [[nodiscard]] std::size_t writable(StreamId stream) const;
  /// Queues bytes. More than writable() is taken too (the bound is the caller's promise: it writes at most
  /// one record past it). Writes to a stream that is gone are dropped.
  void write(StreamId stream, std::string_view bytes);
  /// No more bytes from us. The stream is forgotten when the peer has finished too.
  void finish(StreamId stream);
  /// Ends the stream in both directions; what was queued is dropped. No event of the stream follows, not even
  /// one that is waiting. A cause is cut to 255 bytes.
  void reset(StreamId stream, ResetCode code, std::string_view cause);
  /// The owner has dealt with `bytes` of what it received: credit for as many goes back.
  void consumed(StreamId stream, std::size_t bytes);

  /// Sends bytes about the hub as a whole, at most one frame's payload. Those said before the peer's Hello
  /// has come wait for it.
  void notice(std::string_view bytes);

  /// Announces that we open and accept no more streams; those under way go on.
  void drain();
  /// All streams are over at once. A Close frame with the reason follows the Resets and notices that are
  /// queued; nothing is sent after it. A reason is cut to 255 bytes.
  void close(std::string_view reason);

  /// The path as measured now: windows fit themselves to it, and so does the size of Data frames.
  void set_path(const Path& path) { path_ = path; }

  /// The connection is lost. True: the session waits to be resumed, for its resume_window, and its streams
  /// can be used as before. False: it is over.
  [[nodiscard]] bool suspend(base::TimePoint now);
  [[nodiscard]] bool suspended() const { return suspended_until_.has_value(); }
  /// Whether both sides want it to go on on a new connection when this one breaks.
  [[nodiscard]] bool can_outlive_its_connection() const;
  /// What the Hello of a new connection has to say to resume this session, which is suspended; under another
  /// epoch each time.
  [[nodiscard]] Resumption ask_to_resume();
  /// Whether the peer's Hello names this session.
  [[nodiscard]] bool is_named_by(const Hello& hello) const;
  /// Whether it can go on there: under a higher epoch than the session's (else a later connection has
  /// overtaken this one), and with frames that the peer can lack.
  [[nodiscard]] bool can_become(const Hello& hello) const;
  [[nodiscard]] const Hello& peer() const { return progress_.peer; }

  /// Time passes: pings, time-outs. An error: the peer is dead. `deadline()`: when to call it next; ask anew
  /// after each receive(), produce() and tick().
  [[nodiscard]] base::Result<void> tick(base::TimePoint now);
  [[nodiscard]] base::TimePoint deadline() const;

  [[nodiscard]] bool established() const;
  [[nodiscard]] bool peer_drains() const;
  /// Both sides have said that content may be compressed. Never changes in a session.
  [[nodiscard]] bool compresses() const { return progress_.compresses; }
  /// Streams of both sides that are not over.
  [[nodiscard]] std::size_t open_streams() const;
  [[nodiscard]] const Counters& counters() const;
  /// The last measured time between ping and pong; nothing before the first.
  [[nodiscard]] std::optional<base::Duration> round_trip() const { return keepalive_.round_trip(); }

 private:
  enum class State {
    kGreeting,  // the peer's Hello has not come; nothing but our own is sent
    kEstablished,
    kClosing,  // a Close of ours is to be sent or has been; what comes is ignored
    kClosed,   // by the peer; nothing more is sent
  };

  // session_receive.cc
  [[nodiscard]] base::Result<void> handle(const wire::Frame& frame, base::TimePoint now);
  [[nodiscard]] base::Result<void> dispatch(const wire::Frame& frame, bool has_acknowledged,
                                            base::TimePoint now);
  [[nodiscard]] base::Result<void> no_effect();
  [[nodiscard]] base::Result<void> on_hello(std::string_view payload);
  void take_over(Session& suspended, const Resumption& theirs);
  [[nodiscard]] base::Duration silence() const;
  [[nodiscard]] base::Result<void> on_ping(std::string_view payload);
  [[nodiscard]] base::Result<void> on_drain();
  [[nodiscard]] base::Result<void> on_close(std::string_view reason);
  [[nodiscard]] base::Result<void> on_open(StreamId id, std::uint8_t service);
  [[nodiscard]] base::Result<void> on_credit(StreamId id, std::uint64_t offset);
  [[nodiscard]] base::Result<void> on_data(StreamId id, std::string_view bytes);
  [[nodiscard]] base::Result<void> on_finish(StreamId id);
  [[nodiscard]] base::Result<void> on_reset(StreamId id, std::string_view payload);
  [[nodiscard]] base::Result<Stream*> known_stream(StreamId id, wire::FrameType type);
  [[nodiscard]] base::Result<void> refuse(StreamId id, ResetCode code, std::string_view cause);
  [[nodiscard]] base::Error fail(base::Error error);

  // session.cc
  [[nodiscard]] bool produce_frame(std::string& out, base::TimePoint now);
  [[nodiscard]] bool produce_hello(std::string& out);
  [[nodiscard]] bool produce_replay(std::string& out);
  [[nodiscard]] bool produce_control(std::string& out, base::TimePoint now);
  [[nodiscard]] bool produce_credit(std::string& out);
  [[nodiscard]] bool produce_stream(std::string& out);
  [[nodiscard]] std::size_t max_payload_bytes() const;
  [[nodiscard]] bool produce_ack(std::string& out);
  [[nodiscard]] bool produce_close(std::string& out);
  std::uint64_t emit(wire::FrameType type, StreamId id, std::string payload, std::string& out);
  [[nodiscard]] Stream* open_stream(StreamId id);
  [[nodiscard]] Stream new_stream(Stream::Announcement announcement) const;
  [[nodiscard]] base::Error dead();
  void abandon(StreamId id, ResetCode code, std::string_view cause);
  void forget(StreamId id);
  void over(StreamId id);
  void retire(StreamId id);
  void count_provoked_reset(StreamId id, ResetCode code);

  Settings settings_;
  State state_ = State::kGreeting;
  base::TimePoint now_;  // as last told
  base::TimePoint hello_deadline_;
  bool hello_due_;
  std::optional<base::TimePoint> suspended_until_;
  bool peer_said_drain_ = false;  // on this connection
  std::optional<std::string> close_due_;
  std::optional<base::Error> failure_;
  std::optional<base::Error> overdone_;  // by the peer, found while our owner dealt with what it had sent
  wire::Decoder decoder_;
  Keepalive keepalive_;
  Path path_;
  Progress progress_;
};

}  // namespace tsmtp::mux
