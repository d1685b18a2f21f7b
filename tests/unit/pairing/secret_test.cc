#include "relayd/pairing/secret.h"

#include <gtest/gtest.h>

#include <set>

#include "relayd/pairing/words.h"
#include "tests/unit/pairing/sample.h"

namespace tsmtp::pairing {
namespace {

const net::PairingCrypto kCrypto;

TEST(Secret, ProofHoldsForItsSecretSessionAndKeysAlone) {
  const std::string stored = stored_secret(kCrypto, kSecret);
  const Session session = session_of(kBirlPin);
  const std::string proof = proof_of(kCrypto, kSecret, session);
  EXPECT_TRUE(proves(kCrypto, stored, proof, session));
  EXPECT_FALSE(proves(kCrypto, stored, proof, session_of(kBirlPin, 'y')));  // another TLS session
  EXPECT_FALSE(proves(kCrypto, stored, proof, session_of(kMalloryPin)));    // in another's name
  EXPECT_FALSE(proves(kCrypto, stored, proof_of(kCrypto, "0123456789abcdeF", session), session));
  EXPECT_FALSE(proves(kCrypto, stored, "", session));
  EXPECT_FALSE(proves(kCrypto, stored, proof.substr(1), session));
}

// So a copy of state_dir lets nobody in.
TEST(Secret, WhatIsStoredProvesNothing) {
  const std::string stored = stored_secret(kCrypto, kSecret);
  const Session session = session_of(kMalloryPin);
  EXPECT_FALSE(proves(kCrypto, stored, proof_of(kCrypto, stored, session), session));
  EXPECT_FALSE(proves(kCrypto, stored, stored, session));
}

TEST(Secret, WordsAreTheSameForTheSameKeysAndInvitationOnly) {
  const std::string stored = stored_secret(kCrypto, kSecret);
  const std::string words = words_of(kCrypto, stored, kTokyoPin, kBirlPin);
  EXPECT_EQ(std::count(words.begin(), words.end(), ' '), 3);
  EXPECT_EQ(words, words_of(kCrypto, stored, kTokyoPin, kBirlPin));
  EXPECT_NE(words, words_of(kCrypto, stored, kTokyoPin, kMalloryPin));
  EXPECT_NE(words, words_of(kCrypto, stored_secret(kCrypto, "another"), kTokyoPin, kBirlPin));
}

TEST(Words, AreAllDifferent) {
  std::set<std::string_view> words;
  for (int byte = 0; byte < 256; ++byte)
    words.insert(word(static_cast<std::uint8_t>(byte)));
  EXPECT_EQ(words.size(), 256U);
}

}  // namespace
}  // namespace tsmtp::pairing
