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

TEST(DeliverySilent, NeverBehindTheEndOfContent) {
  FarEnd far;
  far.to_committed();
  far.run("T 20");
  far.delivery->give_up_silent(seconds(20), far.now);
  far.run("V -\nM 250 queued\nV release(keep) record(1)");
}

}  // namespace
}  // namespace tsmtp::mail
