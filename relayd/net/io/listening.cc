#include "relayd/net/io/listening.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "relayd/base/system_cause.h"

namespace tsmtp::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using UnixProtocol = asio::local::stream_protocol;

base::Error cannot_listen(const std::string& where, int error) {
  return base::Error{"cannot listen on " + where + ": " + base::system_cause(error)};
}

void set_option(int socket, int level, int name, int value) {
  setsockopt(socket, level, name, &value, sizeof value);
}

// 0, or an errno.
int open_and_listen(base::Descriptor& socket, const tcp::endpoint& endpoint) {
  socket =
      base::Descriptor(::socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.is_open()) return errno;
  set_option(socket.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (endpoint.address().is_v6()) set_option(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, 0);
  if (::bind(socket.get(), endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0) return errno;
  return ::listen(socket.get(), asio::socket_base::max_listen_connections) == 0 ? 0 : errno;
}

sockaddr_un unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), std::min(path.size(), sizeof address.sun_path - 1));
  return address;
}

bool somebody_listens(const std::string& path, int type) {
  const base::Descriptor probe(::socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const sockaddr_un address = unix_address(path);
  return connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
         errno == EAGAIN;
}

// Takes away what a dead process left, and binds. The mode is the file's from the first moment on.
base::Result<base::Descriptor> bind_unix(const std::string& path, int type, unsigned mode) {
  struct stat status {};
  if (lstat(path.c_str(), &status) == 0) {
    if (!S_ISSOCK(status.st_mode))
      return base::Error{"cannot listen on " + path + ": it exists and is no socket"};
    unlink(path.c_str());
  }
  base::Descriptor socket(::socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.is_open()) return cannot_listen(path, errno);
  const sockaddr_un address = unix_address(path);
  const mode_t old_mask = umask(static_cast<mode_t>(~mode & 0777));
  const bool is_bound =
      ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  const int error = errno;
  umask(old_mask);
  if (!is_bound) return cannot_listen(path, error);
  if (::listen(socket.get(), asio::socket_base::max_listen_connections) != 0)
    return cannot_listen(path, errno);
  return socket;
}

base::Result<base::Descriptor> bind_unix_for(const std::string& path, const SocketAccess& access) {
  if (!access.owner || geteuid() != 0) {
    auto socket = bind_unix(path, SOCK_STREAM, access.mode);
    if (!socket || !access.group) return socket;
    if (auto ok = set_access(path, access); !ok) return ok.error();
    return socket;
  }
  {
    const WithRightsOf owner(access.owner->uid, access.group.value_or(access.owner->gid));
    if (owner.has_failed()) return cannot_listen(path, EPERM);
    auto socket = bind_unix(path, SOCK_STREAM, access.mode);
    const std::string directory = path.substr(0, path.find_last_of('/') + 1);
    if (socket || faccessat(AT_FDCWD, directory.c_str(), W_OK, AT_EACCESS) == 0) return socket;
  }
  // A directory in which the owner may not write, so nothing there is of its making.
  auto socket = bind_unix(path, SOCK_STREAM, access.mode);
  if (!socket) return socket;
  if (auto ok = set_access(path, access); !ok) return ok.error();
  return socket;
}

}  // namespace

base::Result<base::Descriptor> listen_tcp(const base::HostPort& address) {
  error_code no_address;
  const auto host = asio::ip::make_address(address.host, no_address);
  if (no_address)
    return base::Error{"cannot listen on " + address.to_string() + ": an address was expected, not a name"};
  base::Descriptor socket;
  int error = open_and_listen(socket, {host, address.port});
  const bool no_ipv6 = error == EAFNOSUPPORT || error == ENOPROTOOPT || error == EADDRNOTAVAIL;
  if (no_ipv6 && host.is_v6() && host.is_unspecified())
    error = open_and_listen(socket, {asio::ip::address_v4::any(), address.port});
  if (error != 0) return cannot_listen(address.to_string(), error);
  return socket;
}

base::Result<void> listen_tcp(tcp::acceptor& acceptor, const base::HostPort& address) {
  auto socket = listen_tcp(address);
  if (!socket) return socket.error();
  return adopt(acceptor, std::move(*socket));
}

base::Result<void> adopt(tcp::acceptor& acceptor, base::Descriptor socket) {
  int family = 0;
  socklen_t size = sizeof family;
  getsockopt(socket.get(), SOL_SOCKET, SO_DOMAIN, &family, &size);
  error_code error;
  acceptor.assign(family == AF_INET6 ? tcp::v6() : tcp::v4(), socket.get(), error);
  if (error) return base::Error{"cannot listen: " + error.message()};
  (void)socket.release();
  return {};
}

base::Result<void> adopt(UnixProtocol::acceptor& acceptor, base::Descriptor socket) {
  error_code error;
  acceptor.assign(UnixProtocol(), socket.get(), error);
  if (error) return base::Error{"cannot listen: " + error.message()};
  (void)socket.release();
  return {};
}

std::string listening_address(int socket) {
  int value = 0;
  socklen_t size = sizeof value;
  if (getsockopt(socket, SOL_SOCKET, SO_ACCEPTCONN, &value, &size) != 0 || value == 0) return {};
  tcp::endpoint endpoint;
  size = static_cast<socklen_t>(endpoint.capacity());
  if (getsockname(socket, endpoint.data(), &size) != 0) return {};
  const int family = endpoint.data()->sa_family;
  if (family != AF_INET && family != AF_INET6) return {};
  endpoint.resize(size);
  return base::HostPort{.host = endpoint.address().to_string(), .port = endpoint.port(), .unix_path = {}}
      .to_string();
}

base::Result<void> listen_unix(UnixProtocol::acceptor& acceptor, const std::string& path,
                               const SocketAccess& access) {
  if (somebody_listens(path, SOCK_STREAM)) return cannot_listen(path, EADDRINUSE);
  auto socket = bind_unix_for(path, access);
  if (!socket) return socket.error();
  if (auto ok = adopt(acceptor, std::move(*socket)); !ok) return base::with_context(path, ok.error());
  return {};
}

base::Result<base::Descriptor> listen_for_datagrams(const std::string& path) {
  if (somebody_listens(path, SOCK_SEQPACKET)) return cannot_listen(path, EADDRINUSE);
  return bind_unix(path, SOCK_SEQPACKET, 0600);
}

base::Result<void> set_access(const std::string& path, const SocketAccess& access) {
  // The descriptor is the file itself, whatever is done to its name meanwhile.
  const base::Descriptor file(open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat status {};
  const bool is_socket = file.is_open() && fstat(file.get(), &status) == 0 && S_ISSOCK(status.st_mode);
  if (!is_socket)
    return base::Error{"cannot set mode and group of " + path + ": it is not the socket any more"};
  const uid_t uid = access.owner ? access.owner->uid : static_cast<uid_t>(-1);
  const gid_t gid = access.group ? *access.group : access.owner ? access.owner->gid : static_cast<gid_t>(-1);
  const bool needs_chown = access.group || (access.owner && geteuid() == 0);
  const std::string itself = "/proc/self/fd/" + std::to_string(file.get());
  const bool failed = (needs_chown && fchownat(file.get(), "", geteuid() == 0 ? uid : static_cast<uid_t>(-1),
                                               gid, AT_EMPTY_PATH) != 0) ||
                      chmod(itself.c_str(), access.mode) != 0;
  if (!failed) return {};
  return base::Error{"cannot set mode and group of " + path + ": " + std::strerror(errno) +
                     " (a group that relayd's user is not in can be given only when relayd starts as root)"};
}

}  // namespace tsmtp::net
