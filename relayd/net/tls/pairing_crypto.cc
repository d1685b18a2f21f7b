#include "relayd/net/tls/pairing_crypto.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstdlib>

#include "relayd/net/tls/hmac_digest.h"

namespace tsmtp::net {
namespace {

constexpr std::size_t kSha256Bytes = 32;

const unsigned char* as_octets(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

}  // namespace

std::string PairingCrypto::sha256(std::string_view bytes) const {
  std::string out(kSha256Bytes, '\0');
  if (EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(out.data()), nullptr,
                 EVP_sha256(), nullptr) != 1)
    std::abort();
  return out;
}

std::string PairingCrypto::hmac_sha256(std::string_view key, std::string_view bytes) const {
  std::string out(kSha256Bytes, '\0');
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), as_octets(bytes), bytes.size(),
           reinterpret_cast<unsigned char*>(out.data()), nullptr) == nullptr)
    std::abort();
  return out;
}

std::string PairingCrypto::random(std::size_t bytes) const {
  return random_bytes(bytes);
}

}  // namespace tsmtp::net
