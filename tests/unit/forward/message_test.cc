#include "relayd/forward/message.h"

#include <gtest/gtest.h>

namespace tsmtp::forward {
namespace {

// What a reader makes of bytes that come one by one.
base::Result<std::optional<Message>> read_slowly(MessageReader& reader, std::string_view bytes) {
  for (const char byte : bytes) {
    reader.add({&byte, 1});
    auto message = reader.next();
    if (!message || *message) return message;
  }
  return std::optional<Message>();
}

TEST(ForwardMessage, EachKindComesBackAsItWas) {
  const std::vector<Message> messages{Request{.kind = Request::Kind::kConnection,
                                              .id = 0x0123456789abcdef,
                                              .token = 0,
                                              .service = "pop3",
                                              .user = "anna",
                                              .client = "127.0.0.1:40000"},
                                      Request{.kind = Request::Kind::kData, .id = 7, .token = 65535},
                                      Waiting{}, Accepted{.approved_by = "root"},
                                      Refused{.cause = "connection refused"}};
  for (const Message& message : messages) {
    MessageReader reader;
    const auto read = read_slowly(reader, encode(message));
    ASSERT_TRUE(read) << read.error().message;
    ASSERT_TRUE(*read);
    EXPECT_EQ(**read, message);
    EXPECT_EQ(reader.size(), 0U);
  }
}

TEST(ForwardMessage, BytesBehindTheLastMessageStayAsTheyAre) {
  MessageReader reader;
  reader.add(encode(Accepted{}) + std::string("+OK\0\xff", 5));
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.take_rest(), std::string("+OK\0\xff", 5));
}

TEST(ForwardMessage, FieldsOfALaterVersionAreIgnored) {
  std::string later = encode(Waiting{}) + "more";
  later[1] = static_cast<char>(later[1] + 4);
  MessageReader reader;
  reader.add(later);
  const auto read = reader.next();
  ASSERT_TRUE(read && *read);
  EXPECT_EQ(**read, Message(Waiting{}));
  EXPECT_EQ(reader.size(), 0U);
}

TEST(ForwardMessage, TextsOfOursAreCut) {
  MessageReader reader;
  reader.add(encode(Refused{.cause = std::string(1000, 'x')}));
  const auto read = reader.next();
  ASSERT_TRUE(read && *read);
  EXPECT_EQ(std::get<Refused>(**read).cause.size(), kMaxMessageText);
}

struct BadMessage {
  const char* name;
  std::string bytes;
};

class ForwardBadMessage : public testing::TestWithParam<BadMessage> {};

TEST_P(ForwardBadMessage, IsAnErrorAndNeverMore) {
  MessageReader reader;
  EXPECT_FALSE(read_slowly(reader, GetParam().bytes));
}

INSTANTIATE_TEST_SUITE_P(
    ForwardMessage, ForwardBadMessage,
    testing::Values(BadMessage{"of_no_bytes", std::string("\0\0", 2)}, BadMessage{"too_long", "\x08\x01"},
                    BadMessage{"longest", "\xff\xff"}, BadMessage{"unknown_type", std::string("\0\1\x09", 3)},
                    BadMessage{"type_zero", std::string("\0\1\0", 3)},
                    BadMessage{"request_of_an_unknown_kind", std::string("\0\2\1\3", 4)},
                    BadMessage{"request_cut_short", std::string("\0\5\1\1\0\0\0", 7)},
                    BadMessage{"text_longer_than_the_message", std::string("\0\3\4\x10x", 5)}),
    [](const auto& bad) { return std::string(bad.param.name); });

}  // namespace
}  // namespace tsmtp::forward
