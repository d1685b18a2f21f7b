// The key that rotation has made, as a file; and what a peer is shown of it.
#include "relayd/net/tls/own_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <filesystem>
#include <fstream>

#include "relayd/net/tls/key_crypto.h"
#include "tests/unit/net/tls_pair.h"

namespace tsmtp::net {
namespace {

using ::testing::HasSubstr;

constexpr std::int64_t kNow = 1'800'000'000;

std::shared_ptr<const Identity> fresh(const std::string& name = "tokyo") {
  return std::make_shared<const Identity>(*Identity::make(name));
}

std::shared_ptr<const Identity> after(const Identity& before, std::size_t steps) {
  auto last = std::make_shared<const Identity>(*before.successor("tokyo", kNow));
  return steps <= 1 ? last : after(*last, steps - 1);
}

keys::Verdict verdict_of(const keys::Shown& shown, const Identity& pinned) {
  return keys::judge(shown, {pinned.pin()}, {}, KeyCrypto()).verdict;
}

std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Successor, ComesFromTheKeyBeforeAndShowsIt) {
  const auto first = fresh();
  const auto last = after(*first, 12);
  const auto shown = shown_by(last->certificate());
  ASSERT_TRUE(shown) << shown.error().message;
  EXPECT_EQ(shown->pin(), last->pin());
  EXPECT_EQ(shown->pins.front(), first->pin());
  EXPECT_EQ(shown->chain.steps.back().serial, 12U);
  EXPECT_EQ(verdict_of(*shown, *first), keys::Verdict::kAccepted);
  EXPECT_EQ(verdict_of(*shown, *fresh()), keys::Verdict::kUnpinned);
  EXPECT_EQ(shown_by(last->plain_certificate())->pins.size(), 1U);
  EXPECT_EQ(pin_of(last->plain_certificate()), last->pin());
}

// As an administrator may have made it.
TEST(Successor, OfAnRsaKeyIsSignedToo) {
  PrivateKey key(EVP_RSA_gen(2048));
  const Certificate certificate = make_certificate(key.get(), "tokyo", {});
  BIO* const out = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  PEM_write_bio_X509(out, certificate.get());
  char* bytes = nullptr;
  const auto length = static_cast<std::size_t>(BIO_get_mem_data(out, &bytes));
  const auto first = Identity::parse({bytes, length});
  BIO_free(out);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(verdict_of(after(*first, 2)->shown(), *first), keys::Verdict::kAccepted);
}

TEST(Certificate, ChainThatLeadsElsewhereOrIsNoneIsAnError) {
  const auto first = fresh();
  const auto last = after(*first, 2);
  const auto other = fresh();
  const Certificate stolen = make_certificate(other->key(), "tokyo", last->chain());
  EXPECT_THAT(shown_by(stolen.get()).error().message, HasSubstr("leads to another key"));
  keys::Chain broken = last->chain();
  broken.steps[1].serial = 7;
  const Certificate disordered = make_certificate(last->key(), "tokyo", broken);
  EXPECT_THAT(shown_by(disordered.get()).error().message, HasSubstr("not in their order"));
}

// The thief has no key of the chain, and signs all of it himself.
TEST(Certificate, ForgedStepIsFound) {
  const auto first = fresh();
  const auto thief = fresh();
  keys::Step step;
  step.serial = 1;
  step.made = kNow;
  step.key = public_key_of(thief->certificate());
  const std::string said = keys::statement(first->pin(), step);
  step.by_old = signature_of(thief->key(), said);
  step.by_new = step.by_old;
  const Certificate forged =
      make_certificate(thief->key(), "tokyo", keys::extended(first->chain(), std::move(step)));
  EXPECT_EQ(verdict_of(*shown_by(forged.get()), *first), keys::Verdict::kForged);
}

class OwnKeysFile : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(create_identity(identity_, "tokyo"));
    const auto loaded = load_own_keys(identity_, directory_.file(""));
    ASSERT_TRUE(loaded);
    keys_ = *loaded;
  }
  [[nodiscard]] base::Result<OwnKeys> load() const { return load_own_keys(identity_, directory_.file("")); }
  void rotate() {
    keys_ = {.current = after(*keys_.current, 1),
             .earlier = keys_.current,
             .retires = kNow,
             .first_pin = keys_.first_pin};
    ASSERT_TRUE(save_own_keys(keys_, directory_.file("")));
  }

  support::TemporaryDirectory directory_;
  std::string identity_ = directory_.file("identity.pem");
  std::string rotated_ = directory_.file(kOwnKeysName);
  OwnKeys keys_;
};

