// The far side, whose near side says nothing more: when that can be told, and what becomes of the mail if
// others wait for its connection.
#include <gtest/gtest.h>

#include "tests/unit/mail/far_end.h"

namespace tsmtp::mail {
namespace {

using std::chrono::seconds;

constexpr char kGivenUp[] =
    "451 4.4.2 birlinghoven: given up: client silent for 20 s, others wait for its MTA";

bool is_silent(const FarEnd& far) {
  return far.delivery->silence().has_value();
}

TEST(DeliverySilent, OnlyWhileItWaitsForNothingElse) {
  FarEnd far;
  const auto then = [&](const char* script, bool silent) {
    SCOPED_TRACE(script);
    far.run(script);
    EXPECT_EQ(is_silent(far), silent);
  };
  then("R mail FROM:<a@tokyo.example>\nV *", false);
  then("K ok\nW MAIL FROM:<a@tokyo.example>", false);
  then("M 250 ok\nV *", true);
  then("R rcpt TO:<x@birl.example>\nW RCPT TO:<x@birl.example>", false);
  then("M 250 ok\nV *", true);
  then("R data\nW DATA", false);
  then("M 354 go\nV *", true);
  then("R content hello\nW hello", true);
  then("R commit\nW .", false);
  then("M 250 queued\nV *", false);
  then("D ok\nV *", false);
}

TEST(DeliverySilent, InTheEnvelopeItsConnectionIsKept) {
  FarEnd far;
  far.run(R"(
    R mail FROM:<a@tokyo.example>
    R rcpt TO:<x@birl.example>
    K ok
    M 250 ok|250 ok
    W MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>
    V *
    T 20)");
  const auto silence = far.delivery->silence();
  ASSERT_TRUE(silence);
  EXPECT_EQ(far.now - silence->since, seconds(20));
  far.delivery->give_up_silent(seconds(20), far.now);
  far.run(R"(
    W RSET
    V release(keep)
    R rcpt TO:<y@birl.example>
    V Rcpt(1,451)
    R data
    V Data(451)
    R commit
    V Final(451) ended(451))");
  EXPECT_EQ(far.host.replies.back().summary(), kGivenUp);
}

TEST(DeliverySilent, InTheContentItsConnectionIsClosed) {
  FarEnd far;
  far.to_content();
  far.run("R content hello\nW hello\nT 20");
  far.delivery->give_up_silent(seconds(20), far.now);
  far.run(R"(
    V release(close)
    R content more
    R commit
    V Final(451) ended(451))");
  EXPECT_EQ(far.host.replies.back().summary(), kGivenUp);
}

// A line of five bytes every ten seconds, for hours: as good as none.
TEST(DeliverySilent, WhoTricklesIsAsGoodAsSilent) {
  FarEnd far;
  far.to_content();
  for (int i = 0; i < 7; ++i)
    far.run("T 10\nR content abc\nW abc");
  const auto silence = far.delivery->silence();
  ASSERT_TRUE(silence);
  EXPECT_GE(far.now - silence->since, silence->patience);
  far.delivery->give_up_silent(far.now - silence->since, far.now);
  EXPECT_EQ(far.host.summaries.size(), 0U);
  far.run("R commit\nV *");
  EXPECT_EQ(far.host.replies.back().summary(),
            "451 4.4.2 birlinghoven: given up: client slow for 67 s, others wait for its MTA");
}

// A slow line, or a client that thinks between its recipients, gets on.
TEST(DeliverySilent, WhoGetsOnIsNot) {
  FarEnd far;
  far.to_content();
  const std::string line(330, 'x');
  for (int i = 0; i < 2; ++i)
    far.run("T 10\nR content " + line + "\nW " + line);
  EXPECT_EQ(far.delivery->silence()->since, far.now);
}

// What the MTA takes its time for, and what the link does not carry, is not the client's.
TEST(DeliverySilent, OnlyTheClientIsWaitedFor) {
  FarEnd far;
  far.run("R mail FROM:<a@tokyo.example>\nK ok\nW MAIL FROM:<a@tokyo.example>\nT 40\nM 250 ok\nV *");
  EXPECT_EQ(far.delivery->silence()->since, far.now);
  far.host.carried.reset();
  far.run("T 40");
  EXPECT_FALSE(is_silent(far));
  far.host.carried = far.now;
  far.run("R rcpt TO:<x@birl.example>\nW RCPT TO:<x@birl.example>\nT 40\nM 250 ok\nV *");
  EXPECT_EQ(far.delivery->silence()->since, far.now);
}

TEST(DeliverySilent, NeverBehindTheEndOfContent) {
  FarEnd far;
  far.to_committed();
  far.run("T 20");
  far.delivery->give_up_silent(seconds(20), far.now);
  far.run("V -\nM 250 queued\nV release(keep) record(1)");
}

}  // namespace
}  // namespace tsmtp::mail
