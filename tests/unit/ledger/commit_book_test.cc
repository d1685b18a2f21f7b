#include "relayd/ledger/commit_book.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "tests/support/temporary_directory.h"

namespace tsmtp::ledger {
namespace {

const std::string kTransaction(16, 't');
const std::string kKey(32, 'k');

class Book : public testing::Test {
 protected:
  static void put(CommitSlot& slot, std::string_view text) {
    const auto room = slot.reply_room();
    std::memcpy(room.data(), text.data(), std::min(text.size(), room.size()));
  }

  support::TemporaryDirectory directory;
  const std::string path = directory.file("commits.1");
};

TEST_F(Book, WhatAKilledWriterLeftIsRead) {
  const pid_t writer = fork();
  ASSERT_GE(writer, 0);
  if (writer == 0) {
    auto book = CommitBook::make(path);
    CommitSlot* const slot = (*book)->take();
    slot->open(7, {"tokyo", kKey}, kTransaction, {1, 500});
    put(*slot, "250 ");
    put(*slot, "ok\r\n");
    kill(getpid(), SIGKILL);
  }
  waitpid(writer, nullptr, 0);
  const auto book = CommitBook::open(path);
  ASSERT_TRUE(book) << book.error().message;
  EXPECT_FALSE((*book)->is_alive());
  ASSERT_TRUE((*book)->has_used_slots());
  const CommitSlot& slot = (*book)->slots()[0];
  EXPECT_TRUE(slot.is_open());
  EXPECT_FALSE(slot.is_sent());
  EXPECT_EQ(slot.connection(), 7U);
  EXPECT_EQ(slot.site(), "tokyo");
  EXPECT_EQ(slot.pin(), kKey);
  EXPECT_EQ(slot.transaction(), kTransaction);
  EXPECT_EQ(slot.refused(), (std::vector<std::uint16_t>{1, 500}));
  EXPECT_EQ(slot.reply(), "250 ok\r\n");
  EXPECT_TRUE(slot.is_about("tokyo", kTransaction));
  EXPECT_FALSE(slot.is_about("osaka", kTransaction)) << "sites do not see each other's";
  EXPECT_FALSE(slot.is_about("tokyo", std::string(16, 'u')));
}

TEST_F(Book, IsAliveAsLongAsItsWriterIs) {
  auto written = CommitBook::make(path);
  ASSERT_TRUE(written) << written.error().message;
  const auto read = CommitBook::open(path);
  ASSERT_TRUE(read);
  EXPECT_TRUE((*read)->is_alive());
  EXPECT_TRUE((*read)->is_alive()) << "to ask takes nothing from the writer";
  written = base::Error{"gone"};
  EXPECT_FALSE((*read)->is_alive());
}

TEST_F(Book, SlotsAreUsedAgainAndRunOut) {
  const auto book = CommitBook::make(path);
  ASSERT_TRUE(book);
  std::vector<CommitSlot*> taken;
  while (CommitSlot* const slot = (*book)->take()) {
    slot->open(1, {"tokyo", {}}, kTransaction, {});
    taken.push_back(slot);
  }
  EXPECT_EQ(taken.size(), CommitBook::kSlots);
  for (CommitSlot* const slot : taken)
    (*book)->give_back(*slot);
  EXPECT_FALSE((*book)->has_used_slots());
  CommitSlot* const slot = (*book)->take();
  put(*slot, "250 of the mail before");
  slot->open(2, {"tokyo", {}}, kTransaction, {});
  EXPECT_EQ(slot->reply(), "");
}

TEST_F(Book, ReplyEndsWhereTheRoomDoes) {
  const auto book = CommitBook::make(path);
  CommitSlot& slot = *(*book)->take();
  slot.open(1, {"tokyo", {}}, kTransaction, {});
  const std::string long_reply(10'000, 'x');
  put(slot, long_reply);
  EXPECT_TRUE(slot.reply_room().empty());
  EXPECT_GT(slot.reply().size(), 1000U);
}

TEST_F(Book, WhatCannotBeMadeIsSaid) {
  const auto book = CommitBook::make(directory.file("nowhere/commits.1"));
  ASSERT_FALSE(book);
  EXPECT_EQ(book.error().message,
            "cannot make " + directory.file("nowhere/commits.1") + ": No such file or directory");
}

// What another process wrote is not believed.
TEST_F(Book, OtherFilesAreRefused) {
  EXPECT_FALSE(CommitBook::open(path)) << "there is none";
  std::ofstream(path) << "tsmtp commits 1\n";
  const auto cut = CommitBook::open(path);
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().message, path + " is no book of commits of relayd");
  std::filesystem::resize_file(path, 5'000'000);
  EXPECT_FALSE(CommitBook::open(path));
  EXPECT_FALSE(CommitBook::make(path)) << "nothing is overwritten";
}

TEST_F(Book, NumbersBeyondTheLimitsAreCut) {
  {
    const auto book = CommitBook::make(path);
    (*book)->take()->open(1, {std::string(300, 's'), kKey}, kTransaction, {});
  }
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(4096 + 4);  // behind the state
  file << std::string(4000, '\xff');
  file.close();
  const auto book = CommitBook::open(path);
  ASSERT_TRUE(book);
  const CommitSlot& slot = (*book)->slots()[0];
  EXPECT_LE(slot.refused().size(), CommitSlot::kMaxRefused);
  EXPECT_LE(slot.site().size(), CommitSlot::kMaxSiteBytes);
  EXPECT_LE(slot.reply().size(), 4096U);
}

}  // namespace
}  // namespace tsmtp::ledger