TEST_F(OwnKeysFile, FirstKeyIsThatOfTheIdentity) {
  EXPECT_EQ(keys_.current->pin(), Identity::load(identity_)->pin());
  EXPECT_EQ(keys_.earlier, nullptr);
}

TEST_F(OwnKeysFile, IsReadAsItWasWrittenForItsOwnerOnly) {
  rotate();
  const auto read = load();
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->current->shown().pins, keys_.current->shown().pins);
  EXPECT_EQ(read->earlier->pin(), keys_.earlier->pin());
  EXPECT_EQ(read->retires, kNow);
  EXPECT_EQ(std::filesystem::status(rotated_).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  keys_.earlier.reset();
  ASSERT_TRUE(save_own_keys(keys_, directory_.file("")));
  EXPECT_EQ(load()->earlier, nullptr);
  EXPECT_EQ(load()->current->pin(), keys_.current->pin());
}

// Somebody has replaced the identity by hand: that is the key then.
TEST_F(OwnKeysFile, AnotherIdentityCounts) {
  rotate();
  std::filesystem::remove(identity_);
  ASSERT_TRUE(create_identity(identity_, "tokyo"));
  EXPECT_EQ(load()->current->pin(), Identity::load(identity_)->pin());
}

// For a relayd that reads nothing else; and back again.
TEST_F(OwnKeysFile, MayTakeThePlaceOfTheIdentity) {
  rotate();
  std::filesystem::copy_file(rotated_, identity_, std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(Identity::load(identity_)->pin(), keys_.current->pin());
  EXPECT_EQ(load()->current->shown().pins, keys_.current->shown().pins);
}

TEST_F(OwnKeysFile, PieceOfOneIsAnErrorAndNoOtherKey) {
  rotate();
  const std::string whole = content_of(rotated_);
  for (std::size_t bytes = 0; bytes < whole.size(); bytes += 7) {
    std::filesystem::resize_file(rotated_, 0);
    std::ofstream(rotated_, std::ios::binary) << whole.substr(0, bytes);
    EXPECT_FALSE(load()) << bytes;
  }
  EXPECT_THAT(load().error().message, HasSubstr("take the file from a backup"));
}

class ShownKeys : public testing::Test {
 protected:
  TlsEnd near{"tokyo"}, far{"birl"};

  void rotate(TlsEnd& end, std::size_t steps) {
    end.use({.current = after(end.identity(), steps),
             .earlier = std::make_shared<const Identity>(*Identity::parse(*end.identity().pem()))});
  }
};

TEST_F(ShownKeys, PeerThatReadsChainsIsShownTheLongestOneBothWays) {
  rotate(near, keys::kMaxSteps);
  rotate(far, keys::kMaxSteps);
  TlsPair pair(near.context(), far.context());
  ASSERT_TRUE(pair.shake_hands()) << pair.server().error() << pair.client().error();
  EXPECT_EQ(pair.server().peer_keys().pins, near.context().keys().current->shown().pins);
  EXPECT_EQ(pair.client().peer_keys().pins, far.context().keys().current->shown().pins);
  EXPECT_EQ(pair.client().own_keys().pins, pair.server().peer_keys().pins);
  EXPECT_EQ(verdict_of(pair.server().peer_keys(), near.identity()), keys::Verdict::kAccepted);
}

TEST_F(ShownKeys, HandshakeKeepsTheKeysThatItBeganWith) {
  TlsPair pair(near.context(), far.context());
  rotate(near, 1);
  ASSERT_TRUE(pair.shake_hands());
  EXPECT_EQ(pair.server().peer_pin(), near.pin());
}

// OpenSSL alone, as a relayd of before rotation is: one end of `pair`, with `identity`.
class OlderEnd {
 public:
  OlderEnd(const Identity& identity, int fd, bool is_server)
      : context_(SSL_CTX_new(TLS_method())), ssl_((set_up(context_, identity), SSL_new(context_))) {
    SSL_set_fd(ssl_, fd);
    if (is_server)
      SSL_set_accept_state(ssl_);
    else
      SSL_set_connect_state(ssl_);
  }
  ~OlderEnd() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }
  OlderEnd(const OlderEnd&) = delete;
  OlderEnd& operator=(const OlderEnd&) = delete;

  void go_on() { (void)SSL_do_handshake(ssl_); }
  [[nodiscard]] std::string peer_pin() const {
    const Certificate certificate(SSL_get1_peer_certificate(ssl_));
    return certificate ? pin_of(certificate.get()) : "";
  }

 private:
  static void set_up(SSL_CTX* context, const Identity& identity) {
    SSL_CTX_use_certificate(context, identity.certificate());
    SSL_CTX_use_PrivateKey(context, identity.key());
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_cert_verify_callback(
        context, [](X509_STORE_CTX*, void*) { return 1; }, nullptr);
    SSL_CTX_set_alpn_select_cb(
        context,
        [](SSL*, const unsigned char** out, unsigned char* length, const unsigned char* in, unsigned, void*) {
          *out = in + 1;
          *length = in[0];
          return SSL_TLSEXT_ERR_OK;
        },
        nullptr);
    SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>("\x07tsmtp/1"), 8);
  }

  SSL_CTX* context_;
  SSL* ssl_;
};

