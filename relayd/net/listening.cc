#include "relayd/net/listening.h"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/v6_only.hpp>

namespace tsmtp::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using UnixProtocol = asio::local::stream_protocol;

base::Error cannot_listen(const std::string& where, const error_code& error) {
  std::string message = "cannot listen on " + where + ": " + error.message();
  if (error == asio::error::address_in_use)
    message += " (is another relayd running, or another program on this port?)";
  return base::Error{std::move(message)};
}

error_code open_and_listen(tcp::acceptor& acceptor, const tcp::endpoint& endpoint) {
  error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (error) return error;
  acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (endpoint.address().is_v6()) acceptor.set_option(asio::ip::v6_only(false), error);
  acceptor.bind(endpoint, error);
  if (error) return error;
  acceptor.listen(asio::socket_base::max_listen_connections, error);
  return error;
}

bool somebody_listens(const std::string& path) {
  asio::io_context context;
  UnixProtocol::socket probe(context);
  error_code error;
  probe.connect(UnixProtocol::endpoint(path), error);
  return !error;
}

}  // namespace

base::Result<void> listen_tcp(tcp::acceptor& acceptor, const base::HostPort& address) {
  error_code error;
  const auto host = asio::ip::make_address(address.host, error);
  if (error)
    return base::Error{"cannot listen on " + address.to_string() + ": an address was expected, not a name"};
  error = open_and_listen(acceptor, {host, address.port});
  const bool no_ipv6 = error == asio::error::address_family_not_supported ||
                       error == asio::error::no_protocol_option ||
                       error == boost::system::errc::address_not_available;
  if (no_ipv6 && host.is_v6() && host.is_unspecified()) {
    error_code ignored;
    acceptor.close(ignored);
    error = open_and_listen(acceptor, {asio::ip::address_v4::any(), address.port});
  }
  if (!error) return {};
  error_code ignored;
  acceptor.close(ignored);
  return cannot_listen(address.to_string(), error);
}

base::Result<void> listen_unix(UnixProtocol::acceptor& acceptor, const std::string& path,
                               const SocketAccess& access) {
  if (somebody_listens(path)) return cannot_listen(path, asio::error::address_in_use);
  struct stat status {};
  if (lstat(path.c_str(), &status) == 0) {
    if (!S_ISSOCK(status.st_mode))
      return base::Error{"cannot listen on " + path + ": it exists and is no socket"};
    unlink(path.c_str());
  }
  // The mode is set by the mask, so that there is no moment at which others may connect.
  const mode_t old_mask = umask(static_cast<mode_t>(~access.mode & 0777));
  error_code error;
  acceptor.open(UnixProtocol(), error);
  if (!error) acceptor.bind(UnixProtocol::endpoint(path), error);
  umask(old_mask);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  base::Result<void> result;
  if (error)
    result = cannot_listen(path, error);
  else if (access.group)
    result = set_access(path, access);
  error_code ignored;
  if (!result) acceptor.close(ignored);
  return result;
}

base::Result<void> set_access(const std::string& path, const SocketAccess& access) {
  const bool failed = (access.group && chown(path.c_str(), static_cast<uid_t>(-1), *access.group) != 0) ||
                      chmod(path.c_str(), access.mode) != 0;
  if (!failed) return {};
  const error_code error(errno, boost::system::system_category());
  return base::Error{"cannot set mode and group of " + path + ": " + error.message() +
                     " (a group that relayd's user is not in can be given only when relayd starts as root)"};
}

}  // namespace tsmtp::net
