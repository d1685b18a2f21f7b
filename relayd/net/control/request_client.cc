#include "relayd/net/control/request_client.h"

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

namespace tsmtp::net {

namespace asio = boost::asio;
using boost::system::error_code;

base::Result<std::string> ask(const std::string& path, const std::string& request) {
  asio::io_context context;
  asio::local::stream_protocol::socket socket(context);
  error_code error;
  socket.connect(asio::local::stream_protocol::endpoint(path), error);
  if (error == asio::error::connection_refused || error == boost::system::errc::no_such_file_or_directory)
    return base::Error{path + ": " + error.message() + "; is relayd running?"};
  if (error) return base::Error{path + ": " + error.message()};
  asio::write(socket, asio::buffer(request), error);
  if (error) return base::Error{path + ": " + error.message()};
  std::string received;
  asio::read(socket, asio::dynamic_buffer(received), asio::transfer_all(), error);
  if (error && error != asio::error::eof) return base::Error{path + ": " + error.message()};
  return base::Result<std::string>(boost::system::in_place_value, std::move(received));
}

}  // namespace tsmtp::net
