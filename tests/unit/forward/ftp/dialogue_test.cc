// Both ends together: a client's session comes out at the server as it went in, and no address of either side
// is on the link.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/forward/ftp/ends.h"

namespace tsmtp::forward::ftp {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class Dialogue : public testing::Test {
 protected:
  Dialogue() { EXPECT_EQ(server("220 hello\r\n"), "220 hello\r\n"); }

  /// Returns what the server gets.
  std::string client(std::string_view bytes) {
    const Sent sent = near_.client(bytes);
    answered_ = sent.to_host;
    look_at(sent.to_link);
    const Sent arrived = far_.link(sent.to_link);
    answered_ += near_.link(arrived.to_link).to_host;
    return arrived.to_host;
  }
  /// Returns what the client gets.
  std::string server(std::string_view bytes) {
    const Sent sent = far_.server(bytes);
    look_at(sent.to_link);
    return near_.link(sent.to_link).to_host;
  }
  static void look_at(const std::string& on_the_link) {
    for (const char* address : {"192.0.2", "192,0,2", "127.0.0", "127,0,0"})
      EXPECT_THAT(on_the_link, Not(HasSubstr(address)));
  }

  Near near_;
  Far far_{{.refuse = {"STOR"}}};
  std::string answered_;
};

TEST_F(Dialogue, Passive) {
  EXPECT_EQ(client("PASV\r\n"), "PASV\r\n");
  EXPECT_THAT(server("227 Entering Passive Mode (192,0,2,7,4,1)\r\n"),
              StartsWith("227 Entering Passive Mode (127,0,0,1,"));
  EXPECT_EQ(client("EPSV\r\n"), "EPSV\r\n");
  EXPECT_THAT(server("229 Entering Extended Passive Mode (|||5000|)\r\n"),
              StartsWith("229 Entering Extended Passive Mode (|||4000"));
  EXPECT_EQ(client("EPSV\r\n"), "EPSV\r\n");
  EXPECT_EQ(server("500 what?\r\n"), "500 what?\r\n") << "the client tries PASV then";
}

TEST_F(Dialogue, Active) {
  EXPECT_THAT(client("PORT 127,0,0,9,4,1\r\n"), StartsWith("PORT 192,0,2,1,"));
  EXPECT_EQ(server("200 ok\r\n"), "200 ok\r\n");
  EXPECT_THAT(client("EPRT |1|127.0.0.9|1025|\r\n"), StartsWith("PORT 192,0,2,1,"));
}

TEST_F(Dialogue, RefusalsInTurn) {
  EXPECT_EQ(client("USER a\r\nSTOR x\r\nPORT 9,9,9,9,9,9\r\nAUTH TLS\r\nPWD\r\n"), "USER a\r\nPWD\r\n");
  EXPECT_EQ(answered_, "");
  const std::string first = server("331 and the password\r\n");
  EXPECT_THAT(first, StartsWith("331 and the password\r\n550 STOR"));
  EXPECT_LT(first.find("550 "), first.find("501 "));
  EXPECT_LT(first.find("501 "), first.find("534 "));
  EXPECT_EQ(server("257 \"/\"\r\n"), "257 \"/\"\r\n");
}

TEST_F(Dialogue, OtherCommandsPass) {
  for (const char* command :
       {"HOST a.example", "OPTS UTF8 ON", "MLST x", "REST 100", "CCC", "PBSZ 0", "PROT P", "SIZE x", "XMKD d",
        "SITE HELP", "RNFR a", "STAT", "ACCT a", "QUIT"}) {
    EXPECT_EQ(client(std::string(command) + "\r\n"), std::string(command) + "\r\n");
    EXPECT_EQ(server("250-a\r\n b\r\n250 c\r\n"), "250-a\r\n b\r\n250 c\r\n");
  }
}

}  // namespace
}  // namespace tsmtp::forward::ftp
