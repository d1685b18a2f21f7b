#include "relayd/net/io/socket_peer.h"

#include <arpa/inet.h>
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
#include <boost/asio/ip/tcp.hpp>
#include <cerrno>
#include <cstring>
#include <optional>

#include "relayd/base/descriptor.h"

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

/// Where the peer meant to connect to, where a rule of the packet filter has sent it to us instead (nft(8),
/// "redirect"): its own socket knows nothing of that. As SO_ORIGINAL_DST and IP6T_SO_ORIGINAL_DST say it.
std::optional<sockaddr_storage> meant_destination(int fd, int family) {
  constexpr int kOriginalDestination = 80;  // of both, whose headers cannot be had beside those of sockets
  sockaddr_storage meant{};
  socklen_t bytes = sizeof meant;
  const int level = family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;
  if (getsockopt(fd, level, kOriginalDestination, &meant, &bytes) != 0) return std::nullopt;
  return meant.ss_family == family ? std::optional(meant) : std::nullopt;
}

/// What the kernel knows of one socket; nothing if it is none of this machine's.
using Answer = std::optional<inet_diag_msg>;

base::Result<Answer> ask(int netlink, const sockaddr_storage& from, const sockaddr_storage& to) {
  struct {
    nlmsghdr header{};
    inet_diag_req_v2 request{};
  } question;
  question.header.nlmsg_len = sizeof question;
  question.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  question.header.nlmsg_flags = NLM_F_REQUEST;
  question.request.sdiag_family = static_cast<std::uint8_t>(from.ss_family);
  question.request.sdiag_protocol = IPPROTO_TCP;
  question.request.idiag_states = ~0U;
  question.request.id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
  question.request.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  fill(question.request.id, from, to);
  if (send(netlink, &question, sizeof question, 0) < 0) return failure("cannot ask the kernel");

  alignas(nlmsghdr) std::array<char, 8192> buffer;
  const ssize_t bytes = recv(netlink, buffer.data(), buffer.size(), 0);
  if (bytes < 0) return failure("no answer from the kernel");
  const auto* header = reinterpret_cast<const nlmsghdr*>(buffer.data());
  if (!NLMSG_OK(header, static_cast<std::size_t>(bytes))) return base::Error{"no answer from the kernel"};
  if (header->nlmsg_type == SOCK_DIAG_BY_FAMILY && header->nlmsg_len >= NLMSG_LENGTH(sizeof(inet_diag_msg))) {
    inet_diag_msg found{};
    std::memcpy(&found, NLMSG_DATA(header), sizeof found);
    return Answer(found);
  }
  if (header->nlmsg_type != NLMSG_ERROR || header->nlmsg_len < NLMSG_LENGTH(sizeof(nlmsgerr)))
    return base::Error{"the kernel answers something else"};
  nlmsgerr refusal{};
  std::memcpy(&refusal, NLMSG_DATA(header), sizeof refusal);
  if (refusal.error == -ENOENT) return Answer();
  return base::Error{std::string("the kernel refuses to answer: ") + std::strerror(-refusal.error)};
}

/// Where there is no such connection, the kernel finds a socket that listens on its port, which is none.
base::Result<Answer> ask_for_connection(int netlink, const sockaddr_storage& from,
                                        const sockaddr_storage& to) {
  auto answer = ask(netlink, from, to);
  if (answer && *answer && (*answer)->idiag_state == TCP_LISTEN) return Answer();
  return answer;
}

/// What the kernel knows of the peer's socket; nothing where it has shown that it has none such. ENOENT alone
/// does not show it: a kernel without inet_diag says the same of every socket, ours too.
base::Result<Answer> ask_for_peer(int fd, const Ends& ends) {
  const int netlink = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  if (netlink < 0) return failure("cannot ask the kernel");
  auto answer = ask_for_connection(netlink, ends.peer, ends.own);
  const auto meant = answer && !*answer ? meant_destination(fd, ends.own.ss_family) : std::nullopt;
  if (meant) answer = ask_for_connection(netlink, ends.peer, *meant);
  if (answer && !*answer) {
    const auto ours = ask(netlink, ends.own, ends.peer);
    if (!ours) answer = ours.error();
    if (ours && !*ours) answer = base::Error{"the kernel does not tell (has it no inet_diag?)"};
  }
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
  const auto peer = ask_for_peer(fd, *ends);
  if (!peer) return peer.error();
  if (!*peer) return base::Error{"the other end is no socket of this machine, or is gone"};
  // Once closed it is nobody's, and shows as root's.
  if ((*peer)->idiag_inode == 0) return base::Error{"the other end is gone"};
  return static_cast<uid_t>((*peer)->idiag_uid);
}

