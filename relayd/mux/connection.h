// The life of a link on one wire, without socket, TLS or clock: bytes and time in, bytes out. Framing, the
// exchange of Hellos, pings and silence, Close, and the end that a breach of protocol makes. All that is to
// outlive it is in the Session that it carries. docs/protocol.md is normative.
//
// It stops behind the peer's Hello, unanswered_hello(), and goes on when its owner has answered: with a
// session that begins() or one that resumes() here, or with a refusal.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "relayd/base/clock.h"
#include "relayd/base/result.h"
#include "relayd/mux/counters.h"
#include "relayd/mux/hello.h"
#include "relayd/mux/keepalive.h"
#include "relayd/mux/path_metrics.h"
#include "relayd/mux/session.h"
#include "relayd/mux/session_limits.h"
#include "relayd/mux/stream_id.h"
#include "relayd/settings/link.h"
#include "relayd/wire/decoder.h"
#include "relayd/wire/frame.h"

namespace tsmtp::mux {

struct ConnectionSettings {
  Role role = Role::kDialer;
  /// Told to the peer, for its logs only: identity is the key (P7). Cut to 255 bytes.
  std::string hub_name{};
  std::string instance{};     ///< 16 random bytes, new at each start of the daemon; filled up with zeros
  std::string predecessor{};  ///< likewise, of the process before, while it lives; empty: it does not
  SessionLimits limits{};     ///< that our Hello states; a session that begins here must have the same
  bool can_resume = false;    ///< whether sessions are to outlive their connections, if the peer wants it too
  bool shares_outcomes = false;  ///< what mails came to, all hubs of our site know
  bool can_compress = false;     ///< whether content may go compressed, both ways, if the peer wants it too
  /// What our Hello says: connection(s), the number of the session that begins here; the dialling side: which
  /// it is to resume (Session::ask_to_resume()). The listening side learns that from the peer.
  Resumption resumption{};
  std::chrono::seconds keepalive{10};  ///< silence after which a ping is sent, at most half of dead_after
  /// The same for the side that has dialled while streams are open and the session can go on on another
  /// connection: it alone can make one, and what the other side sends is lost without its noticing.
  std::chrono::seconds keepalive_in_use{1};
  /// Silence after which the peer is dead.
  std::chrono::seconds dead_after = settings::Link{}.peer_timeout;
  std::chrono::seconds hello_timeout{10};
};

class Connection {
 public:
  static constexpr std::size_t kMaxPongs = 8;

  Connection(ConnectionSettings settings, base::TimePoint now);
  /// As detach().
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Takes bytes from the peer. An error says how the peer broke the protocol, or "closed by peer: REASON";
  /// its session is over by then, and what produce() still gives (a Close frame) should be tried. Said again
  /// if called again. Bytes after close() and detach() are ignored. Not to be called while a Hello is
  /// unanswered.
  [[nodiscard]] base::Result<void> receive(std::string_view bytes, base::TimePoint now);

  /// The peer's Hello, from when it has come until it is answered; else null. It proves that the peer has
  /// accepted our key. Its name is at most 255 bytes of anything: escape it, and take it for no identity
  /// (P7). On the dialling side `resumption.own` says whether the session goes on that we asked for, or is 0.
  [[nodiscard]] const Hello* unanswered_hello() const;
  /// Answers: a session begins, which is new. Borrowed until it is over or detached. Bytes that came behind
  /// the Hello are received now; errors are those of receive().
  [[nodiscard]] base::Result<void> begin(Session& session, base::TimePoint now);
  /// Answers: a session goes on that is detached and can_resume_with() the Hello. The rest as for begin().
  [[nodiscard]] base::Result<void> resume(Session& session, base::TimePoint now);
  /// Answers: no.
  void refuse(std::string_view reason) { close(reason); }

  /// Appends whole frames to `out` until it holds at least `enough_bytes` or there is nothing left to send:
  /// link frames first, then the streams that have bytes and credit in turn, a frame each. Call it late, when
  /// the socket can take more.
  void produce(std::string& out, std::size_t enough_bytes, base::TimePoint now);
  [[nodiscard]] bool wants_to_send() const;
  /// The path as measured now: windows fit themselves to it, and so does the size of Data frames.
  void set_path(const PathMetrics& path) { path_ = path; }

  /// The session is over, its streams with it. A Close frame with the reason follows the Resets and notices
  /// that are queued; nothing is sent after it. A reason is cut to 255 bytes.
  void close(std::string_view reason);
  /// The connection is lost: nothing is sent or taken any more. The session is detached or, if it cannot
  /// outlive its connection, over.
  void detach();
  /// That is attached; null if none is.
  [[nodiscard]] Session* session() const { return session_; }
  /// The peer has said Close.
  [[nodiscard]] bool was_closed_by_peer() const { return was_closed_by_peer_; }

  /// Time passes: pings, time-outs. An error: the peer is silent; the session is over, or still attached if
  /// it can outlive this. `deadline()`: when to call it next; ask anew after each receive(), produce() and
  /// tick().
  [[nodiscard]] base::Result<void> tick(base::TimePoint now);
  [[nodiscard]] base::TimePoint deadline() const;
  /// The last measured time between ping and pong; nothing before the first.
  [[nodiscard]] std::optional<base::Duration> round_trip() const { return keepalive_.round_trip(); }

 private:
  enum class State : std::uint8_t {
    kGreeting,  // the peer's Hello has not come; nothing but our own is sent
    kAsking,    // it has, and our owner has not answered
    kAttached,
    kClosing,  // a Close of ours is to be sent or has been; incoming bytes are ignored
    kClosed,   // by the peer, or detached; nothing more is sent
  };

  [[nodiscard]] base::Result<void> take(std::string_view bytes);
  [[nodiscard]] base::Result<void> greet(const wire::Frame& frame);
  [[nodiscard]] base::Result<void> handle(const wire::Frame& frame);
  [[nodiscard]] base::Result<void> on_hello(std::string_view payload);
  [[nodiscard]] base::Result<void> on_ping(std::string_view payload);
  [[nodiscard]] base::Error closed_by_peer(std::string_view reason);
  [[nodiscard]] base::Result<void> attach(Session& session, base::TimePoint now);
  void leave_session();
  [[nodiscard]] base::Error fail(base::Error error);
  [[nodiscard]] base::Error dead();
  [[nodiscard]] base::Duration silence() const;

  // connection_send.cc
  [[nodiscard]] bool produce_frame(std::string& out);
  [[nodiscard]] bool produce_hello(std::string& out);
  [[nodiscard]] bool produce_ping(std::string& out);
  [[nodiscard]] bool produce_last(std::string& out);
  void say_last(std::string_view reason);
  [[nodiscard]] Counters& counters() { return session_ != nullptr ? session_->counters_ : counters_; }

  ConnectionSettings settings_;
  State state_ = State::kGreeting;
  base::TimePoint now_;  // as last told
  base::TimePoint hello_deadline_;
  bool hello_due_;
  bool ping_due_ = false;
  bool peer_said_drain_ = false;
  wire::Decoder decoder_;
  Keepalive keepalive_;
  PathMetrics path_;
  Hello peer_;
  std::string unread_;             // came behind a Hello that is not answered
  std::deque<std::string> pongs_;  // payloads
  std::deque<std::string> last_;   // frames that are still sent when the session is over
  std::optional<base::Error> failure_;
  bool was_closed_by_peer_ = false;
  Session* session_ = nullptr;
  Counters counters_;  // while there is no session
};

}  // namespace tsmtp::mux
