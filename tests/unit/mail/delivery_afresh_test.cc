// The far side, where the connection it was lent turns out to be dead: once, and only while the MTA has taken
// nothing, the mail is begun again on a new one.
#include <gtest/gtest.h>

#include "tests/unit/mail/far_end.h"

namespace tsmtp::mail {
namespace {

constexpr char kKept[] = R"(
  R mail FROM:<a@tokyo.example>
  R rcpt TO:<x@birl.example>
  R data
  R content hello
  R commit
  V request(tokyo.example)
  K kept
  W MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>|DATA)";

constexpr char kGoesOnAfresh[] = R"(
  K ok
  W MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>|DATA
  M 250 ok|250 ok|354 go
  W hello|.
  M 250 queued
  V Mail(250) Rcpt(0,250) Data(354) release(keep) record(1)
  D ok
  V Final(250) ended(250))";

TEST(DeliveryAfresh, KeptConnectionThatBreaksAtMailIsTriedAfresh) {
  FarEnd far;
  far.run(kKept);
  far.run(R"(
    B end of file
    V release(close) request-fresh(tokyo.example))");
  far.run(kGoesOnAfresh);
}

TEST(DeliveryAfresh, KeptConnectionThatCloses421AtMailIsTriedAfresh) {
  FarEnd far;
  far.run(kKept);
  far.run(R"(
    M 421 4.4.2 idle for too long
    V release(close) request-fresh(tokyo.example))");
  far.run(kGoesOnAfresh);
}

TEST(DeliveryAfresh, RecipientsOfLaterGoOnTheFreshConnectionOnce) {
  FarEnd far;
  far.run(R"(
    R mail FROM:<a@tokyo.example>
    K kept
    R rcpt TO:<x@birl.example>
    W MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>
    B end of file
    R rcpt TO:<y@birl.example>
    V request(tokyo.example) release(close) request-fresh(tokyo.example)
    K ok
    W MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>|RCPT TO:<y@birl.example>)");
}

TEST(DeliveryAfresh, KeptConnectionIsTriedAfreshWithChunks) {
  FarEnd far;
  far.ehlo = "250-birl.example|250-PIPELINING|250 CHUNKING";
  far.run(R"(
    R mail FROM:<a@tokyo.example>
    R rcpt TO:<x@birl.example>
    R data
    K kept
    W MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>
    B end of file
    V request(tokyo.example) release(close) request-fresh(tokyo.example)
    K ok
    W MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>
    M 250 ok|250 ok
    V Mail(250) Rcpt(0,250) Data(354))");
}

// DATA was asked before the connection broke, and is owed an answer too.
TEST(DeliveryAfresh, ANewConnectionThatCannotBeHadRefusesAllThatWasAsked) {
  FarEnd far;
  far.run(kKept);
  far.run(R"(
    B end of file
    V release(close) request-fresh(tokyo.example)
    K 451 4.4.1 birlinghoven: its MTA: Connection refused, 127.0.0.1:25
    V release(close) Mail(451) Rcpt(0,451) Data(451) Final(451) ended(451))");
}

TEST(DeliveryAfresh, ItIsTriedAfreshOnceAndOnlyIfNothingWasHeard) {
  FarEnd far;
  far.run(kKept);
  far.run(R"(
    B end of file
    V release(close) request-fresh(tokyo.example)
    K kept
    W MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>|DATA
    M 250 ok
    B end of file
    V Mail(250) release(close) Rcpt(0,451) Data(451) Final(451) ended(451))");
  FarEnd silent;
  silent.run(kKept);
  silent.run(R"(
    T 301
    V release(close) Mail(451) Rcpt(0,451) Data(451) Final(451) ended(451))");
}

}  // namespace
}  // namespace tsmtp::mail
