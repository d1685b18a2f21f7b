#include "relayd/net/tls/tls_stream.h"

#include <openssl/err.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "relayd/net/io/socket_options.h"
#include "relayd/net/tls/openssl_error.h"

namespace tsmtp::net {
namespace {

// The least that rekey_bytes may be set to, or nearly.
constexpr std::uint64_t kLeastBytesOfAKey = 32 * 1024;

std::string_view alpn_of(const SSL* ssl) {
  const unsigned char* alpn = nullptr;
  unsigned int length = 0;
  SSL_get0_alpn_selected(ssl, &alpn, &length);
  return {reinterpret_cast<const char*>(alpn), length};
}

}  // namespace

TlsStream::TlsStream(boost::asio::ip::tcp::socket socket, const TlsContext& context, Role role,
                     AcceptPeer accept_peer, Speaks speaks)
    : socket_(role == Role::kClient ? watched_anew(std::move(socket)) : std::move(socket)),
      bytes_(static_cast<int>(socket_.native_handle()), kMaxUnauthenticatedBytes),
      ssl_(SSL_new(context.get())),
      role_(role),
      speaks_(speaks),
      keys_(context.keys()),
      own_keys_(&keys_.current->shown()),
      accept_peer_(std::move(accept_peer)),
      peer_address_(peer_name(socket_)) {
  set_link_options(socket_);
  BIO* const bio = bytes_.make_bio();
  SSL_set_bio(ssl_, bio, bio);
  SSL_set_app_data(ssl_, this);
  if (role == Role::kClient) {
    SSL_set_connect_state(ssl_);
    if (speaks == Speaks::kPairing) {
      const std::string alpn = static_cast<char>(std::strlen(kPairingAlpn)) + std::string(kPairingAlpn);
      SSL_set_alpn_protos(ssl_, reinterpret_cast<const unsigned char*>(alpn.data()),
                          static_cast<unsigned int>(alpn.size()));
    }
  } else {
    SSL_set_accept_state(ssl_);
  }
}

TlsStream::~TlsStream() {
  SSL_free(ssl_);
}

TlsStream* TlsStream::of(const SSL* ssl) {
  return ssl == nullptr ? nullptr : static_cast<TlsStream*>(SSL_get_app_data(ssl));
}

// A peer that has not said that it reads chains sees a single key, which it has pinned if it knows any.
bool TlsStream::show_key() {
  const Identity& identity = keys_.shown_to(peer_reads_chains_);
  plain_ = {.pins = {identity.pin()}};
  own_keys_ = peer_reads_chains_ ? &identity.shown() : &plain_;
  X509* const certificate = peer_reads_chains_ ? identity.certificate() : identity.plain_certificate();
  return SSL_use_certificate(ssl_, certificate) == 1 && SSL_use_PrivateKey(ssl_, identity.key()) == 1;
}

keys::Verdict TlsStream::accept_peer(base::Result<keys::Shown> shown) {
  if (!shown) {
    unreadable_chain_ = shown.error().message;
    verdict_ = keys::Verdict::kForged;
    return verdict_;
  }
  peer_keys_ = std::move(*shown);
  if (role_ == Role::kServer && is_pairing()) return verdict_;  // it proves what it knows, not who it is
  verdict_ = accept_peer_(peer_keys_, peer_address_);
  return verdict_;
}

bool TlsStream::is_pairing() const {
  return speaks_ != Speaks::kLink && alpn_of(ssl_) == kPairingAlpn;
}

std::string TlsStream::exported(std::string_view label, std::size_t bytes) const {
  std::string out(bytes, '\0');
  const bool ok = handshake_done_ &&
                  SSL_export_keying_material(ssl_, reinterpret_cast<unsigned char*>(out.data()), out.size(),
                                             label.data(), label.size(), nullptr, 0, 0) == 1;
  return ok ? out : std::string();
}

void TlsStream::authenticated() {
  handshake_done_ = true;
  bytes_.trust_peer();
  last_rekey_ = std::chrono::steady_clock::now();
}

// OpenSSL answers and forgets them inside one read, as long as there are any: from here on there are none.
void TlsStream::count_handshake_message() {
  if (!handshake_done_) return;
  if (std::exchange(read_since_message_, 0) >= kLeastBytesOfAKey) return;
  if (answers_due_ > 0) return (void)--answers_due_;
  if (const auto ok = messages_.use(std::chrono::steady_clock::now()); !ok && !peer_overdid_) {
    peer_overdid_ = true;
    overdone_ = ok.error().message;
    bytes_.stop_reading();
  }
}

TlsStream::Status TlsStream::handshake() {
  ERR_clear_error();
  const Status status = status_of(SSL_do_handshake(ssl_));
  if (status != Status::kDone) return status;
  if (alpn_of(ssl_) != (speaks_ == Speaks::kPairing || is_pairing() ? kPairingAlpn : kAlpn)) {
    error_ = speaks_ == Speaks::kPairing ? "peer does not pair (no ALPN tsmtp-pair/1)"
                                         : "peer does not speak the link protocol (no ALPN tsmtp/1)";
    return Status::kFailed;
  }
  authenticated();
  return status;
}

TlsStream::Status TlsStream::read(char* buffer, std::size_t size, std::size_t& bytes) {
  bytes = 0;
  if (read_ended_) return *std::exchange(read_ended_, {});
  ERR_clear_error();
  Status status = Status::kDone;
  do {
    std::size_t more = 0;
    status = status_of(SSL_read_ex(ssl_, buffer + bytes, size - bytes, &more));
    bytes += more;
    read_since_message_ += more;
  } while (status == Status::kDone && size - bytes >= SSL3_RT_MAX_PLAIN_LENGTH && bytes_.has_record());
  bytes_.keep_rest();
  if (peer_overdid_ && bytes == 0) {
    error_ = overdone_;
    return Status::kFailed;
  }
  if (bytes == 0 || status == Status::kDone) return status;
  read_ended_ = status;
  return Status::kDone;
}

TlsStream::Status TlsStream::write(std::string_view data, std::size_t& bytes) {
  ERR_clear_error();
  if (!write_unfinished_) rekey_if_due();
  const Status status = status_of(SSL_write_ex(ssl_, data.data(), data.size(), &bytes));
  write_unfinished_ = status != Status::kDone;
  if (status == Status::kDone) written_since_rekey_ += bytes;
  return status;
}

TlsStream::Status TlsStream::flush() {
  switch (bytes_.flush()) {
    case SocketBio::Flushed::kAll:
      return Status::kDone;
    case SocketBio::Flushed::kSome:
      return Status::kWantWrite;
    case SocketBio::Flushed::kFailed:
      break;
  }
  error_ = explain(SSL_ERROR_SYSCALL);
  return Status::kFailed;
}

// The new keys go into force with what is written next (RFC 8446 section 4.6.3).
void TlsStream::rekey_if_due() {
  const auto now = std::chrono::steady_clock::now();
  if (written_since_rekey_ < rekey_limits_.bytes && now - last_rekey_ < rekey_limits_.time) return;
  if (SSL_key_update(ssl_, SSL_KEY_UPDATE_REQUESTED) != 1) return ERR_clear_error();  // next time
  written_since_rekey_ = 0;
  last_rekey_ = now;
  ++rekeyed_;
  ++answers_due_;
}

void TlsStream::shut_down() {
  if (handshake_done_ && error_.empty()) SSL_shutdown(ssl_);
  ERR_clear_error();
}

std::string TlsStream::description() const {
  const char* group = SSL_group_to_name(ssl_, static_cast<int>(SSL_get_negotiated_group(ssl_)));
  return std::string(SSL_get_version(ssl_)) + ' ' + SSL_get_cipher_name(ssl_) + ' ' +
         (group != nullptr ? group : "");
}

TlsStream::Status TlsStream::status_of(int result) {
  if (result > 0) return Status::kDone;
  const int ssl_error = SSL_get_error(ssl_, result);
  switch (ssl_error) {
    case SSL_ERROR_WANT_READ:
      return Status::kWantRead;
    case SSL_ERROR_WANT_WRITE:
      return Status::kWantWrite;
    case SSL_ERROR_ZERO_RETURN:
      error_ = "closed by peer";
      return Status::kClosed;
    default:
      error_ = explain(ssl_error);
      return Status::kFailed;
  }
}

// The client's words go into a 421, of which mailq -v shows 100 characters: the cause before the key.
std::string TlsStream::explain_refusal() const {
  const std::string key = pin_text(peer_pin());
  switch (verdict_) {
    case keys::Verdict::kAccepted:
      return {};
    case keys::Verdict::kUnpinned:
      if (speaks_ == Speaks::kPairing)
        return "another key than the invitation names answers there: " + key +
               ". Either the hub has a new key since, or somebody stands between";
      return role_ == Role::kClient ? "peer's key is not pinned for this site: " + key
                                    : "peer's key is " + key + ", which no site has pinned";
    case keys::Verdict::kRevoked:
      return "peer's key, or one that it comes from, has been revoked here: " + key;
    case keys::Verdict::kReplaced:
      return "peer shows a key that a newer one of its own has replaced: " + key +
             "; was an old identity restored there? It has to rotate, and both to pair again";
    case keys::Verdict::kForged:
      if (!unreadable_chain_.empty())
        return "peer shows a key whose past cannot be read: " + unreadable_chain_;
      return "peer's chain of keys is not signed by the pinned key: " + key;
  }
  return {};
}

// In the words of somebody who looks for the reason in a log.
std::string TlsStream::explain(int ssl_error) const {
  const int saved_errno = errno;
  if (verdict_ != keys::Verdict::kAccepted) return explain_refusal();
  if (bytes_.exceeded())
    return "peer sent more than " + std::to_string(kMaxUnauthenticatedBytes) +
           " bytes before it showed a key";
  const unsigned long code = ERR_peek_error();
  if (ssl_error == SSL_ERROR_SYSCALL || ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
    const char* when = handshake_done_ ? "" : " during the TLS handshake";
    if (ssl_error == SSL_ERROR_SYSCALL && saved_errno != 0)
      return std::strerror(saved_errno) + std::string(when);
    return std::string("connection closed by peer") + when;
  }
  switch (ERR_GET_REASON(code)) {
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
      return "peer does not speak TLS 1.3 (" + openssl_error() + ")";
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return "peer showed no certificate, so it cannot be known";
    case SSL_R_NO_APPLICATION_PROTOCOL:
      return "peer does not speak the link protocol (no ALPN tsmtp/1)";
    case SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL:
      return speaks_ == Speaks::kPairing
                 ? "the hub there has no invitation out: it was used, withdrawn or has "
                   "expired some time ago. Ask for a new one (`relayctl invite` there)"
                 : "TLS: " + openssl_error();
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
      return "peer has revoked our key for good: pair again with a new one (relayctl rotate "
             "--compromised, then relayctl invite)";
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
      return "peer refused our key: it must pin what `relayctl fingerprint` prints here (" + openssl_error() +
             ")";
    default:
      return "TLS: " + openssl_error();
  }
}

}  // namespace tsmtp::net
