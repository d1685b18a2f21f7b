#include "relayd/net/tls/key_crypto.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include <memory>

namespace tsmtp::net {
namespace {

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

struct FreeParsedKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeDigest {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

const EVP_MD* hash_for(const EVP_PKEY* key) {
  const int type = EVP_PKEY_get_base_id(key);
  const bool hashes_itself = type == EVP_PKEY_ED25519 || type == EVP_PKEY_ED448;
  return hashes_itself ? nullptr : EVP_sha256();
}

}  // namespace

std::string KeyCrypto::pin_of(std::string_view key) const {
  std::string pin(SHA256_DIGEST_LENGTH, '\0');
  SHA256(bytes_of(key), key.size(), reinterpret_cast<unsigned char*>(pin.data()));
  return pin;
}

bool KeyCrypto::is_signed(std::string_view key, std::string_view message, std::string_view signature) const {
  const unsigned char* der = bytes_of(key);
  const std::unique_ptr<EVP_PKEY, FreeParsedKey> parsed(
      d2i_PUBKEY(nullptr, &der, static_cast<long>(key.size())));
  const std::unique_ptr<EVP_MD_CTX, FreeDigest> context(EVP_MD_CTX_new());
  bool ok = false;
  // Further bytes behind the key would make a second pin for it.
  if (parsed && context && der == bytes_of(key) + key.size()) {
    ok = EVP_DigestVerifyInit(context.get(), nullptr, hash_for(parsed.get()), nullptr, parsed.get()) == 1 &&
         EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(message),
                          message.size()) == 1;
  }
  ERR_clear_error();
  return ok;
}

std::string signature_of(EVP_PKEY* key, std::string_view message) {
  const std::unique_ptr<EVP_MD_CTX, FreeDigest> context(EVP_MD_CTX_new());
  std::size_t length = 0;
  if (!context || EVP_DigestSignInit(context.get(), nullptr, hash_for(key), nullptr, key) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &length, bytes_of(message), message.size()) != 1)
    return {};
  std::string out(length, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &length, bytes_of(message),
                     message.size()) != 1)
    return {};
  out.resize(length);
  return out;
}

}  // namespace tsmtp::net
