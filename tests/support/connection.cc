#include "tests/support/connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

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

int bind_to(std::uint16_t port, const std::string& host) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in address = address_of(host, port);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  close(fd);
  throw std::runtime_error("cannot bind to port " + std::to_string(port));
}

int connected(int fd, const sockaddr* address, socklen_t length) {
  if (connect(fd, address, length) == 0) return fd;
  const std::string why = std::strerror(errno);
  close(fd);
  throw std::runtime_error("cannot connect: " + why);
}

}  // namespace

Connection::Connection(const std::string& host, std::uint16_t port) : fd_(-1) {
  const sockaddr_in address = address_of(host, port);
  fd_ = connected(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), reinterpret_cast<const sockaddr*>(&address),
                  sizeof address);
}

Connection::Connection(const std::string& unix_path) : fd_(-1) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, unix_path.c_str(), sizeof address.sun_path - 1);
  fd_ = connected(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), reinterpret_cast<const sockaddr*>(&address),
                  sizeof address);
}

Connection::Connection(int fd) : fd_(fd) {}

Connection::Connection(Connection&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), input_(std::move(other.input_)) {}

Connection::~Connection() {
  if (fd_ >= 0) close(fd_);
}

bool Connection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool Connection::receive() {
  pollfd ready{.fd = fd_, .events = POLLIN, .revents = 0};
  if (poll(&ready, 1, kPatienceMs) != 1) return false;
  char buffer[65536];
  const ssize_t bytes = recv(fd_, buffer, sizeof buffer, 0);
  if (bytes <= 0) return false;
  input_.append(buffer, static_cast<std::size_t>(bytes));
  return true;
}

std::optional<std::string> Connection::line() {
  for (;;) {
    const std::size_t end = input_.find('\n');
    if (end != std::string::npos) {
      std::string out = input_.substr(0, end + 1);
      input_.erase(0, end + 1);
      return out;
    }
    if (!receive()) return std::nullopt;
  }
}

std::optional<std::string> Connection::bytes(std::size_t count) {
  while (input_.size() < count)
    if (!receive()) return std::nullopt;
  std::string out = input_.substr(0, count);
  input_.erase(0, count);
  return out;
}

std::string Connection::reply() {
  std::string out;
  for (;;) {
    const auto next = line();
    if (!next) return out;
    out += *next;
    if (next->size() < 4 || (*next)[3] != '-') return out;
  }
}

std::string Connection::command(const std::string& text) {
  send(text + "\r\n");
  return reply();
}

bool Connection::closes() {
  while (receive())
    input_.clear();
  pollfd ready{.fd = fd_, .events = POLLIN, .revents = 0};
  return poll(&ready, 1, 0) == 1;
}

void Connection::reset() {
  const linger now{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close(std::exchange(fd_, -1));
}

int listen_on(std::uint16_t port, const std::string& host) {
  const int fd = bind_to(port, host);
  if (listen(fd, 128) == 0) return fd;
  close(fd);
  throw std::runtime_error("cannot listen on port " + std::to_string(port));
}

// On every address, as a hub has several. The socket stays bound to the end of the program, so that the
// kernel gives its port to nobody else, neither to a listener of another test nor to an outgoing connection.
// With SO_REUSEADDR on both, and this one never listening, the program under test can listen there all the
// same.
std::uint16_t free_port() {
  const int fd = bind_to(0, "0.0.0.0");
  sockaddr_in address{};
  socklen_t length = sizeof address;
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
  return ntohs(address.sin_port);
}

}  // namespace tsmtp::support
