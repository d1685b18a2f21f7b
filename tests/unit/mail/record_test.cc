// Records: what is written is read, in whatever pieces it comes, and nothing else is.
#include "relayd/mail/record.h"

#include <gtest/gtest.h>

#include "relayd/base/bytes.h"
#include "relayd/mail/record_reader.h"

namespace tsmtp::mail {
namespace {

const std::string kId(kTransactionIdBytes, '\xff');
const smtp::Reply kReply{.code = 550, .lines = {"5.1.1 no", "", "5.1.1 such \xfc user"}};

Traced traced() {
  return {.state = Traced::State::kEnded,
          .begun_ms = 1'772'366'584'007,
          .after_ms = {0, 1, 2, 3, 4, 5, 6, 0xfffffffe},
          .reply = "250 2.0.0 queued \xfc"};
}

std::vector<Record> all_kinds() {
  return {Mail{.transaction = kId, .helo = "tokyo.example", .argument = "FROM:<a@b> SIZE=1"},
          Rcpt{"TO:<x@birl.example> NOTIFY=NEVER"},
          Data{},
          Content{"some\r\ncontent\r\n"},
          Commit{},
          Ask{kId},
          Ask{.transaction = kId, .went = Ask::Went::kToThisOne},
          Ask{.transaction = kId, .went = Ask::Went::kToAnother},
          Settled{kId},
          Trace{kId},
          MailVerdict{kReply},
          RcptVerdict{.index = 999, .reply = kReply},
          DataVerdict{smtp::Reply{.code = 354, .lines = {""}}},
          FinalVerdict{.reply = kReply, .took_ms = 0xfffffffe},
          Outcome{.kind = Outcome::Kind::kUnknown, .reply = {}},
          Outcome{.kind = Outcome::Kind::kPending, .reply = {}},
          Outcome{.kind = Outcome::Kind::kPending, .reply = {}, .refused = {}, .reason = "hub b is away"},
          Outcome{.kind = Outcome::Kind::kKnown, .reply = kReply},
          Outcome{.kind = Outcome::Kind::kKnown, .reply = kReply, .refused = {0, 7, 999}},
          Traced{},
          Traced{.state = Traced::State::kUnderWay, .begun_ms = 1, .after_ms = {0, {}, 7}, .reply = {}},
          traced()};
}

std::string framed(int kind, const std::string& payload) {
  std::string out;
  base::put_u8(out, static_cast<std::uint8_t>(kind));
  base::put_u32(out, static_cast<std::uint32_t>(payload.size()));
  return out + payload;
}

// Encodes again what was read in pieces; content, which comes in pieces, under one header.
std::string read_again(const std::vector<std::string>& pieces) {
  RecordReader reader;
  std::string out, content;
  for (const std::string& piece : pieces) {
    std::string_view input = piece;
    for (;;) {
      const auto record = reader.read(input);
      EXPECT_TRUE(record) << record.error().message;
      if (!record || !*record) break;
      if (const auto* part = std::get_if<Content>(&**record)) {
        content += part->bytes;
        continue;
      }
      if (!content.empty()) out += encode(Content{std::exchange(content, {})});
      out += encode(**record);
    }
    EXPECT_TRUE(input.empty());
  }
  if (!content.empty()) out += encode(Content{content});
  return out;
}

std::string error_of(const std::string& bytes) {
  RecordReader reader;
  std::string_view input = bytes;
  const auto record = reader.read(input);
  return record ? "" : record.error().message;
}

TEST(Record, EveryKindSplitAtEveryByte) {
  for (const Record& record : all_kinds()) {
    const std::string bytes = encode(record);
    for (std::size_t at = 0; at <= bytes.size(); ++at)
      EXPECT_EQ(read_again({bytes.substr(0, at), bytes.substr(at)}), bytes) << record.index() << " at " << at;
  }
}

TEST(Record, AllTogetherByteByByte) {
  std::string bytes;
  std::vector<std::string> pieces;
  for (const Record& record : all_kinds())
    bytes += encode(record);
  for (const char byte : bytes)
    pieces.emplace_back(1, byte);
  EXPECT_EQ(read_again({bytes}), bytes);
  EXPECT_EQ(read_again(pieces), bytes);
}

TEST(Record, EmptyContentIsPassedOver) {
  EXPECT_EQ(read_again({framed(4, "") + framed(4, "") + framed(5, "")}), framed(5, ""));
}

TEST(Record, ContentIsNeverGathered) {
  RecordReader reader;
  const std::string header("\x04\xff\xff\xff\xff", 5);
  std::string_view input = header;
  ASSERT_FALSE(*reader.read(input));
  const std::string piece(10, 'x');
  input = piece;
  const auto record = reader.read(input);
  EXPECT_EQ(std::get<Content>(**record).bytes.data(), piece.data());
}

TEST(Record, UnknownKinds) {
  for (const int kind : {0, 10, 15, 22, 127, 128, 255})
    EXPECT_EQ(error_of(framed(kind, "")), "peer sent a record of unknown kind " + std::to_string(kind));
}

TEST(Record, OverLongIsRefusedByItsHeader) {
  for (int kind = 0; kind < 256; ++kind) {
    if (kind == 4 || kind == 8) continue;  // content
    std::string header = framed(kind, "").substr(0, 1);
    base::put_u32(header, kMaxRecordBytes + 1);
    EXPECT_EQ(error_of(header), "peer sent a record of 262145 bytes");
  }
}

TEST(Record, LongestIsTaken) {
  std::string reply("\x01\x00", 2);
  for (int i = 0; i < 127; ++i)
    reply += std::string(2047, 'x') + '\n';
  reply.resize(kMaxRecordBytes, 'x');
  EXPECT_EQ(error_of(framed(16, reply)), "");
}

// P6: a thousand of them are kept for a transaction, and go to an MTA.
TEST(Record, ArgumentsAreBounded) {
  const std::string longest(kMaxArgumentBytes, 'x');
  const auto mail = [](const std::string& helo, const std::string& argument) {
    return error_of(encode(Mail{.transaction = kId, .helo = helo, .argument = argument}));
  };
  EXPECT_EQ(error_of(encode(Rcpt{longest})), "");
  EXPECT_EQ(error_of(encode(Rcpt{longest + 'x'})), "peer sent a malformed Rcpt record");
  EXPECT_EQ(mail(longest, longest), "");
  EXPECT_EQ(mail(longest + 'x', "FROM:<>"), "peer sent a malformed Mail record");
  EXPECT_EQ(mail("h", longest + 'x'), "peer sent a malformed Mail record");
}

TEST(Record, WrongLengths) {
  EXPECT_NE(error_of(framed(1, kId + std::string("\0", 1))), "");  // Mail without helo's length
  EXPECT_NE(error_of(framed(1, kId + std::string("\0\x05", 2) + "abc")), "");
  EXPECT_NE(error_of(framed(1, kId + std::string("\0\0", 2) + "FROM:<>")), "");  // no helo
  EXPECT_NE(error_of(framed(3, "x")), "");
  EXPECT_NE(error_of(framed(5, "x")), "");
  for (const int kind : {6, 7, 9}) {
    EXPECT_NE(error_of(framed(kind, kId.substr(1))), "");
    EXPECT_NE(error_of(framed(kind, kId + "xx")), "");
  }
  for (const int kind : {16, 17, 18, 19, 20, 21}) {
    EXPECT_NE(error_of(framed(kind, "")), "") << kind;
    EXPECT_NE(error_of(framed(kind, "\x02")), "") << kind;
  }
  EXPECT_NE(error_of(framed(17, std::string("\0\0\2", 3))), "");
  EXPECT_NE(error_of(framed(20, "\x03")), "");
  EXPECT_NE(error_of(framed(20, std::string("\0x", 2))), "");
  EXPECT_NE(error_of(framed(20, '\x01' + std::string(kMaxReasonBytes + 1, 'x'))), "");
  EXPECT_EQ(error_of(framed(20, '\x01' + std::string(kMaxReasonBytes, 'x'))), "");
  EXPECT_NE(error_of(framed(7, kId + "x")), "");
  EXPECT_NE(error_of(framed(9, kId + "x")), "");
}

TEST(Record, TracedOfWrongLengths) {
  const std::string begun = std::string(8, '\0');
  const std::string stage("\0\0\0\0\1", 5);
  EXPECT_EQ(error_of(framed(21, "\1" + begun + '\1' + stage)), "");
  EXPECT_NE(error_of(framed(21, std::string("\0x", 2))), "");
  EXPECT_NE(error_of(framed(21, "\3" + begun + '\1' + stage)), "") << "no such state";
  EXPECT_NE(error_of(framed(21, "\1" + begun)), "");
  EXPECT_NE(error_of(framed(21, "\1" + begun + '\2' + stage)), "") << "fewer stages than it says";
  EXPECT_EQ(error_of(framed(21, "\2" + begun + '\1' + stage + std::string(kMaxTracedReplyBytes, 'x'))), "");
  EXPECT_NE(error_of(framed(21, "\2" + begun + '\1' + stage + std::string(kMaxTracedReplyBytes + 1, 'x'))),
            "");
}

TEST(Record, StagesOfLaterVersionsArePassedOver) {
  RecordReader reader;
  const std::string bytes = framed(
      21, "\1" + std::string(8, '\0') + '\2' + std::string("\x63\0\0\0\1", 5) + std::string("\2\0\0\0\7", 5));
  std::string_view input = bytes;
  const auto record = reader.read(input);
  ASSERT_TRUE(record && *record);
  EXPECT_EQ(std::get<Traced>(**record), (Traced{.state = Traced::State::kUnderWay,
                                                .begun_ms = 0,
                                                .after_ms = {std::nullopt, std::nullopt, 7},
                                                .reply = {}}));
}

TEST(Record, ControlCharactersInArguments) {
  for (int c = 0; c < 256; ++c) {
    const std::string text = "TO:<a" + std::string(1, static_cast<char>(c)) + "b@birl.example>";
    const bool allowed = c >= 0x20 && c != 0x7f;
    EXPECT_EQ(error_of(encode(Rcpt{text})).empty(), allowed) << c;
    EXPECT_EQ(error_of(encode(Mail{.transaction = kId, .helo = "h", .argument = text})).empty(), allowed)
        << c;
    const std::string helo = "a" + std::string(1, static_cast<char>(c)) + "b";
    EXPECT_EQ(error_of(encode(Mail{.transaction = kId, .helo = helo, .argument = "FROM:<>"})).empty(),
              allowed && c != ' ')
        << c;
  }
}

TEST(Record, RepliesThatAreNone) {
  const auto is_taken = [](int code, const std::string& text) {
    std::string bytes;
    base::put_u16(bytes, static_cast<std::uint16_t>(code));
    return error_of(framed(16, bytes + text)).empty();
  };
  for (const int code : {0, 1, 199, 600, 65535})
    EXPECT_FALSE(is_taken(code, "x")) << code;
  for (const std::string& text : {std::string("a\rb"), std::string("a\r\n250 b"), std::string("a\0b", 3)})
    EXPECT_FALSE(is_taken(250, text));
  EXPECT_TRUE(is_taken(250, std::string(127, '\n')));
  EXPECT_FALSE(is_taken(250, std::string(128, '\n')));
  EXPECT_TRUE(is_taken(250, std::string(2048, 'x')));
  EXPECT_FALSE(is_taken(250, std::string(2049, 'x')));
}

TEST(Record, AKnownOutcomeComesBackAsItWas) {
  const auto back =
      decode_known(encode_known({.kind = Outcome::Kind::kKnown, .reply = kReply, .refused = {1, 2, 500}}));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->kind, Outcome::Kind::kKnown);
  EXPECT_EQ(back->reply, kReply);
  EXPECT_EQ(back->refused, (std::vector<std::uint16_t>{1, 2, 500}));
}

TEST(Record, KnownOutcomesThatAreNone) {
  const std::string reply = encode_known({.kind = Outcome::Kind::kKnown, .reply = kReply}).substr(2);
  const auto with_list = [&](std::initializer_list<int> numbers) {
    std::string bytes;
    for (const int number : numbers)
      base::put_u16(bytes, static_cast<std::uint16_t>(number));
    return decode_known(bytes + reply).has_value();
  };
  EXPECT_TRUE(with_list({2, 4, 5}));
  EXPECT_FALSE(with_list({2, 5, 4})) << "not ascending";
  EXPECT_FALSE(with_list({2, 5, 5}));
  EXPECT_FALSE(with_list({0xffff}));
  EXPECT_FALSE(with_list({300, 1}));
  EXPECT_FALSE(decode_known(""));
  EXPECT_FALSE(decode_known(std::string(2, '\0')));
}

}  // namespace
}  // namespace tsmtp::mail
