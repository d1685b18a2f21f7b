// Makes one socket to our MTA: by name or address, over TCP or a unix socket, from the site address where the
// MTA is on loopback. Knows what went wrong, and whether it is this machine that has none to give.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <string>

#include "relayd/base/host_port.h"
#include "relayd/net/io/byte_channel.h"
#include "relayd/net/io/resolver.h"
#include "relayd/settings/site.h"

namespace tsmtp::net {

/// Our MTA for one site, and how we come to it.
struct MtaTarget {
  base::HostPort address;
  std::string source;  ///< local address to bind to where the MTA is on loopback, or empty
  settings::Origin origin = settings::Origin::kNone;
  std::string origin_name;  ///< what `source` is called, for XCLIENT
  bool is_bound = false;    ///< to `source`, wherever the address is

  friend bool operator==(const MtaTarget&, const MtaTarget&) = default;
};

class MtaDialer : public std::enable_shared_from_this<MtaDialer> {
 public:
  struct Callbacks {
    /// `proxy_header` is to be written before anything else; empty where none is wanted.
    std::function<void(ByteChannel::Socket socket, const std::string& proxy_header)> connected;
    std::function<void(const std::string& cause, bool is_want_here)> failed;
  };

  explicit MtaDialer(const boost::asio::any_io_executor& executor)
      : executor_(executor), resolver_(executor), socket_(executor) {}

  /// One of `callbacks` follows, once, and not before this has returned; after cancel() none. `is_probe`: the
  /// PROXY header names no site.
  void dial(const MtaTarget& target, bool is_probe, Callbacks callbacks);
  void cancel();

 private:
  void resolve();
  void connect_tcp(const boost::asio::ip::tcp::endpoint& to);
  [[nodiscard]] bool bind_to_source(const boost::asio::ip::tcp::endpoint& to);
  void connect_to(const ByteChannel::Socket::endpoint_type& to);
  void fail(const boost::system::error_code& error, const std::string& cause);
  void fail(const std::string& cause, bool is_want_here);

  boost::asio::any_io_executor executor_;
  SystemResolver resolver_;
  ByteChannel::Socket socket_;
  MtaTarget target_;
  bool is_probe_ = false;
  std::string proxy_header_;
  Callbacks callbacks_;  // empty once one was called, or cancelled
};

}  // namespace tsmtp::net
