// What the encryption of a link is made of, and when its keys are replaced.
#include "relayd/net/tls/tls_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/write.hpp>

#include "relayd/net/tls/cipher_choice.h"
#include "tests/unit/net/tls_pair.h"

namespace tsmtp::net {
namespace {

using testing::HasSubstr;

constexpr int kHandshakeRecord = 22;
constexpr unsigned char kKeyUpdate = 24;  // RFC 8446 section 4

class Tls : public testing::Test {
 protected:
  /// Counts the KeyUpdate messages that streams of `end` receive.
  static void count_key_updates(const TlsEnd& end, int& count) {
    SSL_CTX_set_msg_callback_arg(end.context().get(), &count);
    SSL_CTX_set_msg_callback(end.context().get(), [](int write, int, int type, const void* bytes,
                                                     std::size_t size, SSL*, void* argument) {
      const bool is_one =
          type == kHandshakeRecord && size > 0 && *static_cast<const unsigned char*>(bytes) == kKeyUpdate;
      if (write == 0 && is_one) ++*static_cast<int*>(argument);
    });
  }

  /// What they agree on when one end has no other suites than `suites`.
  [[nodiscard]] std::string agreed(const std::string& client_suites, const std::string& server_suites) {
    SSL_CTX_set_ciphersuites(near.context().get(), client_suites.c_str());
    SSL_CTX_set_ciphersuites(far.context().get(), server_suites.c_str());
    TlsPair pair(near.context(), far.context());
    EXPECT_TRUE(pair.shake_hands()) << pair.client().error() << pair.server().error();
    return pair.client().description();
  }

