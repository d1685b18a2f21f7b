// The request trace and its reply, what is meant by an ID, and how a mail's way is shown.
#include "relayd/control/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "relayd/control/request.h"

namespace tsmtp::control {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

constexpr std::uint64_t kBegun = 1'772'366'584'007;  // 2026-03-01T12:03:04.007Z
const base::WallTime kNow{std::chrono::milliseconds(kBegun + 500)};

mail::Summary mail_of(const std::string& reply) {
  mail::Summary summary;
  summary.site = "birl";
  summary.transaction = "0123456789abcdef";
  summary.sender = "a@tokyo.example";
  summary.recipients = {{.address = "b@birl.example", .reply = {.code = 250, .lines = {reply}}}};
  summary.size_bytes = 4096;
  summary.reply = {.code = 250, .lines = {reply}};
  return summary;
}

MailTrace sample() {
  MailTrace trace = trace_of({.summary = mail_of("2.0.0 4AU6 taken"), .at = {}, .wall = kNow}, "tokyo");
  trace.here.traced = {.state = mail::Traced::State::kEnded,
                       .begun_ms = kBegun,
                       .after_ms = {0, {}, 1, 14, {}, 60, 20, 60},
                       .reply = "250 2.0.0 4AU6 taken"};
  // Its clock is three seconds ahead: half of the 40 ms between 20 and 60 lies half way between 8 and 38.
  trace.there.traced = {.state = mail::Traced::State::kEnded,
                        .begun_ms = kBegun + 3000 + 17,
                        .after_ms = {0, 2, 5, 8, {}, 30, 38, 38},
                        .reply = "250 2.0.0 4AU6 taken"};
  return trace;
}

TEST(Trace, ARequestComesBackAsItWas) {
  for (const TraceRequest& request :
       {TraceRequest{.id = "3f6c"}, TraceRequest{.id = "<x@y>", .said = {"one line", "two"}}})
    EXPECT_EQ(parse_trace(argument_of(request)), request);
  TraceRequest large{.id = "3f6c", .said = std::vector<std::string>(100, std::string(1000, 'x'))};
  EXPECT_LT(request_line(Request::kTrace, argument_of(large)).size(), kMaxLongRequestBytes);
  EXPECT_EQ(parse_trace(argument_of(large)).said.size(), 4U);
}

TEST(Trace, AnAnswerComesBackAsItWas) {
  MailTrace failed = sample();
  failed.direction = mail::Direction::kIn;
  failed.there = {.hub = "birl/two", .traced = {}, .trouble = "the link is down"};
  const auto back = parse_traces(traces_json({sample(), failed}));
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, (std::vector<MailTrace>{sample(), failed}));
}

TEST(Trace, AnswersThatAreNoneAreSurvived) {
  for (const char* text : {"", "[]", "{}", R"({"traces":7})", "{\"traces\":[", "null"})
    EXPECT_FALSE(parse_traces(text)) << text;
  for (const char* text : {R"({"traces":[]})", R"({"traces":[7,{},{"here":{}}]})"})
    EXPECT_TRUE(parse_traces(text)->empty()) << text;
  const auto odd = parse_traces(
      R"({"traces":[{"here":7,"there":{"after_ms":{"begun":"x"},"begun_ms":-1},"size":"x","recipients":[7]}]})");
  ASSERT_TRUE(odd);
  EXPECT_EQ(odd->front().there.traced.begun_ms, 0U);
}

struct Meaning {
  const char* id;
  const char* said;
  bool is_meant;
};

TEST(Trace, WhatAnIdMeans) {
  const mail::Summary mail = mail_of("2.0.0 4AU6XY012 Message accepted for delivery");
  constexpr Meaning kTable[] = {
      {"3031", "", true},  // the transaction, in hexadecimal
      {"30313233343536373839616263646566", "", true},
      {"303", "", false},  // too short to mean one
      {"3039", "", false},
      {"4AU6XY012", "", true},
      {"4AU6XY01", "", false},  // a part of a word
      {"AU6XY012", "", false},
      {"b@birl.example", "", true},
      {"a@tokyo.example", "", true},
      {"birl.example", "", false},
      {"3AUQ", "to=<b@birl.example>, stat=Sent (4AU6XY012 Message accepted for delivery)", true},
      {"3AUQ", "to=<c@birl.example>, stat=Sent (4AU6XY012 Message accepted for delivery)", false},
      {"3AUQ", "to=<b@birl.example>, stat=Sent (ok)", false},
  };
  for (const Meaning& row : kTable)
    EXPECT_EQ(is_meant({.id = row.id, .said = {row.said}}, mail), row.is_meant) << row.id << ' ' << row.said;
}

