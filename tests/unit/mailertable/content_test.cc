// The copy of a directory: what a server says in a search that is kept up, in and out of order, and bytes
// that are none of it.
#include "mailertable/routes/content.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "mailertable/routes/publishing_pace.h"
#include "mailertable/routes/retry_pace.h"
#include "mailertable/routes/sync_message.h"

namespace tsmtp::mailertable {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string uuid(char which) {
  return std::string(16, which);
}

std::string element(char tag, const std::string& content) {
  return std::string{tag, static_cast<char>(content.size())} + content;
}

/// The value of a Sync State Control, with a cookie as servers send it.
std::string state(SyncState state, char which) {
  return element(0x30, element(0x0a, std::string(1, static_cast<char>(state))) + element(0x04, uuid(which)) +
                           element(0x04, "rid=0"));
}

const std::string kDone =
    element('\xa1', element(0x04, "cookie"));  // refreshDelete; refreshDone is the default
const std::string kNotDone = element('\xa1', element(0x01, std::string(1, '\0')));

std::string id_set(bool deletes, const std::string& which) {
  std::string uuids;
  for (const char one : which)
    uuids += element(0x04, uuid(one));
  return element('\xa3', (deletes ? element(0x01, "\xff") : "") + element(0x31, uuids));
}

class ContentTest : public testing::Test {
 protected:
  bool says(SyncState what, char which, const std::string& value = "") {
    const auto changed =
        content_.add_synced({std::string("cn=") + which, {{"a", {value}}}}, state(what, which));
    EXPECT_TRUE(changed) << changed.error().message;
    return changed && *changed;
  }
  bool informs(const std::string& value) {
    const auto changed = content_.inform(value);
    EXPECT_TRUE(changed) << changed.error().message;
    return changed && *changed;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const DirectoryEntry* entry : content_.entries())
      names.push_back(entry->dn + '=' + entry->values("a").front());
    return names;
  }

  Content content_{{.entries = 4, .bytes = 4000}};
};

TEST_F(ContentTest, IsNotWholeBeforeTheServerSaysSo) {
  EXPECT_FALSE(says(SyncState::kAdd, 'b'));
  EXPECT_FALSE(says(SyncState::kAdd, 'a'));
  EXPECT_FALSE(informs(element('\x80', "cookie")));
  EXPECT_FALSE(informs(kNotDone));
  EXPECT_FALSE(content_.is_whole());
  EXPECT_TRUE(informs(kDone));
  EXPECT_TRUE(content_.is_whole());
  EXPECT_THAT(names(), ElementsAre("cn=a=", "cn=b="));
}

