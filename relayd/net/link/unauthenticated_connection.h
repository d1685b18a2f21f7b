// A connection that was accepted, until its peer has shown a key that we know, or has to go. Until the first
// TLS record is there it costs us a descriptor and little else; then a TLS handshake, of at most
// kMaxUnauthenticatedBytes; and all within a deadline. A peer that is refused is told so: what it still sends
// is thrown away for a moment, for closing with bytes unread would reset the connection, and our alert could
// be lost with it.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>

#include "relayd/net/link/admission_control.h"
#include "relayd/net/tls/handshake.h"
#include "relayd/net/tls/tls_stream.h"

namespace tsmtp::net {

class UnauthenticatedConnection : public std::enable_shared_from_this<UnauthenticatedConnection> {
 public:
  struct Callbacks {
    TlsStream::AcceptPeer accept_peer;
    std::function<void(std::unique_ptr<TlsStream>)> connected;
    std::function<void(const std::string& peer, const std::string& cause)> refused;
    /// Whether a hub that is not known may pair now; null: it may not.
    std::function<bool()> takes_pairing{};
  };

  /// `tls` and `admission` are borrowed until it has ended.
  UnauthenticatedConnection(boost::asio::ip::tcp::socket socket, const TlsContext& tls,
                            AdmissionControl& admission, Callbacks callbacks);

  /// Calls connected() or refused() once, later. Keeps itself alive as long as it has to.
  void start();
  /// Closes; no callback follows.
  void cancel();

 private:
  void wait_for(int bytes);
  void look();
  void shake_hands();
  void refuse(const std::string& cause);
  void part();
  void done();
  [[nodiscard]] boost::asio::ip::tcp::socket& socket();

  boost::asio::ip::tcp::socket socket_;
  const TlsContext& tls_;
  AdmissionControl& admission_;
  Callbacks callbacks_;
  std::string peer_;
  boost::asio::ip::address from_;
  boost::asio::steady_timer timer_;
  AdmissionControl::Place place_;
  std::shared_ptr<Handshake> handshake_;
  std::unique_ptr<TlsStream> refused_;  // after a handshake that failed
  std::size_t thrown_away_ = 0;
  int wanted_bytes_ = 0;
  int looks_ = 0;
  bool ended_ = false;  // connected() or refused() has been called
  bool closed_ = false;
};

}  // namespace tsmtp::net
