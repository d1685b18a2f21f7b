#include "relayd/daemon/audit_journal.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace tsmtp::daemon {
namespace {

// The address goes with every datagram, so that a journald that was started anew is found again.
bool send_to(int socket, const std::string& path, msghdr message) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy_n(path.data(), std::min(path.size(), sizeof address.sun_path - 1), address.sun_path);
  message.msg_name = &address;
  message.msg_namelen = sizeof address;
  return sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

}  // namespace

AuditJournal::AuditJournal(std::string socket_path)
    : path_(std::move(socket_path)), socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {}

AuditWrite AuditJournal::write(const AuditRecord& record) {
  const std::string entry = record.journal_entry();
  if (send(entry) || (errno == EMSGSIZE && send_in_memory_file(entry))) return {};
  return {.written = false, .trouble = path_ + ": journald cannot be told: " + std::strerror(errno)};
}

bool AuditJournal::send(const std::string& entry) const {
  iovec piece{.iov_base = const_cast<char*>(entry.data()), .iov_len = entry.size()};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  return send_to(socket_.get(), path_, message);
}

// An entry that is too large for a datagram goes in a sealed file (systemd, "Native Journal Protocol").
bool AuditJournal::send_in_memory_file(const std::string& entry) const {
  const base::Descriptor file(memfd_create("tsmtp-audit", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file.is_open() || ::write(file.get(), entry.data(), entry.size()) != std::ssize(entry) ||
      fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0)
    return false;
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

}  // namespace tsmtp::daemon
