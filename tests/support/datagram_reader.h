// A datagram socket that somebody else than relayd would read: journald's, syslogd's, systemd's.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string>

#include "tests/support/wait_until.h"

namespace tsmtp::support {

class DatagramReader {
 public:
  explicit DatagramReader(const std::string& path)
      : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    unlink(path.c_str());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    EXPECT_EQ(bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0) << path;
    const int yes = 1;
    setsockopt(socket_, SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes);
  }
  ~DatagramReader() { close(socket_); }
  DatagramReader(const DatagramReader&) = delete;
  DatagramReader& operator=(const DatagramReader&) = delete;

  /// The next datagram; empty: there is none.
  [[nodiscard]] std::string next() {
    std::array<char, 65536> bytes{};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(ucred))> control{};
    iovec part{.iov_base = bytes.data(), .iov_len = bytes.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t size = recvmsg(socket_, &message, MSG_DONTWAIT);
    if (size <= 0) return "";
    const cmsghdr* const header = CMSG_FIRSTHDR(&message);
    ucred sender{};
    if (header != nullptr && header->cmsg_type == SCM_CREDENTIALS)
      std::memcpy(&sender, CMSG_DATA(header), sizeof sender);
    sender_ = sender.pid;
    last_.assign(bytes.data(), static_cast<std::size_t>(size));
    return last_;
  }
  [[nodiscard]] const std::string& last() const { return last_; }
  /// Of the last one.
  [[nodiscard]] pid_t sender() const { return sender_; }
  /// Reads until one has `text`.
  [[nodiscard]] bool hears(const std::string& text) {
    return wait_until([&] {
      for (std::string one = next(); !one.empty(); one = next())
        if (one.find(text) != std::string::npos) return true;
      return false;
    });
  }

 private:
  int socket_;
  pid_t sender_ = 0;
  std::string last_;
};

}  // namespace tsmtp::support
