#include "relayd/pairing/secret.h"

#include "relayd/base/bytes.h"
#include "relayd/base/same_secret.h"
#include "relayd/pairing/words.h"

namespace tsmtp::pairing {
namespace {

constexpr std::string_view kJoinerLabel = "tsmtp pairing: joiner";
constexpr std::string_view kSessionLabel = "tsmtp pairing: session";
constexpr std::string_view kWordsLabel = "tsmtp pairing: words";
constexpr std::size_t kWords = 4;

std::string exclusive_or(std::string_view a, std::string_view b) {
  std::string out(a);
  for (std::size_t i = 0; i < out.size() && i < b.size(); ++i)
    out[i] = static_cast<char>(out[i] ^ b[i]);
  return out;
}

std::string signature_of(const Crypto& crypto, std::string_view stored, const Session& session) {
  return crypto.hmac_sha256(
      stored, std::string(kSessionLabel) + session.exporter + session.inviter_pin + session.joiner_pin);
}

}  // namespace

std::string stored_secret(const Crypto& crypto, std::string_view secret) {
  return crypto.sha256(crypto.hmac_sha256(secret, kJoinerLabel));
}

std::string proof_of(const Crypto& crypto, std::string_view secret, const Session& session) {
  const std::string key = crypto.hmac_sha256(secret, kJoinerLabel);
  return exclusive_or(key, signature_of(crypto, crypto.sha256(key), session));
}

bool proves(const Crypto& crypto, std::string_view stored, std::string_view proof, const Session& session) {
  if (proof.size() != kProofBytes) return false;
  const std::string key = exclusive_or(proof, signature_of(crypto, stored, session));
  return base::is_same_secret(crypto.sha256(key), stored);
}

std::string words_of(const Crypto& crypto, std::string_view stored, std::string_view inviter_pin,
                     std::string_view joiner_pin) {
  const std::string digest = crypto.hmac_sha256(
      stored, std::string(kWordsLabel) + std::string(inviter_pin) + std::string(joiner_pin));
  std::string out;
  for (std::size_t i = 0; i < kWords; ++i)
    out += (i == 0 ? "" : " ") + std::string(word(base::get_u8(std::string_view(digest).substr(i))));
  return out;
}

}  // namespace tsmtp::pairing
