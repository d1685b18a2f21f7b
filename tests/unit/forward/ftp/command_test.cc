#include "relayd/forward/ftp/command.h"

#include <gtest/gtest.h>

namespace tsmtp::forward::ftp {
namespace {

std::string wire_of(std::string_view line) {
  const auto command = parse_command(line);
  return command ? command->wire() : "error: " + command.error().message;
}

TEST(FtpCommand, IsWrittenAnew) {
  EXPECT_EQ(wire_of("noop"), "NOOP\r\n");
  EXPECT_EQ(wire_of("Retr a  file "), "RETR a  file \r\n");
  EXPECT_EQ(wire_of("SITE CHMOD 644 x"), "SITE CHMOD 644 x\r\n");
  EXPECT_EQ(wire_of("STOR \xff\xff\xc3\xa4"), "STOR \xff\xff\xc3\xa4\r\n");
  EXPECT_EQ(wire_of("LIST "), "LIST\r\n");
}

// RFC 959 section 4.1.3: telnet's Interrupt Process and Synch come first; the urgent byte may be out of band.
TEST(FtpCommand, TelnetBeforeAbortIsUnderstood) {
  for (const char* line : {"\xff\xf4\xff\xf2"
                           "ABOR",
                           "\xff\xf4\xf2"
                           "ABOR",
                           "\xff\xf4\xff"
                           "ABOR",
                           "\xf2"
                           "ABOR",
                           "\xff\xf2"
                           "abor"})
    EXPECT_EQ(wire_of(line),
              "\xff\xf4\xff\xf2"
              "ABOR\r\n");
  EXPECT_EQ(wire_of("\xff\xf1"
                    "NOOP"),
            "NOOP\r\n");
  EXPECT_EQ(wire_of("\xff\xfd\x06"
                    "NOOP"),
            "NOOP\r\n")
      << "an option is no letter of the command";
}

TEST(FtpCommand, NothingHidesBehindAnother) {
  for (const std::string_view line :
       {std::string_view("NOOP\rSTOR x"), std::string_view("NOOP\0STOR x", 11), std::string_view(" STOR x"),
        std::string_view("ST\xff\xf1OR x"), std::string_view("P@SW"), std::string_view(""),
        std::string_view("\xff"), std::string_view("\xff\xfb"), std::string_view("STOR\tx"),
        std::string_view("ABCDEFGHIJKLMNOPQ"), std::string_view("123")})
    EXPECT_FALSE(parse_command(line)) << line;
  // Telnet's WILL takes the S along: the server must not read STOR.
  EXPECT_EQ(wire_of("\xff\xfbSSTOR x"), "STOR x\r\n");
  EXPECT_EQ(wire_of("\xff\xfbSTOR x"), "TOR x\r\n");
}

}  // namespace
}  // namespace tsmtp::forward::ftp
