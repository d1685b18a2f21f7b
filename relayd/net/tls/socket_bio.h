// Below TLS: OpenSSL reads and writes record by record, the socket many records at a time, since it is system
// calls, and waking the other side, that cost. Nothing is read ahead from a peer that is not known yet.
#pragma once

#include <openssl/bio.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace tsmtp::net {

/// OpenSSL must be done with bio() when this is destroyed.
class SocketBio {
 public:
  /// `socket` is borrowed, and does not block. No more than `limit` bytes are read until trust_peer().
  SocketBio(int socket, std::size_t limit) : socket_(socket), limit_(limit) {}
  SocketBio(const SocketBio&) = delete;
  SocketBio& operator=(const SocketBio&) = delete;

  /// What SSL_set_bio() takes over, for both directions. Made once; null when there is no memory.
  [[nodiscard]] BIO* make_bio();
  /// From now on any number of bytes is read, and ahead.
  void trust_peer() { is_trusted_ = true; }
  /// Nothing more is read; it looks as if nothing more came.
  void stop_reading() { is_stopped_ = true; }
  /// The peer sent, or announced, more than the limit.
  [[nodiscard]] bool exceeded() const { return exceeded_; }

  /// Whether a record that has been read ahead is complete: OpenSSL can go on without the socket.
  [[nodiscard]] bool has_record() const;
  /// To be called when no more records are taken for the moment: what was read ahead must not stay where it
  /// is.
  void keep_rest();

  enum class Flushed { kAll, kSome, kFailed };
  /// Hands to the kernel what was written. kSome: it takes no more for now. kFailed: errno says why.
  [[nodiscard]] Flushed flush();

 private:
  static int read(BIO* bio, char* buffer, int size);
  static int write(BIO* bio, const char* data, int size);
  static long control(BIO* bio, int command, long number, void* pointer);
  static BIO_METHOD* method();

  [[nodiscard]] int read(char* buffer, std::size_t size);
  [[nodiscard]] int receive(char* buffer, std::size_t size);

  int socket_;
  std::size_t limit_;
  std::size_t read_bytes_ = 0;
  bool is_trusted_ = false;
  bool exceeded_ = false;
  bool ended_ = false;
  bool is_stopped_ = false;
  bool is_drained_ = false;  // the kernel had no more, a moment ago
  std::string_view ahead_;   // read, and not yet taken
  std::string kept_;         // where ahead_ is while nothing is read
  std::string written_;
  std::size_t sent_ = 0;  // of written_
};

}  // namespace tsmtp::net
