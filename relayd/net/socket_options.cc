#include "relayd/net/socket_options.h"

#include <sstream>

namespace tsmtp::net {

namespace asio = boost::asio;

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

std::string peer_name(const asio::ip::tcp::socket& socket) {
  boost::system::error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  if (error) return "unknown";
  std::ostringstream out;
  out << endpoint;
  return out.str();
}

}  // namespace tsmtp::net
