#include "tests/support/service.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "tests/support/wait_until.h"

namespace tsmtp::support {
namespace {

constexpr int kPatienceMs = 60'000;

sockaddr_in address_of(const std::string& host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  inet_pton(AF_INET, host.c_str(), &address.sin_addr);
  return address;
}

Ending ending_within(const Connection& connection, int patience_ms) {
  for (;;) {
    pollfd ready{.fd = connection.fd(), .events = POLLIN, .revents = 0};
    if (poll(&ready, 1, patience_ms) != 1) return Ending::kStillOpen;
    char thrown_away[4096];
    const ssize_t bytes = recv(connection.fd(), thrown_away, sizeof thrown_away, 0);
    if (bytes == 0) return Ending::kInOrder;
    if (bytes < 0) return errno == ECONNRESET ? Ending::kReset : Ending::kInOrder;
  }
}

}  // namespace

Service::Service(std::uint16_t port) : port_(port) {
  open();
}

void Service::open() {
  if (listener_ < 0) listener_ = listen_on(port_);
}

void Service::close() {
  if (listener_ >= 0) ::close(std::exchange(listener_, -1));
}

Connection Service::accept() {
  pollfd ready{.fd = listener_, .events = POLLIN, .revents = 0};
  if (poll(&ready, 1, kPatienceMs) != 1) throw std::runtime_error("nobody connected to the service");
  return Connection(::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC));
}

std::string peer_address(const Connection& connection) {
  sockaddr_in peer{};
  socklen_t length = sizeof peer;
  char text[INET_ADDRSTRLEN] = "";
  if (getpeername(connection.fd(), reinterpret_cast<sockaddr*>(&peer), &length) != 0) return {};
  inet_ntop(AF_INET, &peer.sin_addr, text, sizeof text);
  return text;
}

Ending ending_of(const Connection& connection) {
  return ending_within(connection, kPatienceMs);
}

Ending ending_of_now(const Connection& connection) {
  constexpr int kSoonMs = 500;
  return ending_within(connection, kSoonMs);
}

void finish(const Connection& connection) {
  ::shutdown(connection.fd(), SHUT_WR);
}

int try_to_connect(const std::string& host, std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = address_of(host, port);
  const int error =
      ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
  ::close(fd);
  return error;
}

}  // namespace tsmtp::support
