#include "relayd/forward/summary.h"

#include <gtest/gtest.h>

namespace tsmtp::forward {
namespace {

TEST(ForwardSummary, IsOneLineForBothHubs) {
  const Summary near{.side = Side::kProgram,
                     .site = "birl",
                     .service = "pop3",
                     .id = 0xabc,
                     .user = "anna",
                     .client = "127.0.0.1:4000",
                     .duration = std::chrono::milliseconds(2340),
                     .to_service = 58,
                     .from_service = 1204,
                     .approved_by = "root",
                     .end = "closed by the program"};
  EXPECT_EQ(
      to_line(near),
      "birl: forward to pop3, connection 0000000000000abc of user anna from 127.0.0.1:4000, approved by "
      "root: 58 bytes to the service, 1204 from it, 2.3 s, closed by the program");
}

TEST(ForwardSummary, P8_WhatAPeerSaysIsEscaped) {
  const Summary far{.side = Side::kService,
                    .site = "tokyo",
                    .service = "a\nb",
                    .user = "\x1b[2J",
                    .was_refused = true,
                    .end = "no such service for this site"};
  EXPECT_EQ(
      to_line(far),
      "tokyo: service a\\x0ab, connection 0000000000000000 of user \\x1b[2J: refused: no such service for "
      "this site");
}

}  // namespace
}  // namespace tsmtp::forward
