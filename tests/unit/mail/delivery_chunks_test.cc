// The far side with an MTA that offers CHUNKING: content goes by BDAT, nothing before it is known that there
// is somebody to deliver to, and the last chunk not before a Commit.
#include <gtest/gtest.h>

#include "tests/unit/mail/far_end.h"

namespace tsmtp::mail {
namespace {

constexpr char kAtOnce[] = R"(
  R mail FROM:<a@tokyo.example>
  R rcpt TO:<x@birl.example>
  R rcpt TO:<y@birl.example>
  R data
  R content .hello
  R commit
  V request(tokyo.example)
  K ok
  W MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>|RCPT TO:<y@birl.example>)";

class DeliveryChunks : public testing::Test {
 protected:
  DeliveryChunks() {
    far_.ehlo = "250-birl.example|250-PIPELINING|250-8BITMIME|250 CHUNKING";
    far_.settings.rules.max_message_bytes = 0;
  }
  FarEnd far_;
};

TEST_F(DeliveryChunks, OneForASmallMail) {
  far_.run(kAtOnce);
  far_.run(R"(
    M 250 ok
    V Mail(250)
    M 250 ok
    V Rcpt(0,250)
    W -
    M 550 5.1.1 who is y?
    V Rcpt(1,550) Data(354)
    W BDAT 8 LAST|.hello
    M 250 2.0.0 queued
    V release(keep) record(1)
    D ok
    V Final(250) ended(250))");
  EXPECT_EQ(far_.host.outcomes[transaction_id(1)].refused, std::vector<std::uint16_t>{1});
}

TEST_F(DeliveryChunks, NoneWithNobodyAccepted) {
  far_.run(kAtOnce);
  far_.run(R"(
    M 250 ok|550 5.1.1 who is x?|550 5.1.1 who is y?
    W RSET
    V Mail(250) Rcpt(0,550) Rcpt(1,550) release(keep) Data(550) Final(550) ended(550))");
  EXPECT_EQ(far_.host.replies.back(), script_reply("550 5.1.1 who is x?"));
}

TEST_F(DeliveryChunks, NoneAfterARefusedMail) {
  far_.run(kAtOnce);
  far_.run(R"(
    M 550 5.1.8 no|503 5.5.1 MAIL first|503 5.5.1 MAIL first
    W RSET
    V Mail(550) Rcpt(0,503) Rcpt(1,503) release(keep) Data(550) Final(550) ended(550))");
}

TEST_F(DeliveryChunks, ARefusedOneEndsTheMail) {
  far_.run(R"(
    R mail FROM:<a@tokyo.example>
    R rcpt TO:<x@birl.example>
    R data
    K ok
    M 250 ok|250 ok
    W MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>
    V request(tokyo.example) Mail(250) Rcpt(0,250) Data(354))");
  const std::string piece(70'000, 'x');
  far_.record(Content{piece});
  EXPECT_EQ(far_.session->output().substr(0, 15), "BDAT 70000\r\nxxx");
  far_.session->output().clear();
  far_.run(R"(
    R commit
    W -
    M 552 5.2.2 quota
    W RSET
    V release(keep) Final(552) ended(552))");
}

TEST_F(DeliveryChunks, ARefusedOneIsToldAtTheEndWhateverFollows) {
  far_.run(R"(
    R mail FROM:<a@tokyo.example>
    R rcpt TO:<x@birl.example>
    R data
    K ok
    M 250 ok|250 ok
    W MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>
    V request(tokyo.example) Mail(250) Rcpt(0,250) Data(354))");
  const std::string piece(70'000, 'x');
  far_.record(Content{piece});
  far_.session->output().clear();
  far_.run(R"(
    M 452 4.3.1 disk full
    W RSET
    V release(keep)
    R content more
    R commit
    V Final(452) ended(452))");
}

TEST_F(DeliveryChunks, GivenUpTheyLeaveTheConnectionClean) {
  far_.run(R"(
    R mail FROM:<a@tokyo.example>
    R rcpt TO:<x@birl.example>
    R data
    K ok
    M 250 ok|250 ok
    R content half a
    W MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>
    X
    W RSET
    V request(tokyo.example) Mail(250) Rcpt(0,250) Data(354) release(keep) ended(451))");
}

TEST_F(DeliveryChunks, BareLineEndsNeverReachTheMta) {
  for (const std::string bad : {"a\nb", "a\rb", "\n.\n"}) {
    FarEnd far;
    far.ehlo = far_.ehlo;
    far.run(R"(
      R mail FROM:<a@tokyo.example>
      R rcpt TO:<x@birl.example>
      R data
      K ok
      M 250 ok|250 ok
      W MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>
      V *)");
    far.record(Content{bad});
    far.run(R"(
      W RSET
      V release(keep)
      R commit
      V Final(554) ended(554))");
  }
}

TEST(Delivery8Bit, IsRefusedWhereTheMtaCannotTakeIt) {
  FarEnd far;
  far.ehlo = "250-birl.example|250 PIPELINING";
  far.run(R"(
    R mail FROM:<a@tokyo.example>
    R rcpt TO:<x@birl.example>
    R data
    K ok
    M 250 ok|250 ok|354 go
    W MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>|DATA
    V *)");
  far.record(Content{"caf\xc3\xa9\r\n"});
  far.run(R"(
    V release(close)
    R commit
    V Final(554) ended(554))");
  EXPECT_EQ(far.host.replies.back().lines[0].substr(0, 5), "5.6.3");
}

TEST(Delivery8Bit, PassesUndeclaredWhereTheMtaTakesIt) {
  FarEnd far;
  far.run(R"(
    R mail FROM:<a@tokyo.example>
    R rcpt TO:<x@birl.example>
    R data
    K ok
    M 250 ok|250 ok|354 go
    W MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>|DATA
    V *)");
  far.record(Content{"caf\xc3\xa9\r\n"});
  EXPECT_EQ(far.session->output(), "caf\xc3\xa9\r\n");
  far.session->output().clear();
}

}  // namespace
}  // namespace tsmtp::mail
