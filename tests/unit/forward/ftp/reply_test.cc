#include "relayd/forward/ftp/reply.h"

#include <gtest/gtest.h>

namespace tsmtp::forward::ftp {
namespace {

// "CODE text" of each line, with * behind a last one.
std::string read(std::string_view bytes) {
  ReplyReader reader;
  std::string all;
  while (!bytes.empty()) {
    const auto line = reader.read(bytes);
    if (!line) return all + "error";
    if (!*line) break;
    all += std::to_string((*line)->code) + '<' + (*line)->text + ((*line)->is_last ? ">*" : ">");
  }
  return all;
}

TEST(FtpReply, HasOneLineOrMany) {
  EXPECT_EQ(read("220 hello\r\n"), "220<220 hello>*");
  EXPECT_EQ(read("226\r\n"), "226<226>*");
  EXPECT_EQ(read("150 a\r\n226 b\n"), "150<150 a>*226<226 b>*");
  EXPECT_EQ(read("211-Features:\r\n EPSV\r\n211-more\r\n211 End\r\n"),
            "211<211-Features:>211< EPSV>211<211-more>211<211 End>*");
}

TEST(FtpReply, HidesNoOtherReply) {
  EXPECT_EQ(read("230-hi\r\n227 Entering (10,0,0,1,4,1)\r\n227-x\r\n230 in\r\n"),
            "230<230-hi>230< 227 Entering (10,0,0,1,4,1)>230< 227-x>230<230 in>*");
  EXPECT_EQ(read("220 a\r227 Entering (10,0,0,1,4,1)\r\n"), "220<220 a 227 Entering (10,0,0,1,4,1)>*");
  EXPECT_EQ(read(std::string_view("220 a\0b\r\n", 9)), "220<220 a b>*");
}

TEST(FtpReply, IsRefusedWithoutCode) {
  for (const char* wrong :
       {"hello\r\n", "\r\n", "99 x\r\n", "099 x\r\n", "600 x\r\n", "220x\r\n", " 220 x\r\n"})
    EXPECT_EQ(read(wrong), "error") << wrong;
  EXPECT_EQ(read("220-" + std::string(5000, 'x') + "\r\n"), "error");
}

}  // namespace
}  // namespace tsmtp::forward::ftp
