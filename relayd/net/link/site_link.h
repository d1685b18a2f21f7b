// The link to one site: one session or several, each on a connection of its own. Dials, takes connections
// that were dialled, decides which one carries a session, and gives streams to their users. When it is down
// it knows since when and why.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "relayd/base/clock.h"
#include "relayd/base/lifetime.h"
#include "relayd/base/result.h"
#include "relayd/mux/allowance.h"
#include "relayd/net/link/dialer.h"
#include "relayd/net/link/link_connection.h"
#include "relayd/net/link/link_services.h"
#include "relayd/net/link/link_settings.h"
#include "relayd/net/link/redialer.h"

namespace tsmtp::net {

/// Who uses a stream. Must call SiteLink::forget() (or end the stream) before it goes.
class StreamUser {
 public:
  virtual ~StreamUser() = default;
  virtual void on_stream_bytes(mux::StreamKey stream, std::string_view bytes) = 0;
  virtual void on_stream_finished(mux::StreamKey stream) = 0;
  virtual void on_stream_writable(mux::StreamKey stream) = 0;
  /// Last call for this stream: reset by the peer, or its session is over. `cause` is a sentence with its
  /// time.
  virtual void on_stream_lost(mux::StreamKey stream, const std::string& cause) = 0;
};

/// That a peer may dial. Each can resume a session, which sends again all that is not acknowledged.
inline constexpr double kConnectionsPerSecond = 10, kConnectionsAtOnce = 100;

class SiteLink : public LinkConnectionOwner {
 public:
  struct Callbacks {
    /// The peer opened a stream; who uses it? Null: nobody for now, refuse it.
    using Accept = std::function<StreamUser*(mux::StreamKey)>;
    /// By the service that a stream is for; the peer is told of any other that it is unknown here.
    std::map<mux::Service, Accept> accept_stream;
    /// A session has begun: the peer knows nothing of us yet.
    std::function<void()> up;
    std::function<void()> down;
    std::function<void(std::string_view)> noticed;
    /// takes_streams() or is_interrupted() may have changed.
    std::function<void()> standing_changed;
  };

  /// `services` is borrowed.
  SiteLink(const LinkServices& services, std::string site, std::vector<std::string> pins,
           std::vector<base::HostPort> dial, LinkSettings settings, Callbacks callbacks);
  ~SiteLink() override;
  SiteLink(const SiteLink&) = delete;
  SiteLink& operator=(const SiteLink&) = delete;

  void start();
  /// Other pins, addresses and settings. A link that is up stays, as long as its key is still pinned;
  /// settings hold from the next connection on.
  void reconfigure(std::vector<std::string> pins, const std::vector<base::HostPort>& dial,
                   const LinkSettings& settings);
  /// Closes everything, with a reason for the peer.
  void stop(const std::string& reason);
  /// Tells the peer that we take no more transactions.
  void drain();
  /// It is called so from now on.
  void rename(const std::string& site) { site_ = site; }
  [[nodiscard]] const std::string& site() const { return site_; }
  /// The site is no longer configured, and no key is its any more: ends the link at once, and all that might
  /// become one. Nothing is dialled or resumed.
  void retire();

  [[nodiscard]] bool has_pin(const std::string& pin) const;
  /// A connection with one of our pins whose handshake is done; the peer has dialled it.
  void adopt(std::unique_ptr<TlsStream> stream);

  /// Whether there is a session, be it that it waits for a new connection.
  [[nodiscard]] bool is_up() const;
  /// Just interrupted, and nothing speaks against its going on in a moment: who comes now may be let wait.
  [[nodiscard]] bool is_interrupted() const { return is_up() && open_connections() == 0 && hopeful_; }
  /// Whether open() makes sense. An interruption that lasts is a link that is down, though what is under way
  /// still waits for it.
  [[nodiscard]] bool takes_streams() const { return open_connections() > 0 || is_interrupted(); }
  [[nodiscard]] bool peer_drains() const;
  /// "link down since 12:03:04 (connection timed out)".
  [[nodiscard]] std::string down_text() const;

  /// Whether the peer takes streams that are nothing but a question (docs/protocol.md, "In doubt").
  [[nodiscard]] bool answers_enquiries() const;
  [[nodiscard]] base::Result<mux::StreamKey> open(mux::Service service, StreamUser& user);
  /// Whether open() has to wait until a stream has ended.
  [[nodiscard]] bool is_full() const;
  /// What the peer's allowance for given-up streams leaves, between 0 and 1; 1 when there is no session.
  [[nodiscard]] double resets_left() const;
  [[nodiscard]] std::size_t writable(mux::StreamKey stream) const;
  /// Whether its session is one in which both sides have said that content may be compressed.
  [[nodiscard]] bool compresses(mux::StreamKey stream) const;
  void write(mux::StreamKey stream, std::string_view bytes);
  void consumed(mux::StreamKey stream, std::size_t bytes);
  void finish(mux::StreamKey stream);
  void reset(mux::StreamKey stream, mux::ResetCode code, const std::string& cause);
  /// The user does not want to hear of the stream any more.
  void forget(mux::StreamKey stream) { users_.erase(stream); }
  void notice(const std::string& bytes);

