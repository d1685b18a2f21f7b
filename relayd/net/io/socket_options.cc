#include "relayd/net/io/socket_options.h"

#include <netinet/tcp.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

namespace tsmtp::net {
namespace {

constexpr char kAllowed[] = "net.ipv4.tcp_allowed_congestion_control";

bool set_congestion(int fd, const std::string& algorithm) {
  return setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, algorithm.data(),
                    static_cast<socklen_t>(algorithm.size())) == 0;
}

std::string congestion_of(int fd) {
  char name[64] = {};  // the kernel's are at most 16 bytes long
  socklen_t length = sizeof name - 1;
  return getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &length) == 0 ? name : "";
}

}  // namespace

namespace asio = boost::asio;
using asio::ip::tcp;

void set_link_options(asio::ip::tcp::socket& socket) {
  boost::system::error_code ignored;
  socket.non_blocking(true, ignored);
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
}

base::Result<void> check_congestion(const std::string& algorithm) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return {};  // it will be tried again on each connection
  const bool ok = set_congestion(fd, algorithm);
  const int why = errno;
  const std::string instead = congestion_of(fd);
  close(fd);
  if (ok) return {};
  const std::string what = "congestion = \"" + algorithm + "\" is without effect, ";
  const std::string then =
      "; until then it is the kernel's default" + (instead.empty() ? "" : ", " + instead);
  if (why == EPERM)
    return base::Error{what + "the kernel lets only root use it: add it to " + kAllowed + " with sysctl" +
                       then};
  return base::Error{what + "this kernel has no such algorithm: " + std::strerror(why) +
                     ". If it is a module, load it (modprobe tcp_" + algorithm +
                     "), and restart relayd or reload" + then};
}

bool set_congestion(tcp::socket& socket, const std::string& algorithm) {
  return set_congestion(socket.native_handle(), algorithm);
}

std::string congestion_of(const tcp::socket& socket) {
  // Asio has no const native_handle().
  return congestion_of(const_cast<tcp::socket&>(socket).native_handle());
}

void set_mta_options(asio::generic::stream_protocol::socket& socket) {
  boost::system::error_code ignored;
  socket.non_blocking(true, ignored);
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
}

void set_forward_options(asio::generic::stream_protocol::socket& socket) {
  constexpr int kOn = 1;
  constexpr int kSilenceSeconds = 120;
  constexpr int kBetweenSeconds = 30;
  constexpr int kTries = 4;
  const auto set = [&](int level, int name, int value) {
    setsockopt(socket.native_handle(), level, name, &value, sizeof value);  // unix sockets have none of these
  };
  set(SOL_SOCKET, SO_OOBINLINE, kOn);
  set(SOL_SOCKET, SO_KEEPALIVE, kOn);
  set(IPPROTO_TCP, TCP_KEEPIDLE, kSilenceSeconds);
  set(IPPROTO_TCP, TCP_KEEPINTVL, kBetweenSeconds);
  set(IPPROTO_TCP, TCP_KEEPCNT, kTries);
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
