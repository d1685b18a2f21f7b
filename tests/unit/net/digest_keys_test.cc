// The hub's keys of digests on disk, when it comes to share one with others.
#include "relayd/net/ledger/digest_keys.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <utime.h>

#include <filesystem>

#include "tests/support/temporary_directory.h"

namespace tsmtp::net {
namespace {

const std::string kSiteKey(32, 's');

class Keys : public testing::Test {
 protected:
  std::unique_ptr<DigestKeys> open() {
    auto keys = DigestKeys::open(directory_.path());
    EXPECT_TRUE(keys) << keys.error().message;
    return keys ? std::move(*keys) : nullptr;
  }
  bool is_there(const char* name) { return std::filesystem::exists(directory_.file(name)); }

  support::TemporaryDirectory directory_;
};

TEST_F(Keys, AHubAloneHasOne) {
  const auto keys = open();
  EXPECT_EQ(keys->earlier(), nullptr);
  EXPECT_EQ(keys->key().size(), 32U);
  EXPECT_EQ(open()->key(), keys->key());
  EXPECT_EQ(open()->key_name(), keys->key_name());
}

TEST_F(Keys, TheSitesKeyIsThereAfterARestart) {
  const auto keys = open();
  const std::string before = keys->key();
  const std::string name = keys->key_name();
  const base::DigestMaker& of_a_mail = keys->for_new_mail();
  const std::string digest = of_a_mail.digest("mail");
  ASSERT_TRUE(keys->adopt(kSiteKey, true));
  EXPECT_EQ(keys->key(), kSiteKey);
  EXPECT_NE(keys->key_name(), name);
  EXPECT_EQ(of_a_mail.digest("mail"), digest) << "a mail that is under way keeps its key";
  EXPECT_NE(keys->digest("mail"), digest);
  ASSERT_NE(keys->earlier(), nullptr);
  EXPECT_EQ(keys->earlier()->digest("mail"), digest);
  const auto again = open();
  EXPECT_EQ(again->key(), kSiteKey);
  ASSERT_NE(again->earlier(), nullptr);
  EXPECT_EQ(again->earlier()->digest("mail"), digest);
  struct stat status {};
  for (const char* file : {"digest.key", "digest-earlier.key"}) {
    ASSERT_EQ(stat(directory_.file(file).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U) << file;
  }
}

TEST_F(Keys, TheEarlierOneCountsForAWeek) {
  ASSERT_TRUE(open()->adopt(kSiteKey, true));
  const utimbuf long_ago{.actime = 1, .modtime = 1};
  ASSERT_EQ(utime(directory_.file("digest-earlier.key").c_str(), &long_ago), 0);
  EXPECT_EQ(open()->earlier(), nullptr);
}

TEST_F(Keys, WithNothingInDoubtThereIsNoEarlierOne) {
  const auto keys = open();
  ASSERT_TRUE(keys->adopt(kSiteKey, false));
  EXPECT_EQ(keys->earlier(), nullptr);
  EXPECT_FALSE(is_there("digest-earlier.key"));
  EXPECT_EQ(keys->key(), kSiteKey);
}

TEST_F(Keys, TheEarlierOneGoesWhenNothingIsInDoubt) {
  const auto keys = open();
  ASSERT_TRUE(keys->adopt(kSiteKey, true));
  keys->forget_earlier();
  EXPECT_EQ(keys->earlier(), nullptr);
  EXPECT_FALSE(is_there("digest-earlier.key"));
}

TEST_F(Keys, WhatCannotBeWrittenChangesNothing) {
  const auto keys = open();
  const std::string before = keys->key();
  std::filesystem::create_directory(directory_.file("digest.key.new"));
  EXPECT_FALSE(keys->adopt(kSiteKey, true));
  EXPECT_EQ(keys->key(), before);
  EXPECT_EQ(open()->key(), before);
}

}  // namespace
}  // namespace tsmtp::net
