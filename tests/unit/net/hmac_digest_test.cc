// The keyed digest: HMAC-SHA-256 of a Poly1305 tag, under a key that stays.
#include "relayd/net/tls/hmac_digest.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <set>

#include "relayd/base/bytes.h"
#include "tests/support/temporary_directory.h"

namespace tsmtp::net {
namespace {

std::string digest(const base::DigestMaker& maker, std::initializer_list<std::string_view> pieces) {
  const auto one = maker.start();
  for (const std::string_view piece : pieces)
    one->update(piece);
  return one->finish();
}

void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

class HmacDigest : public testing::Test {
 protected:
  support::TemporaryDirectory directory_;
  std::string path_ = directory_.file("digest.key");
};

TEST_F(HmacDigest, KnownVector) {
  // Made with Python's hmac, and Poly1305 in its integers.
  write_file(path_, std::string(20, '\x0b') + std::string(12, '\0'));
  const auto maker = HmacDigestMaker::open(path_);
  ASSERT_TRUE(maker) << maker.error().message;
  EXPECT_EQ(base::hex(digest(**maker, {"Hi There"})),
            "9a96f5713233587d6416d600276a316251f53f949a2adfaf2f1263f1bea456da");
}

TEST_F(HmacDigest, AtOnceOrInPieces) {
  const auto maker = HmacDigestMaker::open(path_);
  const auto pieces = (*maker)->start();
  pieces->update("a ");
  for (const std::string_view other : {"", "another mail", "a mail"})  // between the pieces of the first
    EXPECT_EQ((*maker)->digest(other), digest(**maker, {other}));
  pieces->update("mail");
  EXPECT_EQ(pieces->finish(), (*maker)->digest("a mail"));
}

TEST_F(HmacDigest, SameKeyAfterReopening) {
  const std::string before = digest(**HmacDigestMaker::open(path_), {"a mail"});
  EXPECT_EQ(digest(**HmacDigestMaker::open(path_), {"a mail"}), before);
  EXPECT_EQ(digest(**HmacDigestMaker::open(path_), {"a", "", " ma", "il"}), before);
  EXPECT_NE(digest(**HmacDigestMaker::open(path_), {"a mail."}), before);
  EXPECT_EQ(before.size(), 32U);
}

TEST_F(HmacDigest, AnotherHubAnotherKey) {
  const auto one = HmacDigestMaker::open(path_);
  const auto other = HmacDigestMaker::open(directory_.file("other.key"));
  EXPECT_NE(digest(**one, {"a mail"}), digest(**other, {"a mail"}));
}

TEST_F(HmacDigest, TheKeyIsForItsOwnerOnly) {
  ASSERT_TRUE(HmacDigestMaker::open(path_));
  struct stat status {};
  ASSERT_EQ(stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  EXPECT_EQ(status.st_size, 32);
}

TEST_F(HmacDigest, AShortKeyIsNamed) {
  write_file(path_, "short");
  const auto maker = HmacDigestMaker::open(path_);
  ASSERT_FALSE(maker);
  EXPECT_TRUE(maker.error().message.starts_with(path_)) << maker.error().message;
}

TEST_F(HmacDigest, NoDirectory) {
  EXPECT_FALSE(HmacDigestMaker::open(directory_.file("missing/digest.key")));
}

TEST_F(HmacDigest, IdentifiersAreNew) {
  const auto maker = HmacDigestMaker::open(path_);
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i)
    seen.insert((*maker)->new_identifier());
  EXPECT_EQ(seen.size(), 1000U);
  EXPECT_EQ(seen.begin()->size(), 16U);
}

}  // namespace
}  // namespace tsmtp::net
