// Compressed content between both sides of a mail: what crosses the link, what a peer may do with it, and
// that nothing but the number of bytes has changed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "relayd/compress/compressor.h"
#include "tests/support/sample_text.h"
#include "tests/unit/mail/far_end.h"
#include "tests/unit/mail/near_end.h"

namespace tsmtp::mail {
namespace {

using support::sample_noise;
using support::sample_text;
using ::testing::HasSubstr;

std::string frame(std::string_view content) {
  auto compressor = compress::Compressor::make(0);
  std::string out;
  EXPECT_TRUE(compressor->compress(content, out));
  EXPECT_TRUE(compressor->finish(out));
  return out;
}

std::string encode_compressed(const std::string& bytes) {
  return encode_compressed_header(bytes.size()) + bytes;
}

// The content of all records in `bytes`, handed over in pieces, and the names of the others; or the error.
std::string read(std::string bytes, std::size_t piece_bytes = 1 << 20, bool takes_compressed = true) {
  RecordReader reader(takes_compressed);
  std::string out;
  for (std::string_view rest = bytes; !rest.empty();) {
    std::string_view piece = rest.substr(0, piece_bytes);
    rest.remove_prefix(piece.size());
    for (;;) {
      const auto record = reader.read(piece);
      if (!record) return record.error().message;
      if (!*record) break;
      if (const auto* content = std::get_if<Content>(&**record)) out += content->bytes;
      if (std::holds_alternative<Commit>(**record)) out += "[Commit]";
    }
  }
  return out;
}

TEST(CompressedRecord, IsReadAsTheContentItStandsForInWhateverPieces) {
  const std::string text = sample_text(100'000);
  const std::string packed = frame(text);
  const std::string records = encode_compressed(packed.substr(0, 10)) + encode_compressed("") +
                              encode_compressed(packed.substr(10)) + encode(Content{"as it is\r\n"}) +
                              encode(Commit{});
  for (const std::size_t piece_bytes : {1, 3, 1000, 1 << 20})
    EXPECT_TRUE(read(records, piece_bytes) == text + "as it is\r\n[Commit]");
}

TEST(CompressedRecord, OutOfOrder) {
  const std::string packed = frame("hello\r\n");
  EXPECT_EQ(read(encode_compressed(packed), 1 << 20, false),
            "peer sent compressed content, which was not agreed on");
  const std::string cut = encode_compressed(packed.substr(0, packed.size() - 1));
  for (const Record& record : {Record{Commit{}}, Record{Content{"x"}}, Record{Ask{std::string(16, 'x')}}})
    EXPECT_EQ(read(cut + encode(record)), "peer sent compressed content without its end");
  EXPECT_EQ(read(encode(Content{"x"}) + encode_compressed(packed)),
            "peer sent compressed content behind other content");
  EXPECT_THAT(read(encode_compressed(packed) + encode_compressed(packed)), HasSubstr("more behind its end"));
  EXPECT_THAT(read(encode_compressed("nonsense")), HasSubstr("cannot be read"));
  EXPECT_EQ(read(encode_compressed("") + encode(Content{"x"}) + encode(Commit{})), "x[Commit]");
}

class CompressingNear : public testing::Test {
 protected:
  CompressingNear() {
    near_.settings.compression = &budget_;
    near_.settings.rules.max_message_bytes = 0;
    near_.host.takes_compressed = true;
  }
  // A mail of `content` that is delivered.
  void send(const std::string& content) {
    near_.connect();
    for (const char* line : {"MAIL FROM:<a@tokyo.example>\r\n", "RCPT TO:<x@birl.example>\r\nDATA\r\n"})
      near_.client(line);
    near_.client(content + ".\r\n");
    near_.intake->recorded(near_.host.last_recorded, {}, near_.now);
    near_.far(MailVerdict{smtp::make_reply(250, "", "ok")});
    near_.far(RcptVerdict{.index = 0, .reply = smtp::make_reply(250, "", "ok")});
    near_.far(DataVerdict{smtp::make_reply(354, "", "go")});
    near_.far(FinalVerdict{.reply = smtp::make_reply(250, "", "ok")});
    near_.client("QUIT\r\n");
    ASSERT_FALSE(near_.host.summaries.empty());
    EXPECT_EQ(near_.host.summaries.back().reply.code, 250);
    EXPECT_TRUE(near_.host.content == content);
    near_.host.content.clear();
  }
  [[nodiscard]] std::uint64_t link_bytes() const { return near_.host.summaries.back().link_bytes; }

  NearEnd near_;
  base::ByteBudget budget_{kCompressionBytes};
};

TEST_F(CompressingNear, TextIsSentInLessThanHalf) {
  const std::string text = sample_text(200'000);
  send(text);
  EXPECT_EQ(near_.host.summaries.back().size_bytes, text.size());
  EXPECT_LT(link_bytes(), text.size() / 2);
}

TEST_F(CompressingNear, TheSameMailTwiceIsTheSameNumberOfBytes) {
  // Each gains from itself alone: what one holds does not show in the length of another.
  const std::string mail = "Subject: x\r\n\r\n" + sample_noise(3000, 3) + sample_text(20'000);
  send(mail);
  const std::uint64_t first = link_bytes();
  EXPECT_LT(first, mail.size());
  send(mail);
  EXPECT_EQ(link_bytes(), first);
  send(sample_text(50'000, 9));
  send(mail);
  EXPECT_EQ(link_bytes(), first);
}

TEST_F(CompressingNear, WhatIsCompressedAlreadyCostsNoMore) {
  const std::string noise = sample_noise(1'000'000);
  send(noise);
  EXPECT_LE(link_bytes(), noise.size() + 100);
}

TEST_F(CompressingNear, EmptyMailAndSmallMail) {
  send("");
  EXPECT_EQ(link_bytes(), 0U);
  send("x\r\n");
  EXPECT_LT(link_bytes(), 30U);
}

TEST_F(CompressingNear, OnlyWhereThePeerTakesIt) {
  near_.host.takes_compressed = false;
  const std::string text = sample_text(20'000);
  send(text);
  EXPECT_EQ(link_bytes(), text.size());
}

TEST_F(CompressingNear, OnlyWhereItIsWanted) {
  near_.settings.compression = nullptr;
  const std::string text = sample_text(20'000);
  send(text);
  EXPECT_EQ(link_bytes(), text.size());
}

TEST_F(CompressingNear, WithoutMemoryItIsSentAsItIs) {
  ASSERT_TRUE(budget_.take(std::size_t{63} << 20));
  const std::string text = sample_text(20'000);
  send(text);
  EXPECT_EQ(link_bytes(), text.size());
  budget_.give(std::size_t{63} << 20);
  send(text);
  EXPECT_LT(link_bytes(), text.size() / 2);
}

TEST_F(CompressingNear, WhatTheFarSideCannotReadIsToldWithItsCause) {
  near_.connect();
  for (const char* lines :
       {"MAIL FROM:<a@tokyo.example>\r\n", "RCPT TO:<x@birl.example>\r\nDATA\r\n", "hello\r\n"})
    near_.client(lines);
  near_.intake->stream_lost(near_.host.last_stream, "refused by the far side: peer sent compressed content",
                            {});
  near_.client("more\r\n.\r\n");
  std::string last;
  for (std::string reply = near_.next_reply(); !reply.empty(); reply = near_.next_reply())
    last = reply;
  EXPECT_EQ(last, "451 4.4.2 birlinghoven: refused by the far side: peer sent compressed content");
  EXPECT_EQ(budget_.used_bytes(), 0U);
}

class CompressingFar : public testing::Test {
 protected:
  CompressingFar() { far_.settings.takes_compressed = true; }
  void to_content() {
    far_.run(R"(
      R mail FROM:<a@tokyo.example>
      R rcpt TO:<x@birl.example>
      R data
      K ok
      M 250 ok|250 ok|354 go
      W MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>|DATA
      V *)");
  }
  void send(const std::string& record) { far_.delivery->receive(record, far_.now); }
  // As long as the delivery wants to, with an MTA that reads all.
  std::string what_the_mta_gets() {
    std::string out;
    for (;;) {
      out += std::exchange(far_.session->output(), {});
      if (!far_.delivery->wants_step()) return out;
      far_.delivery->step(far_.now);
      EXPECT_LE(far_.session->unsent_bytes(), 100'000U);
    }
  }
  FarEnd far_;
};

TEST_F(CompressingFar, TheMtaGetsTheContent) {
  far_.settings.rules.max_message_bytes = 0;
  to_content();
  const std::string text = sample_text(300'000);
  const std::size_t before = far_.host.consumed_bytes;
  const std::string record = encode_compressed(frame(text));
  send(record + encode(Commit{}));
  EXPECT_TRUE(what_the_mta_gets() == text + ".\r\n");
  EXPECT_EQ(far_.host.consumed_bytes, before + record.size() + encode(Commit{}).size())
      << "credit is for bytes of the link";
  far_.run(R"(
    M 250 queued
    D ok
    V release(keep) record(1) Final(250) ended(250))");
  EXPECT_EQ(far_.host.summaries.back().size_bytes, text.size());
  EXPECT_EQ(far_.host.summaries.back().link_bytes, frame(text).size());
}

TEST_F(CompressingFar, P6_ABombWaitsForTheMtaAndEndsAtMaxMessage) {
  far_.settings.rules.max_message_bytes = 10'000'000;
  to_content();
  const std::string bomb = frame(std::string(100'000'000, 'A'));
  ASSERT_LT(bomb.size(), 20'000U);
  send(encode_compressed(bomb) + encode(Commit{}));
  // No MTA reads: no more than a little has been decompressed.
  EXPECT_LE(far_.session->unsent_bytes(), 100'000U);
  EXPECT_EQ(far_.host.summaries.size(), 0U);
  EXPECT_LE(what_the_mta_gets().size(), 10'000'000U);
  far_.run("V release(close) Final(552) ended(552)");
}

TEST_F(CompressingFar, NothingIsDecompressedForARefusedMail) {
  far_.run(R"(
    R mail FROM:<a@else.example>
    R rcpt TO:<x@birl.example>
    R data
    V *)");
  send(encode_compressed("not even zstd") + encode(Commit{}));
  far_.run("V Final(550) ended(550)");
}

TEST_F(CompressingFar, WhatCannotBeReadEndsTheTransaction) {
  to_content();
  send(encode_compressed(frame("hello\r\n").substr(0, 12) + "nonsense") + encode(Commit{}));
  far_.run("V reset release(close) ended(451)");
  EXPECT_THAT(far_.host.reset_cause, HasSubstr("compressed content that cannot be read"));
  EXPECT_THAT(far_.host.summaries.back().reply.summary(),
              HasSubstr("compressed content that cannot be read"));
}

TEST_F(CompressingFar, AFrameWithoutEndIsNotDelivered) {
  to_content();
  const std::string packed = frame("hello\r\n");
  send(encode_compressed(packed.substr(0, packed.size() - 1)) + encode(Commit{}));
  far_.run(R"(
    W hello
    V reset release(close) ended(451))");
}

TEST_F(CompressingFar, NotAgreedOnIsAnError) {
  far_.settings.takes_compressed = false;
  to_content();
  send(encode_compressed(frame("hello\r\n")));
  far_.run("V reset release(close) ended(451)");
  EXPECT_EQ(far_.host.reset_cause, "peer sent compressed content, which was not agreed on");
}

TEST_F(CompressingFar, BareLineEndsNeverReachTheMta) {
  to_content();
  send(encode_compressed(frame("a\n.\nMAIL FROM:<b@tokyo.example>\n")) + encode(Commit{}));
  far_.run("W -\n V release(close) Final(554) ended(554)");
}

}  // namespace
}  // namespace tsmtp::mail