class OlderPeer : public ShownKeys, public testing::WithParamInterface<bool> {};

TEST_P(OlderPeer, IsShownTheEarlierKeyWhileThereIsOneAndNeverAChain) {
  const bool is_server = GetParam();
  rotate(near, 12);
  for (const bool has_earlier : {true, false}) {
    OwnKeys keys = near.context().keys();
    if (!has_earlier) keys.earlier.reset();
    near.use(keys);
    boost::asio::io_context io;
    boost::asio::ip::tcp::acceptor acceptor(io, {boost::asio::ip::address_v4::loopback(), 0});
    boost::asio::ip::tcp::socket ours(io);
    ours.connect(acceptor.local_endpoint());
    auto theirs = acceptor.accept();
    theirs.non_blocking(true);
    TlsStream stream(std::move(ours), near.context(),
                     is_server ? TlsStream::Role::kClient : TlsStream::Role::kServer,
                     [](const keys::Shown&, const std::string&) { return keys::Verdict::kAccepted; });
    OlderEnd older(far.identity(), theirs.native_handle(), is_server);
    TlsStream::Status status = TlsStream::Status::kWantRead;
    while (status == TlsStream::Status::kWantRead || older.peer_pin().empty()) {
      older.go_on();
      if (status == TlsStream::Status::kWantRead) status = stream.handshake();
    }
    EXPECT_EQ(status, TlsStream::Status::kDone) << stream.error();
    const std::string& shown = has_earlier ? near.pin() : keys.current->pin();
    EXPECT_EQ(older.peer_pin(), shown);
    EXPECT_EQ(stream.own_keys().pins, std::vector<std::string>{shown});
  }
}

INSTANTIATE_TEST_SUITE_P(EitherDials, OlderPeer, testing::Bool());

}  // namespace
}  // namespace tsmtp::net
