// One authenticated connection to another hub: moves bytes between TLS and the sans-I/O connection, and time
// into it. When it breaks, its session may wait here for its grace period, to be resumed on another. Which of
// several connections belongs to a site's link, and what its streams are, SiteLink knows.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>

#include "relayd/base/clock.h"
#include "relayd/mux/connection.h"
#include "relayd/mux/session.h"
#include "relayd/net/link/line_watch.h"
#include "relayd/net/tls/tls_stream.h"

namespace tsmtp::net {

class LinkConnection;

class LinkConnectionOwner {
 public:
  virtual ~LinkConnectionOwner() = default;
  /// The peer's Hello has come: answers with begin(), resume_session_of() or refuse(), and returns its
  /// result.
  virtual base::Result<void> on_hello(LinkConnection& connection, const mux::Hello& hello) = 0;
  virtual void on_event(LinkConnection& connection, mux::Event event) = 0;
  /// The connection is gone, its session waits to be resumed.
  virtual void on_connection_suspended(LinkConnection& connection, const std::string& cause) = 0;
  /// The line under it has come to stand still, or moves again.
  virtual void on_line_changed(LinkConnection& connection, mux::Standstill::Change change) = 0;
  /// The connection is gone, and its session is over; last call.
  virtual void on_connection_lost(LinkConnection& connection, const std::string& cause) = 0;
};

class LinkConnection : public std::enable_shared_from_this<LinkConnection> {
 public:
  /// Takes over a stream whose handshake is done. `owner` is borrowed until on_connection_lost() or close().
  LinkConnection(std::unique_ptr<TlsStream> stream, mux::ConnectionSettings settings,
                 LinkConnectionOwner& owner);
  ~LinkConnection();
  LinkConnection(const LinkConnection&) = delete;
  LinkConnection& operator=(const LinkConnection&) = delete;

  void start();

  [[nodiscard]] base::Result<void> begin();
  /// `other` is not used any more.
  [[nodiscard]] base::Result<void> resume_session_of(LinkConnection& other);
  [[nodiscard]] base::Result<void> refuse(const std::string& reason);

  /// Of a connection that has answered the peer's Hello, and whose session no other has taken over. To be
  /// used freely; call schedule_flush() after anything that gives it something to send.
  [[nodiscard]] mux::Session& session() { return *session_; }
  [[nodiscard]] const mux::Session& session() const { return *session_; }
  [[nodiscard]] std::optional<base::Duration> round_trip() const { return connection_.round_trip(); }
  /// Sends what the session has, soon: what is asked in one turn of the event loop goes out together.
  void schedule_flush();
  /// Says `reason` to the peer if that can be done at once, and closes. No call follows.
  void close(const std::string& reason);

  [[nodiscard]] const TlsStream& stream() const { return *stream_; }
  [[nodiscard]] mux::Role role() const { return role_; }
  [[nodiscard]] std::size_t number() const { return number_; }
  [[nodiscard]] const std::string& peer_instance() const { return peer_instance_; }
  [[nodiscard]] const std::string& peer_name() const { return peer_name_; }
  /// Whether it can carry anything: not suspended.
  [[nodiscard]] bool is_open() const { return open_; }

  /// Gives the connection up in favour of a new one, on which its session is to go on. False, and nothing has
  /// changed, if the session cannot outlive it.
  [[nodiscard]] bool interrupt();
  /// Closes without a word: to the peer it has broken, and a session that it took up here can go on
  /// elsewhere.
  void abandon();
  /// Since when nothing that was sent has been answered, although it was sent several times.
  [[nodiscard]] std::optional<base::TimePoint> stands_still_since() const {
    return watch_->stands_still_since();
  }
  /// As the kernel measured it last.
  [[nodiscard]] base::Duration path_round_trip() const { return path_round_trip_; }
  /// Stays when the connection is gone.
  [[nodiscard]] const boost::asio::ip::tcp::endpoint& peer_endpoint() const { return peer_endpoint_; }

  /// Which of the link's connections it is: known from the start to who dialled, else from the peer's Hello.
  void set_number(std::size_t number) { number_ = number; }

 private:
  void wait_read();
  void wait_write();
  void read();
  [[nodiscard]] base::Result<void> answer();
  void flush();
  void write_frames();
  void dispatch();
  void measure_path();
  void set_timer();
  void on_timer();
  void shut_socket();
  void lost(const std::string& cause);

  std::unique_ptr<TlsStream> stream_;
  mux::Role role_;
  mux::SessionLimits limits_;
  std::unique_ptr<mux::Session> session_;
  mux::Connection connection_;
  LinkConnectionOwner* owner_;
  boost::asio::steady_timer timer_;
  base::TimePoint timer_set_for_;
  base::TimePoint path_measured_;
  base::Duration path_round_trip_{};
  boost::asio::ip::tcp::endpoint peer_endpoint_;
  std::shared_ptr<LineWatch> watch_;
  std::size_t late_bytes_;   // what is handed to TLS and the kernel ahead of its time
  std::string output_;       // frames not yet taken by TLS
  std::size_t written_ = 0;  // of output_
  std::size_t number_ = 0;
  bool open_ = true;
  bool waiting_read_ = false;
  bool waiting_write_ = false;
  bool flush_scheduled_ = false;
  std::string peer_instance_;
  std::string peer_name_;
};

}  // namespace tsmtp::net
