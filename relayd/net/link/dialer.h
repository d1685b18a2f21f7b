// Carries out what a search for a connection asks for, a step at a time: finds what a name stands for,
// connects, shakes hands. When to try which address again is link::LaneSearch's affair.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "relayd/base/host_port.h"
#include "relayd/link/dialling.h"
#include "relayd/net/io/resolver.h"
#include "relayd/net/tls/handshake.h"

namespace tsmtp::net {

class Dialer : public std::enable_shared_from_this<Dialer> {
 public:
  /// Each is called later, and only for the step that was asked for last.
  struct Callbacks {
    TlsStream::AcceptPeer accept_peer;
    std::function<void(base::Result<std::vector<std::string>>)> resolved;
    /// TCP stands; the handshake, which has a deadline of its own, has begun.
    std::function<void()> connected;
    std::function<void(const std::string& cause, link::Dialling::Reached)> failed;
    std::function<void(std::unique_ptr<TlsStream>)> dialled;
    TlsStream::Speaks speaks = TlsStream::Speaks::kLink;
  };

  /// `tls` is borrowed and outlives the dialer.
  Dialer(std::unique_ptr<Resolver> resolver, const boost::asio::any_io_executor& executor,
         const TlsContext& tls, Callbacks callbacks);

  // Whatever is under way is given up.
  void resolve(const base::HostPort& name);
  /// To that one of what the name stands for.
  void connect(std::size_t address);
  void connect(const boost::asio::ip::tcp::endpoint& address);
  void give_up();

 private:
  void shake_hands();

  const TlsContext& tls_;
  Callbacks callbacks_;
  std::unique_ptr<Resolver> resolver_;
  boost::asio::ip::tcp::socket socket_;
  std::shared_ptr<Handshake> handshake_;
  Resolver::Addresses addresses_;  // that were resolved last
  unsigned step_ = 0;              // makes callbacks of a step that was given up recognisable
};

}  // namespace tsmtp::net
