#include "relayd/net/socket_options.h"

#include <netinet/tcp.h>

#include <sstream>

namespace tsmtp::net {

namespace asio = boost::asio;
using asio::ip::tcp;

void set_link_options(asio::ip::tcp::socket& socket) {
  boost::system::error_code ignored;
  socket.non_blocking(true, ignored);
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
}

void set_mta_options(asio::generic::stream_protocol::socket& socket) {
  boost::system::error_code ignored;
  socket.non_blocking(true, ignored);
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
}

void acknowledge_now(asio::generic::stream_protocol::socket& socket) {
  const int on = 1;
  setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_QUICKACK, &on,
             sizeof on);  // fails on unix sockets, harmlessly
}

std::string peer_name(const asio::ip::tcp::socket& socket) {
  boost::system::error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  if (error) return "unknown";
  const auto address = endpoint.address();
  std::ostringstream out;
  // One socket takes both families; an IPv4 peer is written as one.
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    out << tcp::endpoint(asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()), endpoint.port());
  } else {
    out << endpoint;
  }
  return out.str();
}

}  // namespace tsmtp::net
