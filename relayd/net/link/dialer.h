// Carries out what a search for a connection asks for, a step at a time: finds what a name stands for,
// connects, shakes hands, with a proxy first where there is one. When to try which address again is
// link::LaneSearch's affair. Not a byte of TLS is sent before the proxy has said yes.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "relayd/base/host_port.h"
#include "relayd/link/dialling.h"
#include "relayd/net/io/resolver.h"
#include "relayd/net/link/proxy_handshake.h"
#include "relayd/net/tls/handshake.h"

namespace tsmtp::net {

class Dialer : public std::enable_shared_from_this<Dialer> {
 public:
  /// How a connection is had, and can be had again.
  struct Route {
    boost::asio::ip::tcp::endpoint address{};  ///< of the hub, or of the proxy
    base::HostPort hub{};                      ///< as it was configured; with a proxy only
    std::optional<settings::Proxy> proxy{};

    /// "192.0.2.1:5443", or "hub.birl.example:5443 through socks5://192.0.2.9:1080".
    [[nodiscard]] std::string to_string() const;
  };
  /// Each is called later, and only for the step that was asked for last.
  struct Callbacks {
    TlsStream::AcceptPeer accept_peer;
    std::function<void(base::Result<std::vector<std::string>>)> resolved;
    /// TCP stands; the handshake, which has a deadline of its own, has begun.
    std::function<void()> connected;
    std::function<void(const std::string& cause, link::Dialling::Reached)> failed;
    std::function<void(std::unique_ptr<TlsStream>, const Route& route)> dialled;
    TlsStream::Speaks speaks = TlsStream::Speaks::kLink;
  };

  /// `tls` is borrowed and outlives the dialer.
  Dialer(std::unique_ptr<Resolver> resolver, const boost::asio::any_io_executor& executor,
         const TlsContext& tls, Callbacks callbacks);

  // Whatever is under way is given up.
  /// With a proxy, whose name it then is that is looked up.
  void resolve(const base::HostPort& name, const std::optional<settings::Proxy>& proxy = {});
  /// To that one of what the name stands for.
  void connect(std::size_t address);
  void connect(const Route& route);
  void give_up();

 private:
  void ask_proxy();
  void shake_hands();

  const TlsContext& tls_;
  Callbacks callbacks_;
  std::unique_ptr<Resolver> resolver_;
  boost::asio::ip::tcp::socket socket_;
  std::shared_ptr<ProxyHandshake> proxy_handshake_;
  std::shared_ptr<Handshake> handshake_;
  Route route_;                    // of the try that is under way, or was last
  Resolver::Addresses addresses_;  // that were resolved last
  unsigned step_ = 0;              // makes callbacks of a step that was given up recognisable
};

}  // namespace tsmtp::net
