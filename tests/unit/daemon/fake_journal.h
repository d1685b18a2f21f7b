// The entries that journald would read, read from a socket of the test's own.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "relayd/base/descriptor.h"
#include "tests/support/temporary_directory.h"

namespace tsmtp::daemon {

class FakeJournal {
 public:
  /// Called again: as a journald that was started anew.
  void listen() {
    unlink(path.c_str());
    socket_ = base::Descriptor(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    ASSERT_EQ(bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  /// One datagram, or what is in the file that came with it; "nothing" where there is none.
  [[nodiscard]] std::string receive() const {
    std::string bytes(1 << 20, '\0');
    iovec piece{.iov_base = bytes.data(), .iov_len = bytes.size()};
    alignas(cmsghdr) char room[CMSG_SPACE(sizeof(int))];
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = room;
    message.msg_controllen = sizeof room;
    ssize_t length = recvmsg(socket_.get(), &message, MSG_DONTWAIT);
    if (const cmsghdr* header = CMSG_FIRSTHDR(&message); length == 0 && header != nullptr) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
      length = pread(fd, bytes.data(), bytes.size(), 0);
      close(fd);
    }
    return length < 0 ? "nothing" : bytes.substr(0, static_cast<std::size_t>(length));
  }

  const support::TemporaryDirectory directory;
  const std::string path = directory.file("journal");

 private:
  base::Descriptor socket_;
};

}  // namespace tsmtp::daemon
