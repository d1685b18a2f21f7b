// A port for one data connection of FTP: lets in one connection of one host, within a minute, and is closed
// then. A connection of anybody else is broken off, and the port stays open for the right one.
#pragma once

#include <sys/types.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "relayd/base/result.h"
#include "relayd/net/io/byte_channel.h"

namespace tsmtp::net {

class DataListener : public std::enable_shared_from_this<DataListener> {
 public:
  struct Guest {
    boost::asio::ip::address host;
    std::optional<uid_t> user{};  ///< unset: of whatever user
  };
  struct Callbacks {
    std::function<void(ByteChannel::Socket)> accepted;            ///< last call
    std::function<void(const std::string& cause)> turned_away{};  ///< of the first that is no guest
  };

  /// Listens on a free port of `own`, an address of this host.
  [[nodiscard]] static base::Result<std::shared_ptr<DataListener>> open(
      const boost::asio::any_io_executor& executor, const boost::asio::ip::address& own, Guest guest,
      Callbacks callbacks);

  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// No call follows.
  void close();

 private:
  DataListener(const boost::asio::any_io_executor& executor, Guest guest, Callbacks callbacks);
  [[nodiscard]] base::Result<void> listen(const boost::asio::ip::address& own);
  void wait();
  void accepted(boost::asio::ip::tcp::socket socket);
  [[nodiscard]] std::string why_not(ByteChannel::Socket& socket, const boost::asio::ip::address& from) const;

  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer timer_;
  Guest guest_;
  Callbacks callbacks_;
  std::uint16_t port_ = 0;
};

}  // namespace tsmtp::net
