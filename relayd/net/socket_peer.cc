#include "relayd/net/socket_peer.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace tsmtp::net {
namespace {

base::Error failure(const std::string& what) {
  return base::Error{what + ": " + std::strerror(errno)};
}

/// Both ends of a TCP connection, as seen from ours.
struct Ends {
  sockaddr_storage own{};
  sockaddr_storage peer{};
};

// The socket we ask for is the peer's: its source is our peer, its destination we.
void fill(inet_diag_sockid& id, const sockaddr_storage& from, const sockaddr_storage& to) {
  if (from.ss_family == AF_INET) {
    const auto& source = reinterpret_cast<const sockaddr_in&>(from);
    const auto& destination = reinterpret_cast<const sockaddr_in&>(to);
    id.idiag_sport = source.sin_port;
    id.idiag_dport = destination.sin_port;
    std::memcpy(id.idiag_src, &source.sin_addr, sizeof source.sin_addr);
    std::memcpy(id.idiag_dst, &destination.sin_addr, sizeof destination.sin_addr);
  } else {
    const auto& source = reinterpret_cast<const sockaddr_in6&>(from);
    const auto& destination = reinterpret_cast<const sockaddr_in6&>(to);
    id.idiag_sport = source.sin6_port;
    id.idiag_dport = destination.sin6_port;
    std::memcpy(id.idiag_src, &source.sin6_addr, sizeof source.sin6_addr);
    std::memcpy(id.idiag_dst, &destination.sin6_addr, sizeof destination.sin6_addr);
  }
}

base::Result<inet_diag_msg> ask(int netlink, const Ends& ends) {
  struct {
    nlmsghdr header{};
    inet_diag_req_v2 request{};
  } question;
  question.header.nlmsg_len = sizeof question;
  question.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  question.header.nlmsg_flags = NLM_F_REQUEST;
  question.request.sdiag_family = static_cast<std::uint8_t>(ends.peer.ss_family);
  question.request.sdiag_protocol = IPPROTO_TCP;
  question.request.idiag_states = ~0U;
  question.request.id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
  question.request.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  fill(question.request.id, ends.peer, ends.own);
  if (send(netlink, &question, sizeof question, 0) < 0) return failure("cannot ask the kernel");

  alignas(nlmsghdr) std::array<char, 8192> buffer;
  const ssize_t bytes = recv(netlink, buffer.data(), buffer.size(), 0);
  if (bytes < 0) return failure("no answer from the kernel");
  const auto* header = reinterpret_cast<const nlmsghdr*>(buffer.data());
  if (!NLMSG_OK(header, static_cast<std::size_t>(bytes)) || header->nlmsg_type != SOCK_DIAG_BY_FAMILY)
    return base::Error{"the other end is no socket of this machine, or is gone"};
  return *static_cast<const inet_diag_msg*>(NLMSG_DATA(header));
}

base::Result<inet_diag_msg> ask(const Ends& ends) {
  const int netlink = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  if (netlink < 0) return failure("cannot ask the kernel");
  auto answer = ask(netlink, ends);
  close(netlink);
  return answer;
}

base::Result<Ends> ends_of(int fd) {
  Ends ends;
  socklen_t own_bytes = sizeof ends.own;
  socklen_t peer_bytes = sizeof ends.peer;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&ends.own), &own_bytes) != 0 ||
      getpeername(fd, reinterpret_cast<sockaddr*>(&ends.peer), &peer_bytes) != 0)
    return failure("the connection is gone");
  return ends;
}

}  // namespace

base::Result<uid_t> user_of_peer(boost::asio::generic::stream_protocol::socket& socket) {
  const int fd = socket.native_handle();
  const auto ends = ends_of(fd);
  if (!ends) return ends.error();
  if (ends->own.ss_family == AF_UNIX) {
    ucred credentials{};
    socklen_t bytes = sizeof credentials;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &bytes) != 0)
      return failure("the connection is gone");
    return credentials.uid;
  }
  const auto peer = ask(*ends);
  if (!peer) return peer.error();
  // Once closed it is nobody's, and shows as root's.
  if (peer->idiag_inode == 0) return base::Error{"the other end is gone"};
  return static_cast<uid_t>(peer->idiag_uid);
}

bool peer_has_read_all(boost::asio::generic::stream_protocol::socket& socket) {
  const int fd = socket.native_handle();
  int unsent = 0;  // unix: not read; TCP: not acknowledged
  if (ioctl(fd, SIOCOUTQ, &unsent) != 0 || unsent > 0) return false;
  const auto ends = ends_of(fd);
  if (!ends) return false;
  if (ends->own.ss_family == AF_UNIX) return true;
  const auto peer = ask(*ends);
  return !peer || peer->idiag_rqueue == 0;
}

}  // namespace tsmtp::net
