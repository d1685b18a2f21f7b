#include "relayd/daemon/left_behind.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tsmtp::daemon {
namespace {

TEST(LeftBehind, IsUnderstoodAsItWasTold) {
  const LeftBehind left{
      .process = 4711, .sessions = 3, .mails = 1, .connections = 2, .at_most = std::chrono::seconds(3'599)};
  EXPECT_EQ(to_text(left), "4711 3 1 2 3599");
  EXPECT_EQ(parse_left_behind(to_text(left)), left);
  EXPECT_EQ(parse_left_behind(to_text(LeftBehind{})), LeftBehind{});
}

TEST(LeftBehind, WhatIsHeldIsUnderstoodAsItWasTold) {
  const LeftBehind::Held held{.what = "birl: forward to imap, connection 1",
                              .age = std::chrono::seconds(4'000)};
  EXPECT_EQ(to_text(held), "4000 birl: forward to imap, connection 1");
  EXPECT_EQ(parse_held(to_text(held)), held);
  EXPECT_LT(to_text(LeftBehind::Held{.what = std::string(10'000, 'x')}).size(), 500U);
  for (const char* const text : {"", "1", "1 ", "x", "-1 x", " 1 x", "1\tx", "99999999999 x"})
    EXPECT_EQ(parse_held(text), std::nullopt) << text;
}

TEST(LeftBehind, OnlyTheOldestAreTold) {
  std::vector<LeftBehind::Held> held;
  for (int age : {3, 9, 1, 8, 7, 7, 2, 6, 5, 4})
    held.push_back({.what = std::to_string(age), .age = std::chrono::seconds(age)});
  keep_oldest(held);
  ASSERT_EQ(held.size(), LeftBehind::kMostHeld);
  EXPECT_EQ(held.front().what, "9");
  EXPECT_EQ(held.back().what, "3");
}

TEST(LeftBehind, NonsenseIsNone) {
  for (const char* const text : {"", "1", "1 2 3 4", "1 2 3 4 ", "1 2 3 4 5 ", "1 2 3 4 5 6", "1 2 3 4 -5",
                                 "1  2 3 4 5", "a b c d e", "1 2 3 4 99999999999", " 1 2 3 4 5"})
    EXPECT_EQ(parse_left_behind(text), std::nullopt) << text;
}

}  // namespace
}  // namespace tsmtp::daemon
