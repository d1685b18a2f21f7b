#include "relayd/net/tls/cipher_choice.h"

#include <openssl/evp.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <vector>

namespace tsmtp::net {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kRecordBytes = 16 * 1024;
constexpr int kRounds = 8;

// One record's worth, with a key and nonce of zeros: nothing of it is ever sent.
Clock::duration shortest_time(const EVP_CIPHER* cipher) {
  const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(EVP_CIPHER_CTX_new(),
                                                                                &EVP_CIPHER_CTX_free);
  const std::vector<unsigned char> key(EVP_MAX_KEY_LENGTH), nonce(EVP_MAX_IV_LENGTH);
  std::vector<unsigned char> record(kRecordBytes);
  Clock::duration shortest = Clock::duration::max();
  for (int i = 0; i < kRounds; ++i) {
    const auto begin = Clock::now();
    int written = 0;
    if (EVP_EncryptInit_ex2(context.get(), cipher, key.data(), nonce.data(), nullptr) != 1 ||
        EVP_EncryptUpdate(context.get(), record.data(), &written, record.data(),
                          static_cast<int>(record.size())) != 1)
      return Clock::duration::max();
    shortest = std::min(shortest, Clock::now() - begin);
  }
  return shortest;
}

}  // namespace

bool aes_is_faster() {
  return shortest_time(EVP_aes_128_gcm()) <= shortest_time(EVP_chacha20_poly1305());
}

std::string cipher_suites(bool aes_first) {
  const std::string aes = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384";
  const std::string chacha = "TLS_CHACHA20_POLY1305_SHA256";
  return aes_first ? aes + ':' + chacha : chacha + ':' + aes;
}

}  // namespace tsmtp::net
