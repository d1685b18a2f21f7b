#include "relayd/net/endpoint/greeting.h"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <optional>

namespace tsmtp::net {
namespace {

namespace asio = boost::asio;
using asio::generic::stream_protocol;
using boost::system::error_code;

constexpr std::size_t kMostBytesOfGreeting = 2048;  // of a line, RFC 5321 section 4.5.3.1.5 and some more

std::optional<stream_protocol::endpoint> endpoint_to_greet(const base::HostPort& address) {
  if (address.is_unix())
    return stream_protocol::endpoint(asio::local::stream_protocol::endpoint(address.unix_path));
  error_code error;
  const auto ip = asio::ip::make_address(address.host, error);
  if (error) return std::nullopt;
  return stream_protocol::endpoint(asio::ip::tcp::endpoint(ip, address.port));
}

/// One connection, from its beginning to its first line.
class FirstLine {
 public:
  explicit FirstLine(const stream_protocol::endpoint& peer) : socket_(context_) {
    socket_.async_connect(peer, [this](const error_code& error) { error ? fail(error) : read(); });
  }

  base::Result<std::string> wait(std::chrono::milliseconds patience) {
    context_.run_for(patience);
    if (cause_) return base::Error{cause_->message()};
    if (line_.find('\n') == line_.npos)
      return base::Error{"it takes the connection, and says nothing for " +
                         std::to_string(patience.count() / 1000) + " s"};
    std::string first = line_.substr(0, line_.find_first_of("\r\n"));
    return base::Result<std::string>(boost::system::in_place_value, std::move(first));
  }

 private:
  void fail(const error_code& error) { cause_ = error; }

  void read() {
    socket_.async_read_some(asio::buffer(piece_), [this](const error_code& error, std::size_t bytes) {
      if (error) return fail(error);
      line_.append(piece_.data(), bytes);
      if (line_.find('\n') == line_.npos && line_.size() < kMostBytesOfGreeting) read();
    });
  }

  asio::io_context context_;
  stream_protocol::socket socket_;
  std::array<char, kMostBytesOfGreeting> piece_{};
  std::string line_;
  std::optional<error_code> cause_;
};

}  // namespace

base::Result<std::string> greeting_at(const base::HostPort& address, std::chrono::milliseconds patience) {
  const auto peer = endpoint_to_greet(address);
  if (!peer) return base::Error{address.host + " is no address"};
  return FirstLine(*peer).wait(patience);
}

}  // namespace tsmtp::net
