// One authenticated connection to another hub: moves bytes between TLS and the sans-I/O session, and time
// into it. Which of several connections is the site's link, and what its streams are, SiteLink knows.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>

#include "relayd/base/clock.h"
#include "relayd/mux/session.h"
#include "relayd/net/tls_stream.h"

namespace tsmtp::net {

class LinkConnection;

class LinkConnectionOwner {
 public:
  virtual ~LinkConnectionOwner() = default;
  virtual void on_event(LinkConnection& connection, mux::Event event) = 0;
  /// The connection is gone; last call.
  virtual void on_connection_lost(LinkConnection& connection, const std::string& cause) = 0;
};

class LinkConnection : public std::enable_shared_from_this<LinkConnection> {
 public:
  /// Takes over a stream whose handshake is done. `owner` is borrowed until on_connection_lost() or detach().
  LinkConnection(std::unique_ptr<TlsStream> stream, mux::Settings settings, LinkConnectionOwner& owner);

  void start();
  /// To be used freely; call schedule_flush() after anything that gives it something to send.
  [[nodiscard]] mux::Session& session() { return session_; }
  [[nodiscard]] const mux::Session& session() const { return session_; }
  /// Sends what the session has, soon: what is asked in one turn of the event loop goes out together.
  void schedule_flush();
  /// Says `reason` to the peer if that can be done at once, and closes. No call follows.
  void close(const std::string& reason);

  [[nodiscard]] const TlsStream& stream() const { return *stream_; }
  [[nodiscard]] mux::Role role() const { return role_; }
  [[nodiscard]] const std::string& peer_instance() const { return peer_instance_; }
  [[nodiscard]] const std::string& peer_name() const { return peer_name_; }

 private:
  void wait_read();
  void wait_write();
  void read();
  void flush();
  void write_session();
  void dispatch();
  void set_timer();
  void lost(const std::string& cause);

  std::unique_ptr<TlsStream> stream_;
  mux::Role role_;
  mux::Session session_;
  LinkConnectionOwner* owner_;
  boost::asio::steady_timer timer_;
  base::TimePoint timer_set_for_;
  std::string output_;       // frames not yet taken by TLS
  std::size_t written_ = 0;  // of output_
  bool waiting_read_ = false;
  bool waiting_write_ = false;
  bool flush_scheduled_ = false;
  std::string peer_instance_;
  std::string peer_name_;
};

}  // namespace tsmtp::net
