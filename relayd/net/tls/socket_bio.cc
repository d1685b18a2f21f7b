#include "relayd/net/tls/socket_bio.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "relayd/base/bytes.h"

namespace tsmtp::net {
namespace {

constexpr std::size_t kAheadBytes = 64 * 1024;
constexpr std::size_t kGatheredBytes = 64 * 1024;
constexpr std::size_t kRecordHeaderBytes = 5;  // type, version, length (RFC 8446 section 5.1)

// One buffer for all: everything runs on one thread, and keep_rest() comes before another's turn.
std::array<char, kAheadBytes>& ahead_buffer() {
  static std::array<char, kAheadBytes> buffer;
  return buffer;
}

bool would_block() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

SocketBio& of(BIO* bio) {
  return *static_cast<SocketBio*>(BIO_get_data(bio));
}

}  // namespace

BIO_METHOD* SocketBio::method() {
  static BIO_METHOD* const made = [] {
    BIO_METHOD* const m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "link");
    if (m == nullptr) return m;
    BIO_meth_set_read(m, &SocketBio::read);
    BIO_meth_set_write(m, &SocketBio::write);
    BIO_meth_set_ctrl(m, &SocketBio::control);
    return m;
  }();
  return made;
}

BIO* SocketBio::make_bio() {
  BIO_METHOD* const m = method();
  BIO* const bio = m == nullptr ? nullptr : BIO_new(m);
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  return bio;
}

int SocketBio::read(BIO* bio, char* buffer, int size) {
  BIO_clear_retry_flags(bio);
  SocketBio& self = of(bio);
  const int bytes = self.read(buffer, static_cast<std::size_t>(size));
  if (bytes < 0 && !self.exceeded_ && would_block()) BIO_set_retry_read(bio);
  return bytes;
}

int SocketBio::read(char* buffer, std::size_t size) {
  if (is_stopped_) {
    errno = EAGAIN;
    return -1;
  }
  if (!is_trusted_) {
    exceeded_ = exceeded_ || read_bytes_ + size > limit_;
    return exceeded_ ? -1 : receive(buffer, size);
  }
  if (ahead_.empty()) {
    const int bytes = receive(ahead_buffer().data(), ahead_buffer().size());
    if (bytes <= 0) return bytes;
    ahead_ = {ahead_buffer().data(), static_cast<std::size_t>(bytes)};
  }
  const std::size_t bytes = ahead_.copy(buffer, size);
  ahead_.remove_prefix(bytes);
  return static_cast<int>(bytes);
}

// Fewer bytes than asked for are all that there were. If that has changed, the wait for more ends at once.
int SocketBio::receive(char* buffer, std::size_t size) {
  if (is_drained_) {
    is_drained_ = false;
    errno = EAGAIN;
    return -1;
  }
  const ssize_t bytes = recv(socket_, buffer, size, 0);
  if (bytes == 0) ended_ = true;
  if (bytes > 0) {
    read_bytes_ += static_cast<std::size_t>(bytes);
    is_drained_ = static_cast<std::size_t>(bytes) < size;
  }
  return static_cast<int>(bytes);
}

bool SocketBio::has_record() const {
  return ahead_.size() >= kRecordHeaderBytes &&
         ahead_.size() - kRecordHeaderBytes >= base::get_u16(ahead_.substr(kRecordHeaderBytes - 2));
}

void SocketBio::keep_rest() {
  if (ahead_.data() == kept_.data()) return;
  kept_.assign(ahead_);
  ahead_ = kept_;
}

int SocketBio::write(BIO* bio, const char* data, int size) {
  BIO_clear_retry_flags(bio);
  SocketBio& self = of(bio);
  const Flushed flushed = self.written_.size() >= kGatheredBytes ? self.flush() : Flushed::kAll;
  if (flushed == Flushed::kSome) BIO_set_retry_write(bio);
  if (flushed != Flushed::kAll) return -1;
  self.written_.append(data, static_cast<std::size_t>(size));
  return size;
}

SocketBio::Flushed SocketBio::flush() {
  while (sent_ < written_.size()) {
    const ssize_t bytes = send(socket_, written_.data() + sent_, written_.size() - sent_, MSG_NOSIGNAL);
    if (bytes < 0) return would_block() ? Flushed::kSome : Flushed::kFailed;
    sent_ += static_cast<std::size_t>(bytes);
  }
  written_.clear();
  sent_ = 0;
  return Flushed::kAll;
}

long SocketBio::control(BIO* bio, int command, long, void*) {
  SocketBio& self = of(bio);
  switch (command) {
    case BIO_CTRL_FLUSH: {
      BIO_clear_retry_flags(bio);
      const Flushed flushed = self.flush();
      if (flushed == Flushed::kSome) BIO_set_retry_write(bio);
      return flushed == Flushed::kAll ? 1 : -1;
    }
    case BIO_CTRL_EOF:
      return self.ended_ ? 1 : 0;
    default:
      return 0;
  }
}

}  // namespace tsmtp::net
