#include "relayd/daemon/log_outputs.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <string>

namespace tsmtp::daemon {
namespace {

using OutputState = LogOutput::State;

// As much as a pipe takes in one piece, up to a line's end if there is one.
std::string_view first_piece(std::string_view bytes) {
  if (bytes.size() <= PIPE_BUF) return bytes;
  const std::size_t end = bytes.rfind('\n', PIPE_BUF - 1);
  return bytes.substr(0, end == std::string_view::npos ? PIPE_BUF : end + 1);
}

bool would_wait(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS || error == ENOMEM || error == EINTR;
}

// A full disk or a quota is as a reader that has stopped: what comes later may go again.
bool has_no_room(int error) {
  return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

}  // namespace

bool stderr_is_journal() {
  const char* const told = std::getenv("JOURNAL_STREAM");
  struct stat ours {};
  if (told == nullptr || fstat(STDERR_FILENO, &ours) != 0) return false;
  return told == std::to_string(ours.st_dev) + ':' + std::to_string(ours.st_ino);
}

StderrOutput::StderrOutput() {
  look();
}

// Early, while we may still open what root has made; and anew when another file has taken its place.
void StderrOutput::look() {
  struct stat ours {};
  if (fstat(STDERR_FILENO, &ours) != 0 || (ours.st_dev == device_ && ours.st_ino == inode_)) return;
  device_ = ours.st_dev;
  inode_ = ours.st_ino;
  own_ = base::Descriptor();
  waits_ = false;
  is_socket_ = S_ISSOCK(ours.st_mode);
  if (!S_ISFIFO(ours.st_mode) && !S_ISCHR(ours.st_mode)) return;
  const std::string path = "/proc/self/fd/" + std::to_string(STDERR_FILENO);
  own_ = base::Descriptor(open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_APPEND | O_CLOEXEC));
  waits_ = !own_.is_open();
}

int StderrOutput::fd() const {
  return own_.is_open() ? own_.get() : STDERR_FILENO;
}

LogOutput::Written StderrOutput::write(std::string_view bytes) {
  look();
  Written written;
  while (written.bytes < bytes.size()) {
    const std::string_view rest = bytes.substr(written.bytes);
    pollfd ready{fd(), POLLOUT, 0};
    if (waits_ && (poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0)) {
      written.state = OutputState::kFull;
      return written;
    }
    const std::string_view piece = own_.is_open() || waits_ ? first_piece(rest) : rest;
    const ssize_t taken = is_socket_ ? send(fd(), piece.data(), piece.size(), MSG_DONTWAIT | MSG_NOSIGNAL)
                                     : ::write(fd(), piece.data(), piece.size());
    if (taken >= 0) {
      written.bytes += static_cast<std::size_t>(taken);
    } else if (would_wait(errno) || has_no_room(errno)) {
      written.state = OutputState::kFull;
      return written;
    } else {
      written.bytes = bytes.size();  // nobody is left to tell
    }
  }
  return written;
}

bool SyslogOutput::connect() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy_n(path_.data(), std::min(path_.size(), sizeof address.sun_path - 1), address.sun_path);
  for (const int type : {SOCK_DGRAM, SOCK_STREAM}) {
    socket_ = base::Descriptor(::socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    is_stream_ = type == SOCK_STREAM;
    if (!socket_.is_open()) return false;
    if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
      return true;
    if (errno != EPROTOTYPE) break;
  }
  socket_ = base::Descriptor();
  return false;
}

LogOutput::Written SyslogOutput::write(std::string_view line) {
  std::string datagram;
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (!socket_.is_open() && !connect()) return {.bytes = 0, .state = OutputState::kGone};
    const std::size_t end = line.ends_with('\n') ? 1 : 0;
    datagram.assign(line.substr(0, line.size() - end));
    if (is_stream_) datagram.push_back('\0');  // which ends a message there, as syslog(3) does it
    const ssize_t taken = send(socket_.get(), datagram.data(), datagram.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    const bool too_long = taken < 0 && errno == EMSGSIZE;  // never goes: lost
    if (taken == std::ssize(datagram) || too_long) return {.bytes = line.size(), .state = OutputState::kOpen};
    if (taken >= 0) return {.bytes = static_cast<std::size_t>(taken), .state = OutputState::kFull};
    if (would_wait(errno)) return {.bytes = 0, .state = OutputState::kFull};
    socket_ = base::Descriptor();  // a syslogd that was started anew
  }
  return {.bytes = 0, .state = OutputState::kGone};
}

LogOutput::Written JournalOutput::write(std::string_view entry) {
  const int error = journal_.send(std::string(entry));
  if (would_wait(error) || error == EMFILE || error == ENFILE)
    return {.bytes = 0, .state = OutputState::kFull};
  if (error == ENOENT || error == ECONNREFUSED) return {.bytes = 0, .state = OutputState::kGone};
  return {.bytes = entry.size(), .state = OutputState::kOpen};  // written, or never to be: lost
}

}  // namespace tsmtp::daemon
