#include "relayd/daemon/journal_socket.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace tsmtp::daemon {
namespace {

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy_n(path.data(), std::min(path.size(), sizeof address.sun_path - 1), address.sun_path);
  return address;
}

base::Descriptor journal_datagram_socket() {
  return base::Descriptor(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

// The address goes with every datagram, so that a journald that was started anew is found again.
int send_to(int socket, const std::string& path, msghdr message) {
  sockaddr_un address = address_of(path);
  message.msg_name = &address;
  message.msg_namelen = sizeof address;
  return sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 ? 0 : errno;
}

}  // namespace

int JournalSocket::send(const std::string& entry) {
  if (!socket_.is_open()) socket_ = journal_datagram_socket();
  if (!socket_.is_open()) return errno;
  iovec piece{.iov_base = const_cast<char*>(entry.data()), .iov_len = entry.size()};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  const int error = send_to(socket_.get(), path_, message);
  return error == EMSGSIZE ? send_in_memory_file(entry) : error;
}

int JournalSocket::send_in_memory_file(const std::string& entry) const {
  const base::Descriptor file(memfd_create("tsmtp-journal", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file.is_open() || ::write(file.get(), entry.data(), entry.size()) != std::ssize(entry) ||
      fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0)
    return errno;
  alignas(cmsghdr) char room[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_control = room;
  message.msg_controllen = sizeof room;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  const int fd = file.get();
  std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  return send_to(socket_.get(), path_, message);
}

bool JournalSocket::is_there() const {
  const base::Descriptor probe = journal_datagram_socket();
  const sockaddr_un address = address_of(path_);
  return probe.is_open() &&
         ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

}  // namespace tsmtp::daemon
