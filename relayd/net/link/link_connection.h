// One authenticated connection to another hub: moves bytes between TLS and the sans-I/O connection, and time
// into it. Which session it carries, and what becomes of that when it breaks, SiteLink is told by
// link::LinkLife.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>

#include "relayd/base/clock.h"
#include "relayd/link/action.h"
#include "relayd/mux/connection.h"
#include "relayd/mux/other_window.h"
#include "relayd/mux/session.h"
#include "relayd/net/link/line_watch.h"
#include "relayd/net/tls/tls_stream.h"

namespace tsmtp::net {

class LinkConnection;

class LinkConnectionOwner {
 public:
  virtual ~LinkConnectionOwner() = default;
  /// The peer's Hello has come: answers with begin(), resume() or close(), and returns the result.
  [[nodiscard]] virtual base::Result<void> on_hello(LinkConnection& connection, const mux::Hello& hello) = 0;
  /// Of the session that it carries.
  virtual void on_event(LinkConnection& connection, mux::Event event) = 0;
  /// The line under it has come to stand still, or moves again.
  virtual void on_line_changed(LinkConnection& connection, mux::Standstill::Change change) = 0;
  /// The connection is gone, and carries nothing any more; last call. Its session, if it had one, is detached
  /// or over.
  virtual void on_connection_lost(LinkConnection& connection, const std::string& cause) = 0;
};

class LinkConnection : public std::enable_shared_from_this<LinkConnection> {
 public:
  /// Takes over a stream whose handshake is done. `owner` is borrowed until on_connection_lost(), close() or
  /// abandon().
  LinkConnection(link::ConnectionId id, std::unique_ptr<TlsStream> stream, mux::ConnectionSettings settings,
                 LinkConnectionOwner& owner);
  ~LinkConnection();
  LinkConnection(const LinkConnection&) = delete;
  LinkConnection& operator=(const LinkConnection&) = delete;

  void start();

  /// That can begin here.
  [[nodiscard]] std::unique_ptr<mux::Session> new_session() const;
  // Answers to the peer's Hello. The session is borrowed until it is detached.
  [[nodiscard]] base::Result<void> begin(mux::Session& session);
  [[nodiscard]] base::Result<void> resume(mux::Session& session);
  /// Nothing is sent any more; the session can go on elsewhere.
  void detach();
  /// Says `reason` to the peer if that can be done at once, and closes; its session is over. No call follows.
  void close(const std::string& reason);
  /// Detaches, and closes without a word: to the peer it has broken. No call follows.
  void abandon();
  /// Sends what there is, soon: frames of one turn of the event loop go out together. To be called
  /// after anything that gives the session something to send.
  void schedule_flush();

  [[nodiscard]] bool was_closed_by_peer() const { return connection_.was_closed_by_peer(); }
  [[nodiscard]] link::ConnectionId id() const { return id_; }
  [[nodiscard]] const TlsStream& stream() const { return *stream_; }
  /// As the peer's Hello says it: of anything.
  [[nodiscard]] const std::string& peer_name() const { return peer_name_; }
  [[nodiscard]] std::optional<base::Duration> round_trip() const { return connection_.round_trip(); }
  /// Since when nothing that was sent has been answered, although it was sent several times.
  [[nodiscard]] std::optional<base::TimePoint> stands_still_since() const {
    return watch_->stands_still_since();
  }
  /// As the kernel measured it last.
  [[nodiscard]] base::Duration path_round_trip() const { return path_round_trip_; }
  /// Stays when the connection is gone.
  [[nodiscard]] const boost::asio::ip::tcp::endpoint& peer_endpoint() const { return peer_endpoint_; }

 private:
  void wait_read();
  void wait_write();
  void read();
  [[nodiscard]] base::Result<void> answer();
  void flush();
  void write_frames();
  void dispatch();
  void measure_path();
  void measure_queue();
  void wait_for_room();
  void set_timer();
  void on_timer();
  void shut_socket();
  void lost(const std::string& cause);

  link::ConnectionId id_;
  std::unique_ptr<TlsStream> stream_;
  mux::Role role_;
  mux::SessionLimits limits_;        // that our Hello states
  mux::Session* session_ = nullptr;  // that it carries
  mux::Connection connection_;
  LinkConnectionOwner* owner_;
  boost::asio::steady_timer timer_;
  boost::asio::steady_timer room_timer_;  // while other services than the first have to wait for room
  bool waiting_room_ = false;
  mux::OtherWindow other_window_;
  base::TimePoint timer_set_for_;
  base::TimePoint path_measured_;
  base::Duration path_round_trip_{};
  boost::asio::ip::tcp::endpoint peer_endpoint_;
  std::shared_ptr<LineWatch> watch_;
  std::size_t late_bytes_;   // what is handed to TLS and the kernel ahead of its time
  std::string output_;       // frames not yet taken by TLS
  std::size_t written_ = 0;  // of output_
  bool open_ = true;
  bool waiting_read_ = false;
  bool waiting_write_ = false;
  bool flush_scheduled_ = false;
  std::string peer_name_;
};

}  // namespace tsmtp::net
