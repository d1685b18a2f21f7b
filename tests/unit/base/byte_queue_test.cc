#include "relayd/base/byte_queue.h"

#include <gtest/gtest.h>

namespace tsmtp::base {
namespace {

TEST(ByteQueue, GivesBytesInTheirOrderHoweverTheyCome) {
  std::string put, taken;
  ByteQueue queue(10);
  for (std::size_t i = 0; i < 3000; ++i) {
    const std::string piece(i % 37, static_cast<char>('a' + i % 26));
    put += piece;
    queue.append(piece);
    ASSERT_LE(queue.front().size(), 10U);
    for (std::size_t turn = 0; turn < i % 5; ++turn) {
      const std::size_t bytes = std::min(queue.front().size(), i % 11);
      taken += queue.front().substr(0, bytes);
      queue.take(bytes);
    }
    ASSERT_EQ(queue.size(), put.size() - taken.size());
    ASSERT_EQ(queue.empty(), queue.front().empty());
  }
  while (!queue.empty()) {
    taken += queue.front();
    queue.take(queue.front().size());
  }
  EXPECT_EQ(taken, put);
  EXPECT_EQ(queue.front(), "");
}

TEST(ByteQueue, PiecesAreFilledHoweverShortWhatComes) {
  ByteQueue queue(100);
  for (int i = 0; i < 250; ++i)
    queue.append("x");
  EXPECT_EQ(queue.front().size(), 100U);
  queue.take(100);
  EXPECT_EQ(queue.front().size(), 100U);
}

TEST(ByteQueue, WhatIsThereStaysInItsPlace) {
  ByteQueue queue(1000);
  queue.append(std::string(1'000'000, 'x'));
  const char* const where = queue.front().data();
  for (std::size_t i = 1; i < 1000; ++i) {
    queue.take(1);
    queue.append("y");
    ASSERT_EQ(queue.front().data(), where + i);
  }
  EXPECT_EQ(queue.size(), 1'000'000U);
}

TEST(ByteQueue, FullPiecesChangeHandsWithoutACopy) {
  ByteQueue queue(1000);
  queue.append(std::string(2500, 'x'));
  const char* where = queue.front().data();
  EXPECT_EQ(queue.take_front(1000).data(), where);
  where = queue.front().data();
  EXPECT_EQ(queue.take_front(5000).data(), where) << "no more than one piece";
  EXPECT_EQ(queue.size(), 500U);
}

TEST(ByteQueue, PartsOfPiecesAreTakenInTheirOrder) {
  ByteQueue queue(10);
  queue.append("abcdefghijklmnopqrstuvwxyz");
  EXPECT_EQ(queue.take_front(3), "abc");
  EXPECT_EQ(queue.take_front(10), "defghij");
  queue.take(1);
  EXPECT_EQ(queue.take_front(0), "");
  EXPECT_EQ(queue.take_front(10), "lmnopqrst");
  EXPECT_EQ(queue.take_front(10), "uvwxyz");
  EXPECT_EQ(queue.take_front(10), "");
  EXPECT_TRUE(queue.empty());
}

TEST(ByteQueue, ClearedIsEmpty) {
  ByteQueue queue(4);
  queue.append("something");
  queue.take(1);
  queue.clear();
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.front(), "");
  queue.append("more");
  EXPECT_EQ(queue.front(), "more");
}

}  // namespace
}  // namespace tsmtp::base