TEST(Trace, RepliesThatManyGetMeanNoMail) {
  const mail::Summary mail = mail_of("2.0.0 ok");
  EXPECT_FALSE(is_meant({.id = "3AUQ", .said = {"to=<b@birl.example>, stat=Sent (ok)"}}, mail));
}

TEST(Trace, BothSidesStandOnOneTimeLine) {
  EXPECT_EQ(
      trace_text(sample(), kNow),
      "30313233343536373839616263646566 out to birl: 250 2.0.0 4AU6 taken\n"
      "  from <a@tokyo.example>, 4096 bytes\n"
      "  to <b@birl.example>: 250 2.0.0 4AU6 taken\n"
      "  2026-03-01T12:03:04.007Z  tokyo  its MTA begins a mail\n"
      "  2026-03-01T12:03:04.008Z  tokyo  DATA is answered, its MTA may send the content (1 ms for the far "
      "side)\n"
      "  2026-03-01T12:03:04.021Z  tokyo  the last of the content is here (13 ms for its MTA)\n"
      "  2026-03-01T12:03:04.024Z  birl   the mail begins to come\n"
      "  2026-03-01T12:03:04.026Z  birl   it has a connection to its MTA (2 ms for its MTA's connections)\n"
      "  2026-03-01T12:03:04.027Z  tokyo  the mail is in the ledger, the end of content goes out (6 ms for "
      "its ledger)\n"
      "  2026-03-01T12:03:04.029Z  birl   its MTA has answered the envelope (3 ms for its MTA)\n"
      "  2026-03-01T12:03:04.032Z  birl   the last of the content is here (3 ms for the near side, and the "
      "link)\n"
      "  2026-03-01T12:03:04.054Z  birl   its MTA has replied (22 ms for its MTA)\n"
      "  2026-03-01T12:03:04.062Z  birl   the outcome is in the ledger (8 ms for its ledger)\n"
      "  2026-03-01T12:03:04.062Z  birl   the near side is told\n"
      "  2026-03-01T12:03:04.067Z  tokyo  the far side's reply is here (40 ms for the far side, and the "
      "link)\n"
      "  2026-03-01T12:03:04.067Z  tokyo  its MTA is told\n"
      "  the clock of birl is 3.0 s ahead of this hub's; its times are shown by this hub's clock\n");
}

TEST(Trace, OneUnderWaySaysWhatIsWaitedFor) {
  MailTrace trace = sample();
  trace.here.traced = {.state = mail::Traced::State::kUnderWay,
                       .begun_ms = kBegun,
                       .after_ms = {0, {}, 1, 14, {}, {}, 20, {}},
                       .reply = {}};
  trace.there.traced = {.state = mail::Traced::State::kUnderWay,
                        .begun_ms = kBegun + 10,
                        .after_ms = {0, 2, 5, 12, {}, {}, {}, {}},
                        .reply = {}};
  const std::string text = trace_text(trace, kNow);
  EXPECT_THAT(text, HasSubstr("out to birl: under way\n"));
  EXPECT_THAT(
      text,
      EndsWith("  now                       tokyo  waits for the far side's reply, since 480 ms\n"
               "  now                       birl   waits for its MTA's reply, or etcd, since 478 ms\n"));
}

TEST(Trace, AHubThatKnowsNothingSaysSo) {
  MailTrace trace = sample();
  trace.there = {.hub = "birl", .traced = {}, .trouble = "the link is down\x1b"};
  EXPECT_THAT(trace_text(trace, kNow), EndsWith("  birl could not be asked: the link is down\\x1b\n"));
  trace.there.trouble.clear();
  EXPECT_THAT(trace_text(trace, kNow), HasSubstr("birl remembers nothing of it"));
}

// P8: whatever comes from the wire.
TEST(Trace, HostileBytesAreEscaped) {
  MailTrace trace = sample();
  trace.sender = "a\nb\x1b";
  trace.recipients = {"<c\r>"};
  trace.here.traced.reply = "250 \x07";
  trace.there.hub = "birl";
  const std::string text = trace_text(trace, kNow);
  for (const char c : text)
    EXPECT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7f));
  EXPECT_THAT(text, Not(HasSubstr("\nb")));
}

}  // namespace
}  // namespace tsmtp::control
