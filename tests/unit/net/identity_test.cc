// The identity file: made once, kept from others, and its pin is the SHA-256 of the SubjectPublicKeyInfo
// (P7).
#include "relayd/net/tls/identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iostream>
#include <sstream>

#include "tests/support/temporary_directory.h"

namespace tsmtp::net {
namespace {

using testing::HasSubstr;

std::string read_file(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

void write_private(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
  chmod(path.c_str(), 0600);
}

std::string part(const std::string& pem, const std::string& what) {
  const std::size_t begin = pem.find("-----BEGIN " + what);
  const std::string last = "-----END " + what + "-----\n";
  return pem.substr(begin, pem.find(last) + last.size() - begin);
}

class IdentityFile : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(create_identity(path_, "tokyo")); }
  [[nodiscard]] std::string load_error() const {
    const auto identity = Identity::load(path_);
    return identity ? "" : identity.error().message;
  }
  support::TemporaryDirectory directory_;
  std::string path_ = directory_.file("identity.pem");
};

TEST_F(IdentityFile, IsMadeForItsOwnerOnlyAndLoads) {
  struct stat status {};
  ASSERT_EQ(stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  EXPECT_EQ(load_error(), "");
}

TEST_F(IdentityFile, IsNeverReplaced) {
  const std::string before = read_file(path_);
  const auto again = create_identity(path_, "tokyo");
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().message, HasSubstr(path_));
  EXPECT_EQ(read_file(path_), before);
}

TEST_F(IdentityFile, TwoHubsDiffer) {
  const std::string other = directory_.file("other.pem");
  ASSERT_TRUE(create_identity(other, "tokyo"));
  EXPECT_NE(Identity::load(path_)->pin(), Identity::load(other)->pin());
}

TEST_F(IdentityFile, ReadableByOthersIsRefused) {
  for (const mode_t mode : {0640, 0604, 0620, 0601, 0777}) {
    chmod(path_.c_str(), mode);
    EXPECT_THAT(load_error(), HasSubstr("chmod 0600")) << std::oct << mode;
  }
  chmod(path_.c_str(), 0400);
  EXPECT_EQ(load_error(), "");
}

TEST_F(IdentityFile, OfAnotherUserIsRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  ASSERT_EQ(chown(path_.c_str(), 4242, 4242), 0);
  EXPECT_THAT(load_error(), HasSubstr("belongs to user 4242"));
}

constexpr Owner kSomebody{.uid = 4242, .gid = 4243};

TEST_F(IdentityFile, OfTheHubsUserIsReadByRoot) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  ASSERT_EQ(chown(path_.c_str(), kSomebody.uid, kSomebody.gid), 0);
  EXPECT_TRUE(Identity::load(path_, kSomebody));
  EXPECT_FALSE(Identity::load(path_, Owner{.uid = 4244, .gid = 4243}));
}

TEST_F(IdentityFile, IsMadeForTheHubsUser) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  for (const bool in_own_directory : {false, true}) {
    if (in_own_directory) {
      ASSERT_EQ(chown(directory_.path().c_str(), kSomebody.uid, kSomebody.gid), 0);
    }
    const std::string path = directory_.file(in_own_directory ? "a" : "b");
    ASSERT_TRUE(create_identity(path, "tokyo", kSomebody));
    struct stat status {};
    ASSERT_EQ(stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_uid, kSomebody.uid);
    EXPECT_EQ(status.st_gid, kSomebody.gid);
    EXPECT_EQ(status.st_mode & 0777, 0600U);
    EXPECT_TRUE(Identity::load(path, kSomebody));
  }
}

// Who owns the directory could otherwise have root make a file, or read a key, wherever it likes.
TEST_F(IdentityFile, RootFollowsNoLinkOfTheHubsUser) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  const support::TemporaryDirectory users;
  ASSERT_EQ(symlink(path_.c_str(), users.file("key").c_str()), 0);
  ASSERT_EQ(symlink(directory_.path().c_str(), users.file("way").c_str()), 0);
  ASSERT_EQ(chown(users.path().c_str(), kSomebody.uid, kSomebody.gid), 0);
  EXPECT_FALSE(Identity::load(users.file("key"), kSomebody));
  EXPECT_FALSE(create_identity(users.file("way/made"), "tokyo", kSomebody));
  EXPECT_NE(access(directory_.file("made").c_str(), F_OK), 0);
  EXPECT_TRUE(Identity::load(path_, kSomebody));
}

TEST_F(IdentityFile, WhoCannotReadItIsToldWhoseItShouldBe) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  ASSERT_EQ(chmod(directory_.path().c_str(), 0755), 0);
  EXPECT_EXIT(
      {
        (void)!setresuid(kSomebody.uid, kSomebody.uid, kSomebody.uid);
        std::cerr << load_error();
        _exit(0);
      },
      testing::ExitedWithCode(0), "relayd runs as 4242: chown 4242 ");
}

TEST_F(IdentityFile, MissingSaysWhatToDo) {
  unlink(path_.c_str());
  EXPECT_THAT(load_error(), HasSubstr("relayctl init"));
}

TEST_F(IdentityFile, KeyOfAnother) {
  const std::string other = directory_.file("other.pem");
  ASSERT_TRUE(create_identity(other, "tokyo"));
  write_private(path_, part(read_file(path_), "PRIVATE KEY") + part(read_file(other), "CERTIFICATE"));
  EXPECT_THAT(load_error(), HasSubstr("does not belong"));
}

TEST_F(IdentityFile, HalfOfItOrGarbage) {
  const std::string whole = read_file(path_);
  write_private(path_, part(whole, "PRIVATE KEY"));
  EXPECT_THAT(load_error(), HasSubstr("no certificate"));
  write_private(path_, part(whole, "CERTIFICATE"));
  EXPECT_THAT(load_error(), HasSubstr("no private key"));
  write_private(path_, "");
  EXPECT_THAT(load_error(), HasSubstr("no private key"));
  write_private(path_, std::string(100'000, '\0'));
  EXPECT_THAT(load_error(), HasSubstr("no private key"));
}

TEST_F(IdentityFile, CertificateFirstLoadsToo) {
  const std::string whole = read_file(path_);
  write_private(path_, part(whole, "CERTIFICATE") + part(whole, "PRIVATE KEY"));
  EXPECT_EQ(load_error(), "");
}

TEST_F(IdentityFile, PinIsSha256OfTheSubjectPublicKeyInfo) {
  // By another way than the code's: the public key of the private one, in DER, by EVP.
  BIO* const file = BIO_new_file(path_.c_str(), "r");
  EVP_PKEY* const key = PEM_read_bio_PrivateKey(file, nullptr, nullptr, nullptr);
  BIO_free(file);
  ASSERT_NE(key, nullptr);
  unsigned char* der = nullptr;
  const int length = i2d_PUBKEY(key, &der);
  std::string expected(32, '\0');
  ASSERT_EQ(EVP_Digest(der, static_cast<std::size_t>(length),
                       reinterpret_cast<unsigned char*>(expected.data()), nullptr, EVP_sha256(), nullptr),
            1);
  OPENSSL_free(der);
  EVP_PKEY_free(key);
  const auto identity = Identity::load(path_);
  EXPECT_EQ(identity->pin(), expected);
  EXPECT_EQ(pin_of(identity->certificate()), expected);
}

TEST(PinText, IsBase64OfAllBytes) {
  EXPECT_EQ(pin_text(std::string(32, '\0')), "sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
  EXPECT_EQ(pin_text(std::string(32, '\xff')), "sha256://////////////////////////////////////////8=");
}

}  // namespace
}  // namespace tsmtp::net
