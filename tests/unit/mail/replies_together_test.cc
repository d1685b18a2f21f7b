// The far side, where its MTA says two or three things at once, at any time: each is taken for what it is. A
// 421 is the connection's end (RFC 5321 section 3.8), and nothing that the MTA says out of turn is ever
// blamed on the content.
#include <gtest/gtest.h>

#include "tests/unit/mail/far_end.h"

namespace tsmtp::mail {
namespace {

constexpr char kMailAtOnce[] = R"(
  R mail FROM:<a@tokyo.example>
  R rcpt TO:<x@birl.example>
  R data
  R content hello
  R content more
  R commit
  K ok
  V request(tokyo.example)
  W MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>|DATA)";

std::vector<smtp::Reply> said_with(const std::string& together, const std::string& ehlo) {
  FarEnd far;
  if (!ehlo.empty()) far.ehlo = ehlo;
  far.run("");
  far.record(
      Mail{.transaction = transaction_id(1), .helo = "tokyo.example", .argument = "FROM:<a@tokyo.example>"});
  far.record(Rcpt{"TO:<x@birl.example>"});
  far.record(Data{});
  far.record(Content{"hello\r\n"});
  far.record(Commit{});
  far.connect();
  far.mta_says(together);
  if (!far.host.released) far.delivery->connection_lost("end of file", {}, far.now);
  return far.host.replies;
}

TEST(RepliesTogether, GoAheadWith421IsNoFaultOfTheContent) {
  FarEnd far;
  far.run(kMailAtOnce);
  far.run(R"(
    M 250 ok|250 ok|354 go|421 4.3.2 shutting down
    V Mail(250) Rcpt(0,250) Data(354) release(close) Final(421) ended(421))");
  EXPECT_EQ(far.host.replies.back().lines.front(), "4.3.2 shutting down");
}

TEST(RepliesTogether, GoAheadWith452IsNoFaultOfTheContent) {
  FarEnd far;
  far.run(kMailAtOnce);
  far.run(R"(
    M 250 ok|250 ok|354 go|452 4.3.1 disk full
    V Mail(250) Rcpt(0,250) Data(354) release(close) Final(452) ended(452))");
}

TEST(RepliesTogether, AYesBehindTheGoAheadIsNoDelivery) {
  FarEnd far;
  far.run(kMailAtOnce);
  far.run(R"(
    M 250 ok|250 ok|354 go|250 2.0.0 queued
    V Mail(250) Rcpt(0,250) Data(354) release(close) Final(451) ended(451))");
}

TEST(RepliesTogether, OneBehindTheLastBelongsToTheConnection) {
  FarEnd far;
  far.to_committed();
  far.run(R"(
    M 250 2.0.0 queued|421 4.3.2 closing
    V release(keep) record(1)
    D ok
    V Final(250) ended(250))");
}

// Every pair and triple of what an MTA may say behind MAIL, RCPT and DATA, and with it at once.
TEST(RepliesTogether, NothingButARefusalOfTheMtaIsPermanent) {
  const std::vector<std::string> words = {"250 ok",    "354 go",      "421 4.3.2 closing", "452 4.3.1 full",
                                          "451 later", "250-a|250 b", "354-a|354 b"};
  const std::string chunking = "250-birl.example|250-PIPELINING|250 CHUNKING";
  for (const std::string& ehlo : {std::string(), chunking})
    for (int answered = 0; answered < 4; ++answered)
      for (const std::string& first : words)
        for (const std::string& second : words)
          for (const std::string& third : words) {
            std::string together;
            for (int i = 0; i < answered; ++i)
              together += i < 2 ? "250 ok|" : "354 go|";
            together += first + '|' + second + '|' + third;
            SCOPED_TRACE(ehlo + " / " + together);
            const auto said = said_with(wire_lines(together), ehlo);
            for (const smtp::Reply& reply : said)
              ASSERT_FALSE(reply.is_permanent()) << reply.summary();
            ASSERT_GE(said.size(), 3U);
          }
}

// A connection lost between the loan and the word of it: nobody else would come.
TEST(RepliesTogether, AConnectionLostBeforeItIsThereIsAskedForOnceMore) {
  FarEnd far;
  far.run(R"(
    R mail FROM:<a@tokyo.example>
    R rcpt TO:<x@birl.example>
    R data
    B end of file
    V request(tokyo.example) release(close) request-fresh(tokyo.example)
    B end of file
    V release(close) Mail(451) Rcpt(0,451) Data(451)
    R commit
    V Final(451) ended(451))");
}

TEST(RepliesTogether, AConnectionThatNeverComesIsARefusalInTime) {
  FarEnd far;
  far.run(R"(
    R mail FROM:<a@tokyo.example>
    R rcpt TO:<x@birl.example>
    R data
    R commit
    T 301
    V request(tokyo.example) release(close) Mail(451) Rcpt(0,451) Data(451) Final(451) ended(451))");
}

}  // namespace
}  // namespace tsmtp::mail
