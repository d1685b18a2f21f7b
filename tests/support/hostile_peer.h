// A peer whose key is good and who means ill: TLS by OpenSSL itself and frames by hand, from docs/protocol.md
// alone, as fast as they can be made. What it sends need not be allowed; it ends when relayd has heard
// enough.
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace tsmtp::support {

enum class FrameType : std::uint8_t {
  kHello = 1,
  kPing,
  kPong,
  kAck,
  kCredit,
  kDrain,
  kClose,
  kNotice,
  kOpen = 16,
  kData,
  kFinish,
  kReset
};
/// Of the records of a transaction.
enum class RecordType : std::uint8_t { kMail = 1, kRcpt, kData, kContent, kCommit, kAsk, kSettled };

[[nodiscard]] std::string big_endian(std::uint64_t number, int bytes);
[[nodiscard]] std::string record(RecordType type, std::string_view payload);

class HostilePeer {
 public:
  /// Connects from `from`, an address of this machine, and shakes hands. `identity`: a PEM file with key and
  /// certificate. Throws if relayd refuses.
  HostilePeer(const std::string& identity, std::uint16_t port, const std::string& from,
              const std::string& alpn = "tsmtp/1");
  ~HostilePeer();
  HostilePeer(const HostilePeer&) = delete;
  HostilePeer& operator=(const HostilePeer&) = delete;

  /// Of the key that relayd shows to a peer that reads no chains, as relayd.toml writes it.
  [[nodiscard]] std::string shown_pin() const;
  /// Our Hello as a frame; nothing is sent.
  [[nodiscard]] std::string hello() const;
  /// Both Hellos. False if relayd closes instead.
  [[nodiscard]] bool begin_session();
  /// A frame, numbered if its type is.
  [[nodiscard]] std::string frame(FrameType type, std::uint32_t stream, std::string_view payload,
                                  std::uint8_t flags = 0);
  /// Writes in one piece, and throws away what has come meanwhile. False when relayd has closed.
  bool send(std::string_view bytes);
  /// Sends, and returns all that comes until relayd closes.
  [[nodiscard]] std::string ask(std::string_view bytes);
  /// A KeyUpdate, which asks for one in return.
  bool update_keys();
  /// The number of the stream to open next.
  [[nodiscard]] std::uint32_t next_stream() { return stream_ += 2; }

 private:
  [[nodiscard]] bool go_on(int result);
  bool read_away();

  SSL_CTX* context_;
  SSL* ssl_ = nullptr;
  int fd_ = -1;
  std::uint64_t sequence_ = 0;
  std::uint32_t stream_ = static_cast<std::uint32_t>(-1);
};

}  // namespace tsmtp::support
