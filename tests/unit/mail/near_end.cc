#include "tests/unit/mail/near_end.h"

#include <gtest/gtest.h>

namespace tsmtp::mail {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words)
    out += (out.empty() ? "" : " ") + word;
  return out.empty() ? "-" : out;
}

Outcome::Kind outcome_kind(const std::string& word) {
  if (word == "known") return Outcome::Kind::kKnown;
  return word == "pending" ? Outcome::Kind::kPending : Outcome::Kind::kUnknown;
}

}  // namespace

NearEnd::NearEnd(bool early_reply) {
  settings.site = "birlinghoven";
  settings.rules = near_rules();
  settings.sessions.early_reply = early_reply;
  settings.offered = {
      .pipelining = true, .eight_bit_mime = true, .dsn = true, .enhanced_status_codes = true, .size = 0};
}

void NearEnd::connect() {
  intake = std::make_unique<Intake>(settings, host, digests_, now);
  client(lmtp ? "LHLO tokyo.example\r\n" : "EHLO tokyo.example\r\n");
  intake->output().clear();
}

void NearEnd::run(std::string_view script) {
  if (!intake) connect();
  for (const Step& step : parse_script(script)) {
    SCOPED_TRACE(step.word + ' ' + step.rest);
    play(step);
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_EQ(next_reply(), "") << "said, not expected";
  EXPECT_EQ(joined(host.log), "-") << "done, not expected";
}

void NearEnd::play(const Step& step) {
  if (step.word == "C") {
    client(wire_lines(step.rest));
    return intake->tick(now);
  }
  if (step.word == "S") {
    const std::string said = next_reply();
    EXPECT_TRUE(matches(said, step.rest == "-" ? "" : step.rest)) << "said: " << said;
  } else if (step.word == "L") {
    expect_log(step.rest);
  } else if (step.word == "F") {
    play_far(step.rest);
  } else if (step.word == "D") {
    const base::Result<void> result = step.rest == "ok" ? base::Result<void>() : base::Error{step.rest};
    intake->recorded(host.last_recorded, result, now);
  } else if (step.word == "B") {
    std::string rest = step.rest;
    const std::string transaction = transaction_id(std::stoi(take_word(rest)));
    host.share(transaction, rest.empty() ? host.last_recipients.size() : std::stoul(rest));
    intake->tried_before(host.last_recorded, now);
  } else if (step.word == "X") {
    intake->stream_lost(host.last_stream, step.rest, now);
  } else if (step.word == "Q") {
    intake->client_closed(step.rest == "clean", now);
  } else if (step.word == "N") {
    connect();
  } else if (step.word == "T") {
    now += std::chrono::seconds(std::stoi(step.rest));
    intake->tick(now);
  } else {
    FAIL() << "no such step";
  }
}

void NearEnd::expect_log(const std::string& expected) {
  EXPECT_TRUE(expected == "*" || joined(host.log) == expected) << "done: " << joined(host.log);
  host.log.clear();
}

void NearEnd::play_far(std::string rest) {
  const std::string kind = take_word(rest);
  if (kind == "mail") return far(MailVerdict{script_reply(rest)});
  if (kind == "data") return far(DataVerdict{script_reply(rest)});
  if (kind == "final") return far(FinalVerdict{script_reply(rest)});
  const std::string word = take_word(rest);
  if (kind == "rcpt")
    return far(
        RcptVerdict{.index = static_cast<std::uint16_t>(std::stoi(word)), .reply = script_reply(rest)});
  if (kind == "without") {
    Outcome outcome{.kind = Outcome::Kind::kKnown, .reply = script_reply(rest)};
    for (const char digit : word)
      if (digit != '|') outcome.refused.push_back(static_cast<std::uint16_t>(digit - '0'));
    return far(outcome);
  }
  far(Outcome{.kind = outcome_kind(word), .reply = rest.empty() ? smtp::Reply{} : script_reply(rest)});
}

void NearEnd::far(const Record& record) {
  intake->stream_received(host.last_stream, encode(record), now);
}

std::string NearEnd::next_reply() {
  std::string_view output = intake->output();
  smtp::ReplyReader reader;
  const std::size_t before = output.size();
  const auto reply = reader.read(output);
  if (!reply || !*reply) return "";
  const std::string said = intake->output().substr(0, before - output.size());
  intake->output().erase(0, said.size());
  return script_lines(said);
}

}  // namespace tsmtp::mail
