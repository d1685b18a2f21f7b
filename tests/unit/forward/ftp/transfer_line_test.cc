#include "relayd/forward/ftp/transfer_line.h"

#include <gtest/gtest.h>

namespace tsmtp::forward::ftp {
namespace {

TEST(FtpTransferLine, EscapesTheName) {
  EXPECT_EQ(
      to_line({.site = "tokyo",
               .service = "files",
               .id = 255,
               .transfer = {.verb = "STOR", .name = "a\r\nb", .bytes = 5, .code = 426, .was_cut = true}}),
      "tokyo: service files, connection 00000000000000ff: STOR \"a\\x0d\\x0ab\", 5 bytes, 426, data "
      "connection cut");
  EXPECT_EQ(to_line({.site = "tokyo",
                     .service = "files",
                     .id = 1,
                     .transfer = {.verb = "LIST", .name = {}, .bytes = 0, .code = 550}}),
            "tokyo: service files, connection 0000000000000001: LIST, 0 bytes, 550");
}

}  // namespace
}  // namespace tsmtp::forward::ftp
