#include "relayd/net/tls/tls_context.h"

#include <openssl/err.h>

#include <cstring>

#include "relayd/net/tls/cipher_choice.h"
#include "relayd/net/tls/openssl_error.h"
#include "relayd/net/tls/tls_stream.h"

namespace tsmtp::net {
namespace {

// In order of preference; those the linked OpenSSL does not have are left out. A hybrid post-quantum group
// comes first.
constexpr const char* kGroups[] = {"X25519MLKEM768", "X25519", "P-256"};
constexpr const char* kHybridAndX25519 = "*X25519MLKEM768:*X25519:P-256";

// A pinned certificate is small, apart from its chain; more than this before authentication is nobody we
// know.
constexpr long kMaxCertificateBytes = 4096 + keys::kMaxChainBytes;

bool has_groups(SSL_CTX* context, const std::string& list) {
  const bool has = SSL_CTX_set1_groups_list(context, list.c_str()) == 1;
  ERR_clear_error();
  return has;
}

// Where OpenSSL can (3.5), the client sends a key for each of the first two (the asterisks), so that a peer
// that has only one of them costs no round trip.
bool set_groups(SSL_CTX* context) {
  if (has_groups(context, kHybridAndX25519)) return true;
  std::string list;
  for (const char* group : kGroups)
    if (has_groups(context, group)) list += (list.empty() ? "" : ":") + std::string(group);
  return SSL_CTX_set1_groups_list(context, list.c_str()) == 1;
}

// The same on both ends' behalf: if either does AES badly, it is ChaCha20.
bool set_ciphers(SSL_CTX* context) {
  SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  return SSL_CTX_set_ciphersuites(context, cipher_suites(aes_is_faster()).c_str()) == 1;
}

// ALPN as it goes on the wire: a length byte and the name.
std::string alpn_wire(const char* name) {
  return static_cast<char>(std::strlen(name)) + std::string(name);
}

void on_message(int is_sent, int, int content_type, const void*, std::size_t, SSL* ssl, void*) {
  TlsStream* const stream = TlsStream::of(ssl);
  if (is_sent == 0 && content_type == SSL3_RT_HANDSHAKE && stream != nullptr)
    stream->count_handshake_message();
}

int select_alpn(SSL* ssl, const unsigned char** out, unsigned char* out_length, const unsigned char* in,
                unsigned int in_length, void*) {
  static const std::string link = alpn_wire(kAlpn);
  static const std::string either = link + alpn_wire(kPairingAlpn);
  const TlsStream* const stream = TlsStream::of(ssl);
  const bool pairs = stream != nullptr && stream->speaks() == TlsStream::Speaks::kEither;
  const std::string& ours = pairs ? either : link;
  unsigned char* selected = nullptr;
  const int result =
      SSL_select_next_proto(&selected, out_length, reinterpret_cast<const unsigned char*>(ours.data()),
                            static_cast<unsigned int>(ours.size()), in, in_length);
  *out = selected;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// Asked when the peer has said whether it reads chains.
int choose_certificate(SSL* ssl, void*) {
  TlsStream* const stream = TlsStream::of(ssl);
  return stream != nullptr && stream->show_key() ? 1 : 0;
}

int offer_chains(SSL*, unsigned, unsigned, const unsigned char** out, std::size_t* length, X509*, std::size_t,
                 int*, void*) {
  *out = nullptr;
  *length = 0;
  return 1;
}

int peer_offers_chains(SSL* ssl, unsigned, unsigned, const unsigned char*, std::size_t, X509*, std::size_t,
                       int*, void*) {
  if (TlsStream* const stream = TlsStream::of(ssl)) stream->peer_reads_chains();
  return 1;
}

// Takes the place of all of OpenSSL's certificate checks: the key is pinned, or it is not.
int verify(X509_STORE_CTX* store, void*) {
  auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  TlsStream* stream = TlsStream::of(ssl);
  const X509* certificate = X509_STORE_CTX_get0_cert(store);
  keys::Verdict verdict = keys::Verdict::kUnpinned;
  if (stream != nullptr && certificate != nullptr) verdict = stream->accept_peer(shown_by(certificate));
  if (verdict == keys::Verdict::kAccepted) return 1;
  const bool is_revoked = verdict == keys::Verdict::kRevoked;
  X509_STORE_CTX_set_error(store, is_revoked ? X509_V_ERR_CERT_REVOKED : X509_V_ERR_CERT_UNTRUSTED);
  return 0;
}

}  // namespace

base::Result<TlsContext> TlsContext::make(OwnKeys keys) {
  TlsContext out;
  out.keys_ = std::move(keys);
  out.context_.reset(SSL_CTX_new(TLS_method()));
  SSL_CTX* context = out.get();
  const std::string alpn = alpn_wire(kAlpn);
  const bool ok =
      context != nullptr && SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1 &&
      SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 && set_groups(context) &&
      set_ciphers(context) && SSL_CTX_set_num_tickets(context, 0) == 1 &&
      SSL_CTX_add_custom_ext(context, kReadsChainsExtension,
                             SSL_EXT_TLS1_3_ONLY | SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_3_ENCRYPTED_EXTENSIONS,
                             offer_chains, nullptr, nullptr, peer_offers_chains, nullptr) == 1 &&
      SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(alpn.data()),
                              static_cast<unsigned int>(alpn.size())) == 0;
  if (!ok) return base::Error{"TLS cannot be set up: " + openssl_error()};
  SSL_CTX_set_alpn_select_cb(context, select_alpn, nullptr);
  SSL_CTX_set_msg_callback(context, on_message);
  SSL_CTX_set_cert_cb(context, choose_certificate, nullptr);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_max_cert_list(context, kMaxCertificateBytes);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(context, verify, nullptr);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  return base::Result<TlsContext>(std::move(out));
}

}  // namespace tsmtp::net
