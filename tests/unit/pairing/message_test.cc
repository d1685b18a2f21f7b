#include "relayd/pairing/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/pairing/sample.h"

namespace tsmtp::pairing {
namespace {

using testing::HasSubstr;

const Answer kOffer =
    Offer{.is_final = true,
          .inviter = {.name = "tokyo", .domains = {"tokyo.example"}, .dial = {"a:1", "b:2"}},
          .your_domains = {"birl.example"}};

TEST(Message, RequestIsReadBackAndNotBeforeItIsWhole) {
  const Request request = Tokyo().request(true);
  const std::string text = encode(request);
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_FALSE(read_request(text.substr(0, size))) << size;
  const auto read = read_request(text);
  ASSERT_TRUE(read && *read);
  EXPECT_EQ(**read, request);
  EXPECT_FALSE(*read_request(text + "x"));
}

TEST(Message, AnswersAreReadBackAndNotBeforeTheyAreWhole) {
  for (const Answer& answer :
       {kOffer, Answer(Refusal{.why = Why::kForeignDomain, .detail = "evil.example"})}) {
    const std::string text = encode(answer);
    for (std::size_t size = 0; size < text.size(); ++size)
      EXPECT_FALSE(read_answer(text.substr(0, size))) << size;
    const auto read = read_answer(text);
    ASSERT_TRUE(read && *read);
    EXPECT_EQ(**read, answer);
  }
}

TEST(Message, EachIsRefusedInTheOthersPlace) {
  EXPECT_FALSE(*read_answer(encode(Tokyo().request(true))));
  EXPECT_FALSE(*read_request(encode(kOffer)));
}

TEST(Message, EveryChangedByteIsReadOrRefusedAndBounded) {
  const std::string text = encode(Tokyo().request(true));
  for (std::size_t i = 0; i < text.size(); ++i)
    for (const int byte : {0, 1, 9, 127, 128, 255}) {
      std::string wrong = text;
      wrong[i] = static_cast<char>(byte);
      const auto read = read_request(wrong);
      if (read && *read) {
        EXPECT_LE((*read)->joiner.domains.size(), kMaxDomains);
      }
    }
}

TEST(Message, UnknownFieldsAreSkippedFrom128On) {
  std::string text = encode(kOffer);
  const auto grow = [&](unsigned char tag) {
    std::string longer = text + std::string{static_cast<char>(tag), '\0', '\1', 'x'};
    longer[2] = static_cast<char>(longer[2] + 4);
    return longer;
  };
  EXPECT_TRUE(*read_answer(grow(200)));
  EXPECT_FALSE(*read_answer(grow(100)));
}

TEST(Message, BoundsHold) {
  Request request = Tokyo().request(true);
  request.joiner.domains.assign(kMaxDomains + 1, "a");
  EXPECT_THAT(read_request(encode(request))->error().message, HasSubstr("too many domains"));
  request = Tokyo().request(true);
  request.joiner.name.assign(64, 'a');
  EXPECT_THAT(read_request(encode(request))->error().message, HasSubstr("too long"));
  EXPECT_THAT(read_request(std::string("\x01\xff\xff", 3))->error().message,
              HasSubstr("longer than 16384 bytes"));
  request = Tokyo().request(true);
  request.proof.clear();
  EXPECT_FALSE(*read_request(encode(request)));
}

TEST(Message, ReasonOfALaterVersionIsTrouble) {
  std::string text = encode(Answer(Refusal{.why = Why::kUsed, .detail = {}}));
  text[6] = '\x63';
  EXPECT_EQ(why_of(**read_answer(text)), Why::kTrouble);
}

}  // namespace
}  // namespace tsmtp::pairing
