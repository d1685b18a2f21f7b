#include "relayd/daemon/left_behind.h"

#include <gtest/gtest.h>

#include <string>

namespace tsmtp::daemon {
namespace {

TEST(LeftBehind, IsUnderstoodAsItWasTold) {
  const LeftBehind left{
      .process = 4711, .sessions = 3, .mails = 1, .connections = 2, .at_most = std::chrono::seconds(3'599)};
  EXPECT_EQ(to_text(left), "4711 3 1 2 3599");
  EXPECT_EQ(parse_left_behind(to_text(left)), left);
  EXPECT_EQ(parse_left_behind(to_text(LeftBehind{})), LeftBehind{});
}

TEST(LeftBehind, NonsenseIsNone) {
  for (const char* const text : {"", "1", "1 2 3 4", "1 2 3 4 ", "1 2 3 4 5 ", "1 2 3 4 5 6", "1 2 3 4 -5",
                                 "1  2 3 4 5", "a b c d e", "1 2 3 4 99999999999", " 1 2 3 4 5"})
    EXPECT_EQ(parse_left_behind(text), std::nullopt) << text;
}

}  // namespace
}  // namespace tsmtp::daemon