  TlsEnd near{"near"}, far{"far"};
};

TEST_F(Tls, BytesPassBothWays) {
  TlsPair pair(near.context(), far.context());
  ASSERT_TRUE(pair.shake_hands());
  EXPECT_EQ(pair.client().peer_pin(), far.pin());
  EXPECT_EQ(pair.server().peer_pin(), near.pin());
  const std::string text(200'000, 'x');
  EXPECT_EQ(TlsPair::pass(pair.client(), pair.server(), text), text);
  EXPECT_EQ(TlsPair::pass(pair.server(), pair.client(), text), text);
}

// With one system call each: what is written waits for the flush, and what came together is read together.
TEST_F(Tls, RecordsAreWrittenAndReadTogether) {
  TlsPair pair(near.context(), far.context());
  ASSERT_TRUE(pair.shake_hands());
  char buffer[64 * 1024];
  std::size_t bytes = 0;
  ASSERT_EQ(pair.server().read(buffer, sizeof buffer, bytes), TlsStream::Status::kWantRead);
  for (const char* record : {"one ", "two ", "three"})
    ASSERT_EQ(pair.client().write(record, bytes), TlsStream::Status::kDone);
  EXPECT_EQ(pair.server().read(buffer, sizeof buffer, bytes), TlsStream::Status::kWantRead);
  ASSERT_EQ(pair.client().flush(), TlsStream::Status::kDone);
  ASSERT_EQ(pair.server().read(buffer, sizeof buffer, bytes), TlsStream::Status::kDone);
  EXPECT_EQ(std::string_view(buffer, bytes), "one two three");
  EXPECT_EQ(pair.server().read(buffer, sizeof buffer, bytes), TlsStream::Status::kWantRead);
}

// What one has read ahead is still there when others have read in between.
TEST_F(Tls, StreamsThatReadByTurnsDoNotMix) {
  TlsPair one(near.context(), far.context()), other(near.context(), far.context());
  ASSERT_TRUE(one.shake_hands());
  ASSERT_TRUE(other.shake_hands());
  std::string expected[2], read[2];
  for (int i = 0; i < 3; ++i) {
    for (TlsPair* pair : {&one, &other}) {
      const std::string text(16'000, pair == &one ? 'x' : 'y');
      std::size_t bytes = 0;
      ASSERT_EQ(pair->client().write(text, bytes), TlsStream::Status::kDone);
      ASSERT_EQ(pair->client().flush(), TlsStream::Status::kDone);
      expected[pair == &one ? 0 : 1] += text;
    }
  }
  while (read[0].size() < expected[0].size() || read[1].size() < expected[1].size()) {
    for (TlsPair* pair : {&one, &other}) {
      char buffer[SSL3_RT_MAX_PLAIN_LENGTH];  // a record at a time
      std::size_t bytes = 0;
      const auto status = pair->server().read(buffer, sizeof buffer, bytes);
      ASSERT_TRUE(status == TlsStream::Status::kDone || status == TlsStream::Status::kWantRead);
      read[pair == &one ? 0 : 1].append(buffer, bytes);
    }
  }
  EXPECT_EQ(read[0], expected[0]);
  EXPECT_EQ(read[1], expected[1]);
}

// A peer that reads nothing makes us keep no more than we gather for one system call.
TEST_F(Tls, WhatTheKernelDoesNotTakeIsNotWrittenOn) {
  TlsPair pair(near.context(), far.context());
  ASSERT_TRUE(pair.shake_hands());
  const std::string record(16'000, 'x');
  std::size_t bytes = 0, written = 0;
  while (pair.client().write(record, bytes) == TlsStream::Status::kDone)
    written += bytes;
  EXPECT_EQ(pair.client().write(record, bytes), TlsStream::Status::kWantWrite);
  EXPECT_EQ(pair.client().flush(), TlsStream::Status::kWantWrite);
  std::string read;
  while (read.size() < written) {
    (void)pair.client().flush();
    char buffer[SSL3_RT_MAX_PLAIN_LENGTH];
    if (pair.server().read(buffer, sizeof buffer, bytes) == TlsStream::Status::kDone)
      read.append(buffer, bytes);
  }
  EXPECT_EQ(pair.client().write(record, bytes), TlsStream::Status::kDone);
}

TEST_F(Tls, TheEndIsToldBehindWhatCameBeforeIt) {
  TlsPair pair(near.context(), far.context());
  ASSERT_TRUE(pair.shake_hands());
  char buffer[64 * 1024];
  std::size_t bytes = 0;
  ASSERT_EQ(pair.client().write("last words", bytes), TlsStream::Status::kDone);
  ASSERT_EQ(pair.client().flush(), TlsStream::Status::kDone);
  pair.client().shut_down();
  ASSERT_EQ(pair.server().read(buffer, sizeof buffer, bytes), TlsStream::Status::kDone);
  EXPECT_EQ(std::string_view(buffer, bytes), "last words");
  EXPECT_EQ(pair.server().read(buffer, sizeof buffer, bytes), TlsStream::Status::kClosed);
}

// Four frames of the greatest length, in one write.
TEST_F(Tls, ManyFramesFillRecords) {
  constexpr std::size_t kRecordBytes = 16 * 1024, kRecords = 4;
  std::size_t full_records = 0;
  SSL_CTX_set_msg_callback_arg(near.context().get(), &full_records);
  SSL_CTX_set_msg_callback(near.context().get(), [](int write, int, int type, const void* bytes, std::size_t,
                                                    SSL*, void* argument) {
    const auto* header = static_cast<const unsigned char*>(bytes);
    if (write == 1 && type == SSL3_RT_HEADER && header[3] * 256U + header[4] > kRecordBytes)
      ++*static_cast<std::size_t*>(argument);
  });
  TlsPair pair(near.context(), far.context());
  ASSERT_TRUE(pair.shake_hands());
  const std::string frames(kRecords * kRecordBytes, 'x');
  EXPECT_EQ(TlsPair::pass(pair.client(), pair.server(), frames), frames);
  EXPECT_EQ(full_records, kRecords);
}

TEST_F(Tls, KeysAreReplacedAfterSoManyBytesOnBothSides) {
  int near_received = 0, far_received = 0;
  count_key_updates(near, near_received);
  count_key_updates(far, far_received);
  TlsPair pair(near.context(), far.context());
  ASSERT_TRUE(pair.shake_hands());
  pair.client().set_rekey_limits({.bytes = 100'000});
  const std::string text(1'000'000, 'x');
  EXPECT_EQ(TlsPair::pass(pair.client(), pair.server(), text), text);
  EXPECT_EQ(TlsPair::pass(pair.server(), pair.client(), "and back"), "and back");
  EXPECT_EQ(pair.client().rekeyed(), 8U);  // every 7 full records
  EXPECT_EQ(far_received, 8);
  EXPECT_GE(near_received, 1);  // the other direction's too, for it was asked for
  EXPECT_EQ(pair.server().rekeyed(), 0U);
}

// A KeyUpdate with each byte: the peer is given up, and hears why.
TEST_F(Tls, KeyUpdatesWithoutEndAreAnError) {
  TlsPair pair(near.context(), far.context());
  ASSERT_TRUE(pair.shake_hands());
  pair.client().set_rekey_limits({.bytes = 1});
  char buffer[20'000];
  std::size_t bytes = 0;
  auto status = TlsStream::Status::kDone;
  for (int i = 0; i < 1000 && status != TlsStream::Status::kFailed; ++i) {
    (void)pair.client().write("x", bytes);
    (void)pair.client().flush();
    status = pair.server().read(buffer, sizeof buffer, bytes);
  }
  EXPECT_EQ(status, TlsStream::Status::kFailed);
  EXPECT_TRUE(pair.server().peer_overdid());
  EXPECT_EQ(pair.server().error(), "peer sent more than 10 a second of TLS handshake messages");
  EXPECT_EQ(pair.server().write("why", bytes), TlsStream::Status::kDone);
}

TEST_F(Tls, KeysAreReplacedAfterSomeTime) {
  TlsPair pair(near.context(), far.context());
  ASSERT_TRUE(pair.shake_hands());
  EXPECT_EQ(TlsPair::pass(pair.client(), pair.server(), "young"), "young");
  EXPECT_EQ(pair.client().rekeyed(), 0U);
  pair.client().set_rekey_limits({.time = std::chrono::seconds(0)});
  EXPECT_EQ(TlsPair::pass(pair.client(), pair.server(), "old"), "old");
  EXPECT_EQ(pair.client().rekeyed(), 1U);
}

TEST_F(Tls, WhatOnlyOneSideDoesWellIsNotUsed) {
  const std::string aes = cipher_suites(true), chacha = cipher_suites(false);
  EXPECT_THAT(agreed(aes, aes), HasSubstr("TLS_AES_128_GCM_SHA256"));
  EXPECT_THAT(agreed(aes, chacha), HasSubstr("TLS_CHACHA20_POLY1305_SHA256"));
  EXPECT_THAT(agreed(chacha, aes), HasSubstr("TLS_CHACHA20_POLY1305_SHA256"));
  EXPECT_THAT(agreed(chacha, chacha), HasSubstr("TLS_CHACHA20_POLY1305_SHA256"));
}

// The hybrid group, wherever the OpenSSL that runs has it.
TEST_F(Tls, BestGroupOfTheLibraryIsUsed) {
  SSL_CTX* probe = SSL_CTX_new(TLS_method());
  const bool hybrid = SSL_CTX_set1_groups_list(probe, "X25519MLKEM768") == 1;
  SSL_CTX_free(probe);
  TlsPair pair(near.context(), far.context());
  ASSERT_TRUE(pair.shake_hands());
  EXPECT_THAT(pair.client().description(), HasSubstr(hybrid ? "X25519MLKEM768" : "x25519"));
}

TEST_F(Tls, UnauthenticatedPeerThatSaysTooMuchIsRefused) {
  TlsPair pair(near.context(), far.context());
  // A handshake record of the greatest length there is, that goes on and on.
  const std::string record = std::string("\x16\x03\x01\x40\x00", 5) + '\1' + std::string(16'383, '\0');
  boost::asio::write(pair.client().socket(), boost::asio::buffer(record));
  TlsStream::Status status = pair.server().handshake();
  while (status == TlsStream::Status::kWantRead)
    status = pair.server().handshake();
  EXPECT_EQ(status, TlsStream::Status::kFailed);
  EXPECT_THAT(pair.server().error(), HasSubstr("more than 12288 bytes before it showed a key"));
  EXPECT_GE(pair.server().socket().available(), 4'000U);  // it was left where it was
}

}  // namespace
}  // namespace tsmtp::net
