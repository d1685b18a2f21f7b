// TLS over one TCP socket. OpenSSL is driven on the socket itself, without blocking: the caller waits for
// readiness and tries again. It never passes on a byte before the peer's key has been accepted, and never
// takes more than kMaxUnauthenticatedBytes from a peer that has not shown it.
#pragma once

#include <openssl/ssl.h>

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "relayd/base/result.h"
#include "relayd/keys/judge.h"
#include "relayd/mux/allowance.h"
#include "relayd/net/tls/socket_bio.h"
#include "relayd/net/tls/tls_context.h"
#include "relayd/settings/link.h"

namespace tsmtp::net {

/// The first message of a peer that is not known yet; a hybrid group fits.
inline constexpr std::size_t kMaxFirstMessageBytes = 4096;
/// All that it may send before its key is known; a 4096-bit RSA key fits, with a hybrid group and the longest
/// chain.
inline constexpr std::size_t kMaxUnauthenticatedBytes = kMaxFirstMessageBytes + keys::kMaxChainBytes;

/// KeyUpdates, and whatever else belongs to a handshake, behind the handshake (RFC 8446 section 4.6). A peer
/// that replaces its keys after so many bytes as may be configured stays below at any speed: those are not
/// counted, nor are answers to ours.
inline constexpr double kMessagesPerSecond = 10, kMessagesAtOnce = 100;

class TlsStream {
 public:
  enum class Role { kClient, kServer };
  /// What an attempt came to. kClosed and kFailed: error() says why, and the stream is of no use any more.
  enum class Status { kDone, kWantRead, kWantWrite, kClosed, kFailed };
  /// Asked once, during the handshake: is a peer with this key, that comes from `address`, one of ours?
  using AcceptPeer = std::function<keys::Verdict(const keys::Shown& shown, const std::string& address)>;

  /// What is spoken inside. A client asks for one; a server takes the link protocol, or either.
  enum class Speaks { kLink, kPairing, kEither };

  TlsStream(boost::asio::ip::tcp::socket socket, const TlsContext& context, Role role, AcceptPeer accept_peer,
            Speaks speaks = Speaks::kLink);
  ~TlsStream();
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  /// One attempt at the handshake.
  [[nodiscard]] Status handshake();
  /// Reads all records that are there and sure to fit into `size` bytes, which must be room for one; `bytes`
  /// says how many came. The end and its cause are told when nothing came.
  [[nodiscard]] Status read(char* buffer, std::size_t size, std::size_t& bytes);
  /// One attempt to write; `bytes` says how many were taken. They may wait for others until flush().
  [[nodiscard]] Status write(std::string_view data, std::size_t& bytes);
  /// Hands to the kernel what write() has taken: several records with one system call.
  [[nodiscard]] Status flush();
  /// Other limits than the default ones. The side that reaches one asks the peer to replace its keys too.
  void set_rekey_limits(const settings::RekeyLimits& limits) { rekey_limits_ = limits; }
  /// How often we have replaced our keys by those limits.
  [[nodiscard]] std::uint64_t rekeyed() const { return rekeyed_; }
  /// Tries to tell the peer that this is the end (close_notify); does not wait.
  void shut_down();

  [[nodiscard]] boost::asio::ip::tcp::socket& socket() { return socket_; }
  [[nodiscard]] const boost::asio::ip::tcp::socket& socket() const { return socket_; }
  /// "192.0.2.1:40322", for logs; stays when the connection is gone.
  [[nodiscard]] const std::string& peer_address() const { return peer_address_; }
  /// What its certificate showed, once the handshake is done.
  [[nodiscard]] const keys::Shown& peer_keys() const { return peer_keys_; }
  [[nodiscard]] const std::string& peer_pin() const { return peer_keys_.pin(); }
  /// What we have shown, once the handshake is done.
  [[nodiscard]] const keys::Shown& own_keys() const { return *own_keys_; }
  /// "TLSv1.3 TLS_AES_128_GCM_SHA256 x25519".
  [[nodiscard]] std::string description() const;
  [[nodiscard]] const std::string& error() const { return error_; }
  /// Whether the pairing protocol was agreed on: a client's key is any key then.
  [[nodiscard]] bool is_pairing() const;
  /// Keying material of this session (RFC 8446 section 7.5), without a context. Empty if there is none.
  [[nodiscard]] std::string exported(std::string_view label, std::size_t bytes) const;

  // For the context's callbacks.
  [[nodiscard]] static TlsStream* of(const SSL* ssl);
  [[nodiscard]] Speaks speaks() const { return speaks_; }
  void peer_reads_chains() { peer_reads_chains_ = true; }
  [[nodiscard]] bool show_key();
  [[nodiscard]] keys::Verdict accept_peer(base::Result<keys::Shown> shown);
  // For its message callback: one has come.
  void count_handshake_message();

  /// The peer did something so often that nobody but it should wait for it. The last bytes are still sent.
  [[nodiscard]] bool peer_overdid() const { return peer_overdid_; }

 private:
  void authenticated();
  void rekey_if_due();
  [[nodiscard]] Status status_of(int result);
  [[nodiscard]] std::string explain(int ssl_error) const;
  [[nodiscard]] std::string explain_refusal() const;

  boost::asio::ip::tcp::socket socket_;
  SocketBio bytes_;
  SSL* ssl_;
  Role role_;
  Speaks speaks_;
  OwnKeys keys_;  // that we had when it began
  bool peer_reads_chains_ = false;
  keys::Shown plain_{.pins = {{}}};  // to a peer that does not
  const keys::Shown* own_keys_;      // of keys_, or plain_
  AcceptPeer accept_peer_;
  std::string peer_address_;
  keys::Shown peer_keys_{.pins = {{}}};
  std::string unreadable_chain_;  // why; empty: it can be read
  keys::Verdict verdict_ = keys::Verdict::kAccepted;
  bool handshake_done_ = false;
  std::optional<Status> read_ended_;  // with this, behind bytes that were read
  bool write_unfinished_ = false;     // OpenSSL wants the same bytes again, and nothing else before
  settings::RekeyLimits rekey_limits_;
  std::uint64_t written_since_rekey_ = 0;
  std::chrono::steady_clock::time_point last_rekey_;
  std::uint64_t rekeyed_ = 0;
  mux::Allowance messages_{"TLS handshake messages", kMessagesPerSecond, kMessagesAtOnce};
  std::uint64_t read_since_message_ = 0;
  std::uint64_t answers_due_ = 0;  // KeyUpdates that we have asked for
  bool peer_overdid_ = false;
  std::string overdone_;
  std::string error_;
};

}  // namespace tsmtp::net
