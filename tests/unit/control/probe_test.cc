// The request `probe` and its reply come back as they went.
#include "relayd/control/probe.h"

#include <gtest/gtest.h>

namespace tsmtp::control {
namespace {

TEST(Probe, RequestComesBackAsItWent) {
  const ProbeRequest request{.site = "birl", .sender = "", .recipient = "\"a b\"@birl.example"};
  const auto read = parse_probe(argument_of(request));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, request);
}

TEST(Probe, RequestOfTooFewOrTooManyPartsIsAnError) {
  for (const char* argument : {"", "birl", "birl\ta@b", "birl\ta\tb\tc"})
    EXPECT_FALSE(parse_probe(argument)) << argument;
}

TEST(Probe, AnswerComesBackAsItWent) {
  const ProbeAnswer answer{.link = "up", .key = "sha256:x", .mail = "250 ok", .trouble = "no \"answer\"\n"};
  const auto read = parse_probe_answer(probe_json(answer));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, answer);
}

TEST(Probe, AnswerThatIsNoneIsAnError) {
  for (const char* text : {"", "{", "[]", "7"})
    EXPECT_FALSE(parse_probe_answer(text)) << text;
  const auto wrong_types = parse_probe_answer("{\"link\": 7, \"mail\": []}");
  ASSERT_TRUE(wrong_types);
  EXPECT_EQ(*wrong_types, ProbeAnswer{});
}

}  // namespace
}  // namespace tsmtp::control
