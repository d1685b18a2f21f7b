#include "tests/unit/mail/far_end.h"

#include <gtest/gtest.h>

namespace tsmtp::mail {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words)
    out += (out.empty() ? "" : " ") + word;
  return out.empty() ? "-" : out;
}

}  // namespace

void FarEnd::run(std::string_view script) {
  if (!delivery) delivery.emplace(settings, host, now);
  for (const Step& step : parse_script(script)) {
    SCOPED_TRACE(step.word + ' ' + step.rest);
    play(step);
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_EQ(joined(host.log), "-") << "done, not expected";
  EXPECT_EQ(take_output(), "-") << "sent to the MTA, not expected";
}

void FarEnd::to_content() {
  run(R"(
    R mail FROM:<a@tokyo.example>
    R rcpt TO:<x@birl.example>
    R data
    K ok
    M 250 ok|250 ok|354 go
    W MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>|DATA
    V *)");
}

void FarEnd::to_committed() {
  to_content();
  run(R"(
    R content hello
    R commit
    W hello|.)");
}

void FarEnd::play(const Step& step) {
  if (step.word == "R") return record(near_record(step.rest));
  if (step.word == "K") {
    if (step.rest == "ok" || step.rest == "kept") return connect(step.rest == "kept");
    delivery->connection_failed(script_reply(step.rest), now);
  } else if (step.word == "W") {
    EXPECT_EQ(take_output(), step.rest);
  } else if (step.word == "M") {
    mta_says(wire_lines(step.rest));
  } else if (step.word == "V") {
    EXPECT_TRUE(step.rest == "*" || joined(host.log) == step.rest) << "done: " << joined(host.log);
    host.log.clear();
  } else if (step.word == "D") {
    delivery->recorded(now);
  } else if (step.word == "C") {
    std::optional<smtp::Reply> refusal;
    if (step.rest != "ok") refusal = script_reply(step.rest);
    delivery->claimed(refusal, now);
  } else if (step.word == "Q") {
    delivery->earlier_ended(outcome(step.rest), now);
  } else if (step.word == "B") {
    delivery->connection_lost(step.rest, {}, now);
  } else if (step.word == "X") {
    delivery->stream_lost(now);
  } else if (step.word == "E") {
    delivery->peer_finished(now);
  } else if (step.word == "T") {
    now += std::chrono::seconds(std::stoi(step.rest));
    delivery->tick(now);
  } else {
    FAIL() << "no such step";
  }
}

void FarEnd::connect(bool was_used) {
  session.emplace("tokyo.example");
  session->receive("220 birl.example\r\n");
  session->receive(wire_lines(ehlo));
  if (was_used) {
    session->send("RSET", 0);
    session->receive("250 ok\r\n");
  }
  session->output().clear();
  while (session->next_event()) {
  }
  delivery->connected(*session, now);
}

// As MtaConnection does it: once released, the connection's events are no longer the delivery's.
void FarEnd::mta_says(std::string_view bytes) {
  session->receive(bytes);
  if (!host.released) delivery->step(now);
}

Record FarEnd::near_record(std::string rest) {
  const std::string kind = take_word(rest);
  if (kind == "mail")
    return Mail{.transaction = transaction_id(1), .helo = "tokyo.example", .argument = rest};
  if (kind == "rcpt") return Rcpt{rest};
  if (kind == "data") return Data{};
  if (kind == "commit") return Commit{};
  if (kind == "ask") return Ask{transaction_id(std::stoi(rest))};
  if (kind == "settled") return Settled{transaction_id(std::stoi(rest))};
  EXPECT_EQ(kind, "content");
  content_ = wire_lines(rest);
  return Content{content_};
}

Outcome FarEnd::outcome(std::string rest) {
  const std::string kind = take_word(rest);
  if (kind == "unknown") return {};
  if (kind == "pending") return {.kind = Outcome::Kind::kPending, .reply = {}, .refused = {}, .reason = rest};
  EXPECT_EQ(kind, "known");
  return {.kind = Outcome::Kind::kKnown, .reply = script_reply("250 then")};
}

std::string FarEnd::take_output() {
  if (!session || session->output().empty()) return "-";
  return script_lines(std::exchange(session->output(), {}));
}

}  // namespace tsmtp::mail
