#include "relayd/net/tls/openssl_error.h"

#include <openssl/err.h>
#include <openssl/evperr.h>
#include <openssl/pemerr.h>
#include <openssl/sslerr.h>
#include <openssl/x509err.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace tsmtp::net {
namespace {

struct Row {
  int library;
  int reason;
  std::string_view words;
};

constexpr std::array<Row, 47> kReasons{{
    {ERR_LIB_SSL, SSL_R_WRONG_VERSION_NUMBER, "it does not speak TLS"},
    {ERR_LIB_SSL, SSL_R_HTTP_REQUEST, "it speaks HTTP"},
    {ERR_LIB_SSL, SSL_R_HTTPS_PROXY_REQUEST, "it takes us for a proxy"},
    {ERR_LIB_SSL, SSL_R_UNSUPPORTED_PROTOCOL, "it has older versions only"},
    {ERR_LIB_SSL, SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, "it has older versions only"},
    {ERR_LIB_SSL, SSL_R_NO_SHARED_CIPHER, "no cipher suite in common"},
    {ERR_LIB_SSL, SSL_R_NO_SUITABLE_KEY_SHARE, "no key exchange in common"},
    {ERR_LIB_SSL, SSL_R_NO_SUITABLE_GROUPS, "no key exchange in common"},
    {ERR_LIB_SSL, SSL_R_BAD_KEY_SHARE, "it has sent a key exchange that is none"},
    {ERR_LIB_SSL, SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, "no signature algorithm in common"},
    {ERR_LIB_SSL, SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS, "no signature algorithm in common"},
    {ERR_LIB_SSL, SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE, "it refused the handshake: nothing in common"},
    {ERR_LIB_SSL, SSL_R_TLSV1_ALERT_INSUFFICIENT_SECURITY, "it refused the handshake: nothing in common"},
    {ERR_LIB_SSL, SSL_R_TLSV1_ALERT_UNKNOWN_CA, "it said: unknown key"},
    {ERR_LIB_SSL, SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, "it said: bad certificate"},
    {ERR_LIB_SSL, SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE, "it does not take certificates of our kind"},
    {ERR_LIB_SSL, SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, "it said: certificate unknown"},
    {ERR_LIB_SSL, SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, "it minds the dates of our certificate"},
    {ERR_LIB_SSL, SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED, "it said: revoked"},
    {ERR_LIB_SSL, SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED, "it wants a certificate"},
    {ERR_LIB_SSL, SSL_R_TLSV1_ALERT_ACCESS_DENIED, "it said: access denied"},
    {ERR_LIB_SSL, SSL_R_TLSV1_ALERT_DECODE_ERROR, "it cannot read what we sent: changed on the way?"},
    {ERR_LIB_SSL, SSL_R_TLSV1_ALERT_DECRYPT_ERROR, "it cannot verify what we sent: changed on the way?"},
    {ERR_LIB_SSL, SSL_R_SSLV3_ALERT_BAD_RECORD_MAC, "what we sent was changed on the way"},
    {ERR_LIB_SSL, SSL_R_SSLV3_ALERT_UNEXPECTED_MESSAGE, "it did not expect what we sent"},
    {ERR_LIB_SSL, SSL_R_SSLV3_ALERT_ILLEGAL_PARAMETER, "it does not take what we offer"},
    {ERR_LIB_SSL, SSL_R_TLSV1_ALERT_RECORD_OVERFLOW, "it found what we sent too long"},
    {ERR_LIB_SSL, SSL_R_TLSV1_ALERT_INTERNAL_ERROR, "it has an error of its own"},
    {ERR_LIB_SSL, SSL_R_TLSV1_ALERT_USER_CANCELLED, "it has given up"},
    {ERR_LIB_SSL, SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL, "it does not speak our protocol on that port"},
    {ERR_LIB_SSL, SSL_R_TLSV1_UNRECOGNIZED_NAME, "it does not know that name"},
    {ERR_LIB_SSL, SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC, "what it sent was changed on the way"},
    {ERR_LIB_SSL, SSL_R_BAD_SIGNATURE, "it does not have the key that it shows"},
    {ERR_LIB_SSL, SSL_R_DIGEST_CHECK_FAILED, "the handshake was changed on the way"},
    {ERR_LIB_SSL, SSL_R_CERTIFICATE_VERIFY_FAILED, "its certificate is not believed"},
    {ERR_LIB_SSL, SSL_R_LENGTH_MISMATCH, "it has sent what TLS does not allow"},
    {ERR_LIB_SSL, SSL_R_UNEXPECTED_MESSAGE, "it has sent what TLS does not allow"},
    {ERR_LIB_SSL, SSL_R_PACKET_LENGTH_TOO_LONG, "it does not speak TLS"},
    {ERR_LIB_SSL, SSL_R_RECORD_TOO_SMALL, "it does not speak TLS"},
    {ERR_LIB_SSL, SSL_R_BAD_RECORD_TYPE, "it does not speak TLS"},
    {ERR_LIB_PEM, PEM_R_NO_START_LINE, "there is no block of that kind in the file"},
    {ERR_LIB_PEM, PEM_R_BAD_END_LINE, "the file is cut off or changed: its last line is missing"},
    {ERR_LIB_PEM, PEM_R_BAD_BASE64_DECODE, "the file is changed: what is between its lines is no base64"},
    {ERR_LIB_PEM, PEM_R_BAD_PASSWORD_READ, "the key is locked with a passphrase: write it without one"},
    {ERR_LIB_PEM, PEM_R_BAD_DECRYPT, "the key is locked with a passphrase: write it without one"},
    {ERR_LIB_X509, X509_R_KEY_VALUES_MISMATCH, "key and certificate do not belong together"},
    {ERR_LIB_EVP, EVP_R_UNSUPPORTED_ALGORITHM, "this OpenSSL does not have that algorithm"},
}};

std::string words_of(unsigned long code) {
  const int library = ERR_GET_LIB(code);
  const int reason = ERR_GET_REASON(code);
  const auto* const row = std::find_if(kReasons.begin(), kReasons.end(), [&](const Row& known) {
    return known.library == library && known.reason == reason;
  });
  if (row != kReasons.end()) return std::string(row->words);
  const char* const text = ERR_reason_error_string(code);
  return text != nullptr ? text : "an error of OpenSSL that has no words, number " + std::to_string(reason);
}

}  // namespace

std::string openssl_error(unsigned long code) {
  return code == 0 ? "no reason given" : words_of(code);
}

std::string openssl_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  return openssl_error(code);
}

}  // namespace tsmtp::net