std::string network_of_peer(boost::asio::generic::stream_protocol::socket& socket) {
  const auto ends = ends_of(socket.native_handle());
  char text[INET6_ADDRSTRLEN] = "";
  if (!ends || (ends->peer.ss_family != AF_INET && ends->peer.ss_family != AF_INET6)) return {};
  if (ends->peer.ss_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(ends->peer).sin_addr, text, sizeof text);
    return text;
  }
  in6_addr address = reinterpret_cast<const sockaddr_in6&>(ends->peer).sin6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&address)) {
    constexpr std::size_t kMappedAt = 12;
    inet_ntop(AF_INET, address.s6_addr + kMappedAt, text, sizeof text);
    return text;
  }
  constexpr std::size_t kNetworkBytes = 8;
  std::memset(address.s6_addr + kNetworkBytes, 0, sizeof address.s6_addr - kNetworkBytes);
  inet_ntop(AF_INET6, &address, text, sizeof text);
  return std::string(text) + "/64";
}

std::string source_of(boost::asio::generic::stream_protocol::socket& socket) {
  if (const auto user = user_of_peer(socket)) return "user " + std::to_string(*user);
  const std::string network = network_of_peer(socket);
  return network.empty() ? "gone" : network;
}

std::string address_of_peer(boost::asio::generic::stream_protocol::socket& socket) {
  const auto ends = ends_of(socket.native_handle());
  if (!ends) return {};
  char host[INET6_ADDRSTRLEN] = "";
  if (ends->peer.ss_family == AF_INET) {
    const auto& peer = reinterpret_cast<const sockaddr_in&>(ends->peer);
    inet_ntop(AF_INET, &peer.sin_addr, host, sizeof host);
    return base::HostPort{.host = host, .port = ntohs(peer.sin_port), .unix_path = {}}.to_string();
  }
  if (ends->peer.ss_family != AF_INET6) return {};
  const auto& peer = reinterpret_cast<const sockaddr_in6&>(ends->peer);
  inet_ntop(AF_INET6, &peer.sin6_addr, host, sizeof host);
  return base::HostPort{.host = host, .port = ntohs(peer.sin6_port), .unix_path = {}}.to_string();
}

bool somebody_listens(const base::HostPort& address) {
  boost::system::error_code no_address;
  const auto host = boost::asio::ip::make_address(address.host, no_address);
  if (no_address) return false;
  const boost::asio::ip::tcp::endpoint endpoint(host, address.port);
  sockaddr_storage at{};
  sockaddr_storage nobody{};
  std::memcpy(&at, endpoint.data(), endpoint.size());
  nobody.ss_family = at.ss_family;
  const base::Descriptor netlink(socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  if (!netlink.is_open()) return false;
  const auto answer = ask(netlink.get(), at, nobody);
  return answer && *answer && (*answer)->idiag_state == TCP_LISTEN;
}

bool peer_has_read_all(boost::asio::generic::stream_protocol::socket& socket) {
  const int fd = socket.native_handle();
  int unsent = 0;  // unix: not read; TCP: not acknowledged
  if (ioctl(fd, SIOCOUTQ, &unsent) != 0 || unsent > 0) return false;
  const auto ends = ends_of(fd);
  if (!ends) return false;
  if (ends->own.ss_family == AF_UNIX) return true;
  const auto peer = ask_for_peer(fd, *ends);
  return peer && (!*peer || (*peer)->idiag_rqueue == 0);
}

}  // namespace tsmtp::net