TEST_F(ContentTest, EditsFollow) {
  says(SyncState::kAdd, 'a', "1");
  informs(kDone);
  EXPECT_TRUE(says(SyncState::kModify, 'a', "2"));
  EXPECT_TRUE(says(SyncState::kAdd, 'b', "1"));
  EXPECT_TRUE(says(SyncState::kAdd, 'a', "3"));
  EXPECT_THAT(names(), ElementsAre("cn=a=3", "cn=b=1"));
  EXPECT_TRUE(says(SyncState::kDelete, 'a'));
  EXPECT_FALSE(says(SyncState::kDelete, 'a'));
  EXPECT_THAT(names(), ElementsAre("cn=b=1"));
  EXPECT_TRUE(informs(id_set(true, "bx")));
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(ContentTest, DeletionsWithinTheRefreshCount) {
  says(SyncState::kAdd, 'a');
  says(SyncState::kAdd, 'b');
  EXPECT_FALSE(says(SyncState::kDelete, 'a'));
  EXPECT_FALSE(informs(id_set(true, "b")));
  informs(kDone);
  EXPECT_THAT(names(), IsEmpty());
}

// It was asked for all entries: an entry that it takes for known would be missing.
TEST_F(ContentTest, EntryThatIsTakenForKnownIsAnError) {
  EXPECT_FALSE(content_.add_synced({"cn=a", {}}, state(SyncState::kPresent, 'a')));
  EXPECT_FALSE(content_.inform(id_set(false, "a")));
  says(SyncState::kAdd, 'a');
  EXPECT_TRUE(content_.add_synced({"cn=a", {}}, state(SyncState::kPresent, 'a')));
  EXPECT_TRUE(content_.inform(id_set(false, "a")));
}

TEST_F(ContentTest, RenamedEntryIsTheSame) {
  says(SyncState::kAdd, 'a');
  informs(kDone);
  EXPECT_TRUE(*content_.add_synced({"cn=z", {{"a", {""}}}}, state(SyncState::kModify, 'a')));
  EXPECT_THAT(names(), ElementsAre("cn=z="));
}

TEST_F(ContentTest, IsBounded) {
  for (const char one : {'a', 'b', 'c', 'd'})
    says(SyncState::kAdd, one);
  says(SyncState::kModify, 'd', "again");
  const auto fifth = content_.add_synced({"cn=e", {}}, state(SyncState::kAdd, 'e'));
  ASSERT_FALSE(fifth);
  EXPECT_THAT(fifth.error().message, HasSubstr("more than 4 entries"));
  Content other({.entries = 4, .bytes = 4000});
  const auto huge = other.add({"cn=huge", {{"a", {std::string(4000, 'x')}}}});
  ASSERT_FALSE(huge);
  EXPECT_THAT(huge.error().message, HasSubstr("at cn=huge"));
}

TEST_F(ContentTest, EveryCutOfAMessageIsAnError) {
  for (const std::string& whole : {kDone, kNotDone, id_set(true, "ab"), element('\x80', "cookie")}) {
    EXPECT_TRUE(read_sync_info(whole));
    for (std::size_t size = 0; size < whole.size(); ++size)
      EXPECT_FALSE(read_sync_info(whole.substr(0, size))) << size;
  }
  const std::string whole = state(SyncState::kAdd, 'a');
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(read_sync_state(whole.substr(0, size))) << size;
  EXPECT_FALSE(read_sync_state(element(0x30, element(0x0a, "\x04") + element(0x04, uuid('a')))));
  EXPECT_FALSE(read_sync_state(element(0x30, element(0x0a, "\x01") + element(0x04, "short"))));
}

TEST_F(ContentTest, LongLengthsAreReadAndBounded) {
  const std::string set = element(0x31, element(0x04, uuid('a')));
  const auto long_form = [&](const std::string& length) { return '\xa3' + length + set; };
  EXPECT_TRUE(read_sync_info(long_form(std::string("\x81\x14", 2))));
  EXPECT_TRUE(read_sync_info(long_form(std::string("\x84\x00\x00\x00\x14", 5))));
  EXPECT_FALSE(read_sync_info(long_form(std::string("\x84\xff\xff\xff\xff", 5))));
  EXPECT_FALSE(read_sync_info(long_form(std::string("\x85\x00\x00\x00\x00\x14", 6))));
  EXPECT_FALSE(read_sync_info(long_form("\x80")));
}

TEST_F(ContentTest, AnyBytesAreReadOrRefused) {
  std::minstd_rand random(7);
  for (int round = 0; round < 100'000; ++round) {
    std::string bytes = round % 2 == 0 ? id_set(true, "ab") : state(SyncState::kModify, 'a');
    for (std::size_t changes = random() % 4; changes-- > 0;)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    bytes.resize(random() % (bytes.size() + 1));
    (void)read_sync_info(bytes);
    (void)read_sync_state(bytes);
  }
}

TEST(PublishingPace, BurstIsOneButNotForEver) {
  PublishingPace pace;
  PublishingPace::Time now{};
  EXPECT_EQ(pace.due(), PublishingPace::Time::max());
  pace.changed(now);
  const auto first = now;
  EXPECT_EQ(pace.due(), now + milliseconds(300));
  while (pace.due() > now) {
    now += milliseconds(100);
    pace.changed(now);
    ASSERT_LE(now, first + seconds(2));
  }
  EXPECT_EQ(now, first + seconds(2));
  pace.published(now);
  EXPECT_EQ(pace.due(), now + seconds(60));
}

TEST(RetryPace, GrowsUpToABound) {
  RetryPace pace;
  EXPECT_EQ(pace.wait(1), milliseconds(500));
  EXPECT_EQ(pace.wait(0), milliseconds(750));
  for (int i = 0; i < 10; ++i)
    EXPECT_LE(pace.wait(1), seconds(4));
  pace.succeeded();
  EXPECT_EQ(pace.wait(1), milliseconds(500));
}

}  // namespace
}  // namespace tsmtp::mailertable
