// The link to one site, as its users see it: streams, and how it stands. It owns the connections, TLS, timers
// and sessions, and carries out what link::LinkLife decides about them.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "relayd/base/lifetime.h"
#include "relayd/base/result.h"
#include "relayd/link/link_life.h"
#include "relayd/net/link/dialer.h"
#include "relayd/net/link/link_connection.h"
#include "relayd/net/link/shared_by_links.h"

namespace tsmtp::net {

/// How the cause of a stream begins that the peer has reset.
inline constexpr std::string_view kResetByPeer = "refused by the far side: ";

/// The user of a stream. It must call SiteLink::forget() (or end the stream) before it goes.
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
    /// The link of the peer's process before has ended, after one of its successor had come up.
    std::function<void()> left;
    /// takes_streams() or is_interrupted() may have changed.
    std::function<void()> standing_changed;
  };

  /// `shared` is borrowed.
  SiteLink(const SharedByLinks& shared, std::string site, link::Settings settings, Callbacks callbacks);
  ~SiteLink() override;
  SiteLink(const SiteLink&) = delete;
  SiteLink& operator=(const SiteLink&) = delete;

  void start();
  /// Other pins, addresses and settings. A link that is up stays, as long as its key is still pinned;
  /// settings hold from the next connection on.
  void reconfigure(const link::Settings& settings);
  /// Closes everything, with a reason for the peer.
  void stop(const std::string& reason);
  /// Tells the peer that we take no more transactions.
  void drain();
  /// Another process of this hub takes our place (LinkLife::has_successor()): the peer is told.
  void has_successor();
  /// It has failed (LinkLife::has_no_successor()).
  void has_no_successor();
  /// The process before us has ended: likewise.
  void predecessor_gone();
  /// The peer tells of its own.
  [[nodiscard]] base::Result<void> heard(std::string_view notice);
  /// It is called so from now on.
  void rename(const std::string& site, const std::string& hub) {
    site_ = site;
    hub_ = hub;
  }
  [[nodiscard]] const std::string& site() const { return site_; }
  /// What logs call the other end: the site, or where that has several hubs, one of them.
  [[nodiscard]] const std::string& hub() const { return hub_; }
  /// The site is no longer configured, and no key is its any more: ends the link at once, and all that might
  /// become one. Nothing is dialled or resumed.
  void retire();

  [[nodiscard]] bool has_pin(const std::string& pin) const { return life_.has_pin(pin); }
  /// Whether a peer that shows these keys is this site's.
  [[nodiscard]] keys::Judgement judge(const keys::Shown& shown) const;
  /// A connection with one of our keys whose handshake is done; the peer has dialled it.
  void adopt(std::unique_ptr<TlsStream> stream);

  /// Just interrupted, and nothing speaks against its going on in a moment: a client that comes now may wait.
  [[nodiscard]] bool is_interrupted() const { return life_.standing().is_paused(); }
  /// Whether open() makes sense. An interruption that lasts is a link that is down, though what is under way
  /// still waits for it.
  [[nodiscard]] bool takes_streams() const { return open_connections() > 0 || is_interrupted(); }
  [[nodiscard]] bool peer_drains() const;
  /// Whether the peer has all that was said to it.
  [[nodiscard]] bool is_heard() const;
  /// "link down since 12:03:04 (connection timed out)".
  [[nodiscard]] std::string down_text() const;

  /// What the peer has said of itself; null while there is no session.
  [[nodiscard]] const mux::Hello* peer() const;
  [[nodiscard]] base::Result<mux::StreamKey> open(mux::Service service, StreamUser& user);
  /// Whether open() has to wait until a stream has ended.
  [[nodiscard]] bool is_full() const;
  /// What the peer's allowance for given-up streams leaves, between 0 and 1; 1 when there is no session.
  [[nodiscard]] double resets_left() const;
  [[nodiscard]] std::size_t writable(mux::StreamKey stream) const;
  /// Since when its connection has been there and has not stood still; nothing while it is not, or does.
  [[nodiscard]] std::optional<base::TimePoint> carried_since(mux::StreamKey stream) const;
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
  [[nodiscard]] const link::LinkLife& life() const { return life_; }
  /// The first of its connections; null when it has none.
  [[nodiscard]] const LinkConnection* connection() const;
  /// Where it leads: "192.0.2.1:5443", or what was dialled; empty when there is none.
  [[nodiscard]] std::string peer_address() const;
  /// The proxy through which; empty if there is none.
  [[nodiscard]] std::string dialled_through() const;
  /// Whether content may be compressed on that one.
  [[nodiscard]] bool compresses() const;
  [[nodiscard]] std::size_t open_connections() const { return life_.open_connections(); }
  /// Streams on the link of the peer's process before; nothing: there is none.
  [[nodiscard]] std::optional<std::size_t> leaving_streams() const;
  /// Of all its sessions since relayd started.
  [[nodiscard]] mux::Counters counters() const;

  [[nodiscard]] base::Result<void> on_hello(LinkConnection& connection, const mux::Hello& hello) override;
  void on_event(LinkConnection& connection, mux::Event event) override;
  void on_line_changed(LinkConnection& connection, mux::Standstill::Change change) override;
  void on_connection_lost(LinkConnection& connection, const std::string& cause) override;

 private:
  struct Lane {
    std::unique_ptr<mux::Session> session;
    std::shared_ptr<LinkConnection> connection;  // that carries it; null: it waits for one
    base::TimePoint carried_since;               // attached, or it moves again
    Dialer::Route route;                         // to the peer, as it was had last
    bool leaves = false;                         // of a process of the peer's that has a successor

    /// What the session has to say goes out soon.
    void flush() const {
      if (connection) connection->schedule_flush();
    }
  };
  using Lanes = std::map<std::size_t, Lane>;  // by slot

  // site_link_actions.cc
  void carry_out();
  void act(const link::Resolve& action);
  void act(const link::Connect& action);
  void act(const link::GiveUp& action);
  void act(const link::Greet& action);
  void act(const link::Attach& action);
  void act(const link::Close& action);
  void act(const link::Abandon& action);
  void act(const link::EndSession& action);
  void act(const link::Drain& action);
  void act(const link::Leave& action);
  void act(const link::Left& action);
  void act(const link::Up& action);
  void act(const link::Down& action);
  void act(const link::StandingChanged& action);
  void act(const link::Log& action);
  [[nodiscard]] Dialer& dialer(link::Attempt attempt);
  [[nodiscard]] link::Peer peer_of(const TlsStream& stream, const Dialer::Route* route) const;
  [[nodiscard]] link::ConnectionId keep(std::unique_ptr<TlsStream> stream);
  [[nodiscard]] mux::ConnectionSettings connection_settings(const link::Greet& action);
  [[nodiscard]] std::shared_ptr<LinkConnection> take_connection(link::ConnectionId id);
  void set_timer();

  // site_link.cc
  void stream_event(std::size_t number, mux::Event& event);
  void opened(mux::StreamKey stream, mux::Service service);
  [[nodiscard]] mux::StreamKey key_of(std::size_t lane, mux::StreamId stream) const;
  [[nodiscard]] StreamUser* user(mux::StreamKey stream) const;
  [[nodiscard]] const Lane* lane_of(mux::StreamKey stream) const;
  // Those of the peer's present process.
  [[nodiscard]] Lanes::const_iterator least_busy() const;
  [[nodiscard]] const Lane* first_present() const;
  [[nodiscard]] const Lane* first_open() const;
  void lose_users(std::size_t number, const std::string& text);

  const SharedByLinks& shared_;
  std::string site_;
  std::string hub_;
  const std::uint64_t number_;  // among all links: no two have a stream of the same key
  settings::Link settings_;
  Callbacks callbacks_;
  link::LinkLife life_;
  Lanes lanes_;                                                                // that have a session
  std::map<link::ConnectionId, std::unique_ptr<TlsStream>> streams_;           // not yet greeted
  std::map<link::ConnectionId, std::shared_ptr<LinkConnection>> connections_;  // greeted
  std::map<link::ConnectionId, Dialer::Route> routes_;                         // of those that we dialled
  std::map<link::Attempt, std::shared_ptr<Dialer>> dialers_;
  std::map<mux::StreamKey, StreamUser*> users_;
  std::uint64_t last_connection_ = 0;
  std::uint64_t session_numbers_ = 0;
  base::Result<void> answered_;    // what the last Attach came to
  mux::Counters counters_before_;  // of sessions that are over
  boost::asio::steady_timer timer_;
  std::optional<base::TimePoint> timer_set_for_;
  bool carries_out_ = false;
  base::Lifetime lifetime_;  // what the others call
};

}  // namespace tsmtp::net
