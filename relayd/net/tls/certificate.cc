#include "relayd/net/tls/certificate.h"

#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/sha.h>

#include <algorithm>
#include <ctime>

#include "relayd/net/tls/key_crypto.h"

namespace tsmtp::net {
namespace {

// Certificates are not checked for dates; this is the furthest date X.509 can say (RFC 5280 section 4.1.2.5).
constexpr char kNeverExpires[] = "99991231235959Z";
// Below 2.25 stands a UUID (ITU-T X.667), so that nobody had to be asked for a number.
constexpr char kChainExtension[] = "2.25.65998535047087455023914054668355064506";

struct FreeObject {
  void operator()(ASN1_OBJECT* object) const { ASN1_OBJECT_free(object); }
};
struct FreeString {
  void operator()(ASN1_OCTET_STRING* string) const { ASN1_OCTET_STRING_free(string); }
};
struct FreeExtension {
  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
};

const ASN1_OBJECT* chain_extension() {
  static const std::unique_ptr<ASN1_OBJECT, FreeObject> object(OBJ_txt2obj(kChainExtension, 1));
  return object.get();
}

bool add_chain(X509* certificate, const keys::Chain& chain) {
  if (chain.steps.empty()) return true;
  const std::string bytes = keys::encode(chain);
  const std::unique_ptr<ASN1_OCTET_STRING, FreeString> value(ASN1_OCTET_STRING_new());
  if (!value || ASN1_OCTET_STRING_set(value.get(), reinterpret_cast<const unsigned char*>(bytes.data()),
                                      static_cast<int>(bytes.size())) != 1)
    return false;
  const std::unique_ptr<X509_EXTENSION, FreeExtension> extension(
      X509_EXTENSION_create_by_OBJ(nullptr, chain_extension(), 0, value.get()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool fill(X509* certificate, EVP_PKEY* key, const std::string& hub_name) {
  X509_NAME* name = X509_get_subject_name(certificate);
  return X509_set_version(certificate, X509_VERSION_3) == 1 &&
         ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1 &&
         X509_gmtime_adj(X509_getm_notBefore(certificate), 0) != nullptr &&
         ASN1_TIME_set_string(X509_getm_notAfter(certificate), kNeverExpires) == 1 &&
         X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(hub_name.data()),
                                    static_cast<int>(hub_name.size()), -1, 0) == 1 &&
         X509_set_issuer_name(certificate, name) == 1 && X509_set_pubkey(certificate, key) == 1;
}

// Ed25519 and Ed448 hash for themselves.
bool sign(X509* certificate, EVP_PKEY* key) {
  const int type = EVP_PKEY_get_base_id(key);
  const bool hashes_itself = type == EVP_PKEY_ED25519 || type == EVP_PKEY_ED448;
  return X509_sign(certificate, key, hashes_itself ? nullptr : EVP_sha256()) > 0;
}

}  // namespace

Certificate make_certificate(EVP_PKEY* key, const std::string& name, const keys::Chain& chain) {
  Certificate certificate(X509_new());
  const bool is_made = certificate && fill(certificate.get(), key, name) &&
                       add_chain(certificate.get(), chain) && sign(certificate.get(), key);
  return is_made ? std::move(certificate) : nullptr;
}

std::string common_name(const X509* certificate) {
  constexpr int kMaxBytes = 256;
  char name[kMaxBytes] = {};
  const int length = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name,
                                               static_cast<int>(sizeof name));
  return length > 0 ? std::string(name, static_cast<std::size_t>(length)) : std::string();
}

std::int64_t made_at(const X509* certificate) {
  std::tm time{};
  return ASN1_TIME_to_tm(X509_get0_notBefore(certificate), &time) == 1 ? std::int64_t{timegm(&time)} : 0;
}

std::string public_key_of(const X509* certificate) {
  unsigned char* der = nullptr;
  const int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (length <= 0) return {};
  std::string key(reinterpret_cast<const char*>(der), static_cast<std::size_t>(length));
  OPENSSL_free(der);
  return key;
}

std::string pin_of(const X509* certificate) {
  return KeyCrypto().pin_of(public_key_of(certificate));
}

base::Result<keys::Shown> shown_by(const X509* certificate) {
  keys::Shown shown{.pins = {pin_of(certificate)}};
  const int position = X509_get_ext_by_OBJ(certificate, chain_extension(), -1);
  if (position < 0) return base::Result<keys::Shown>(std::move(shown));
  const ASN1_OCTET_STRING* const value = X509_EXTENSION_get_data(X509_get_ext(certificate, position));
  auto chain = keys::decode({reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                             static_cast<std::size_t>(ASN1_STRING_length(value))});
  if (!chain) return chain.error();
  auto pins = keys::pins_of(*chain, KeyCrypto());
  if (pins.back() != shown.pin()) return base::Error{"its chain of keys leads to another key than it shows"};
  shown.pins = std::move(pins);
  shown.chain = std::move(*chain);
  return base::Result<keys::Shown>(std::move(shown));
}

}  // namespace tsmtp::net