  // For status.
  [[nodiscard]] base::WallTime since() const { return since_; }
  [[nodiscard]] const std::string& cause() const { return cause_; }
  /// The first of its connections; null when the link is down.
  [[nodiscard]] const LinkConnection* connection() const;
  [[nodiscard]] std::size_t open_connections() const;
  [[nodiscard]] std::optional<base::WallTime> next_dial() const;
  [[nodiscard]] std::uint64_t times_up() const { return times_up_; }
  /// Of all its sessions since relayd started.
  [[nodiscard]] mux::Counters counters() const;
  [[nodiscard]] bool is_dialled() const { return !dial_.empty(); }
  /// Why each address that we dial has failed; empty while the link is up.
  [[nodiscard]] std::vector<Dialer::Failure> dial_failures() const;
  /// Since when the line under one of its connections stands still; nothing while none does.
  [[nodiscard]] std::optional<base::WallTime> stands_still_since() const;

  base::Result<void> on_hello(LinkConnection& connection, const mux::Hello& hello) override;
  void on_event(LinkConnection& connection, mux::Event event) override;
  void on_line_changed(LinkConnection& connection, mux::Standstill::Change change) override;
  void on_connection_suspended(LinkConnection& connection, const std::string& cause) override;
  void on_connection_lost(LinkConnection& connection, const std::string& cause) override;

 private:
  /// One of the link's sessions, or the place for one.
  struct Lane {
    std::shared_ptr<LinkConnection> current;  // which carries the session, or did last
    std::shared_ptr<Dialer> dialer;           // null: the peer dials
    std::shared_ptr<Redialer> redialer;       // while the current connection stands still, or has broken
    std::optional<base::TimePoint> stood_still_since{};
  };

  // site_link_connections.cc
  void make_lanes();
  [[nodiscard]] std::shared_ptr<Dialer> make_dialer(std::size_t number);
  void dial_missing();
  /// Whether the link lacks that connection.
  [[nodiscard]] bool is_missing(std::size_t number) const;
  [[nodiscard]] bool is_dialled(std::size_t number) const;
  void adopt(std::unique_ptr<TlsStream> stream, mux::Role role, std::size_t number);
  [[nodiscard]] mux::ConnectionSettings connection_settings(mux::Role role, std::size_t number);
  void close_unpinned_candidates();
  /// What is said to a connection's Hello.
  struct Answer {
    LinkConnection* resumes = nullptr;  // whose session goes on there; null: a new one begins
    std::string refusal{};              // not empty: the connection is closed, with these words
  };
  [[nodiscard]] Answer answer_to(LinkConnection& candidate, const mux::Hello& hello);
  [[nodiscard]] bool is_preferred(const LinkConnection& candidate) const;
  void established(LinkConnection& connection, bool resumed);
  void begin_session(const std::shared_ptr<LinkConnection>& connection);
  void end_session(std::size_t number, const std::string& reason_for_peer, const std::string& cause);
  void end_sessions_of_other_instances(const std::string& instance);
  void set_cause(const std::string& cause);
  void dial_failed(const Dialer& dialer, const Dialer::Failure& failure, bool news);
  void hope();
  void lose_hope();
  void interrupted(const std::string& cause);
  void log_up(const LinkConnection& connection, const char* what, const std::string& more) const;
  [[nodiscard]] std::string compression_text(const LinkConnection& connection) const;

  // site_link_standstill.cc
  void make_redialer(std::size_t number);
  void stop_redialer(std::size_t number);
  void redialled(std::size_t number, std::unique_ptr<TlsStream> stream);
  [[nodiscard]] std::string after_standstill(std::size_t number);
  [[nodiscard]] std::string which(const LinkConnection& connection) const;

  // site_link.cc
  void stream_event(std::size_t number, mux::Event& event);
  void opened(mux::StreamKey stream, mux::Service service);
  [[nodiscard]] StreamUser* user(mux::StreamKey stream) const;
  [[nodiscard]] LinkConnection* connection_of(mux::StreamKey stream) const;
  [[nodiscard]] LinkConnection* least_busy() const;
  void lose_users(std::size_t number, const std::string& text);
  void log(base::LogLevel level, const std::string& text) const;

  const LinkServices& services_;
  std::string site_;
  std::vector<std::string> pins_;
  std::vector<base::HostPort> dial_;
  LinkSettings settings_;
  Callbacks callbacks_;
  std::vector<Lane> lanes_;
  std::vector<std::shared_ptr<LinkConnection>> candidates_;  // authenticated, Hello not yet received
  std::map<mux::StreamKey, StreamUser*> users_;
  base::WallTime since_;
  std::string cause_;
  std::string logged_cause_;
  std::uint64_t times_up_ = 0;
  std::uint64_t session_numbers_ = 0;
  mux::Allowance connections_{"connections", kConnectionsPerSecond,
                              kConnectionsAtOnce};  // that the peer dials
  mux::Counters counters_before_;                   // of sessions that are over
  boost::asio::steady_timer hope_timer_;
  base::TimePoint interrupted_;
  base::Lifetime lifetime_;  // what the others call
  bool hopeful_ = false;
  bool draining_ = false;
  bool stopped_ = false;
  bool retired_ = false;
};

}  // namespace tsmtp::net
