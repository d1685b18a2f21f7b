#include "relayd/net/tls/certified_tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/error.hpp>

#include "relayd/net/io/shortage.h"
#include "relayd/net/tls/openssl_error.h"

namespace tsmtp::net {
namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

base::Error cannot_read(const char* key, const std::string& path) {
  return {"cannot be asked: " + std::string(key) + " (" + path + "): " + openssl_error()};
}

base::Result<void> take_files(SSL_CTX* context, const CertifiedTlsFiles& files) {
  if (files.ca.empty()) {
    if (SSL_CTX_set_default_verify_paths(context) != 1) return cannot_read("the system's CAs", "default");
  } else if (SSL_CTX_load_verify_locations(context, files.ca.c_str(), nullptr) != 1) {
    return cannot_read("ledger.ca", files.ca);
  }
  if (files.certificate.empty()) return {};
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1)
    return cannot_read("ledger.certificate", files.certificate);
  const std::string& key = files.key.empty() ? files.certificate : files.key;
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1)
    return cannot_read("ledger.key", key);
  return {};
}

bool is_address(const std::string& host) {
  error_code error;
  boost::asio::ip::make_address(host, error);
  return !error;
}

// The alert that a server sends when it does not like ours (RFC 8446 section 6.2).
bool is_about_our_certificate(const error_code& error) {
  if (error.category() != boost::asio::error::get_ssl_category()) return false;
  const int reason = ERR_GET_REASON(static_cast<unsigned long>(error.value()));
  return reason == SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED || reason == SSL_R_SSLV3_ALERT_BAD_CERTIFICATE ||
         reason == SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN || reason == SSL_R_TLSV1_ALERT_UNKNOWN_CA ||
         reason == SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED;
}

}  // namespace

base::Result<std::shared_ptr<ssl::context>> certified_tls(const CertifiedTlsFiles& files) {
  ERR_clear_error();
  SSL_CTX* native = SSL_CTX_new(TLS_client_method());
  if (native == nullptr) return base::Error{"cannot be asked: " + openssl_error()};
  auto context = std::make_shared<ssl::context>(native);  // owns it
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_verify(native, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  if (auto taken = take_files(native, files); !taken) return taken.error();
  return context;
}

base::Result<void> expect_server(CertifiedTlsStream& stream, const std::string& host) {
  SSL* tls = stream.native_handle();
  const bool is_set = is_address(host) ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), host.c_str()) == 1
                                       : SSL_set1_host(tls, host.c_str()) == 1 &&
                                             SSL_set_tlsext_host_name(tls, host.c_str()) == 1;
  if (!is_set) return base::Error{"cannot be asked: " + openssl_error()};
  return {};
}

std::string why_tls_failed(CertifiedTlsStream& stream, const error_code& error) {
  const long verified = SSL_get_verify_result(stream.native_handle());
  if (verified == X509_V_ERR_HOSTNAME_MISMATCH || verified == X509_V_ERR_IP_ADDRESS_MISMATCH)
    return "has a certificate for another name; name it in ledger.endpoints as its certificate does";
  if (verified != X509_V_OK)
    return "has a certificate that is not trusted (" + std::string(X509_verify_cert_error_string(verified)) +
           "); is ledger.ca its CA?";
  if (is_about_our_certificate(error))
    return "does not take our certificate (" + error.message() + "); see ledger.certificate and ledger.key";
  return "speaks no TLS with us: " + cause_of(error);
}

}  // namespace tsmtp::net
