#include "tests/unit/mail/fake_delivery_host.h"

#include <gtest/gtest.h>

#include "tests/unit/mail/script.h"

namespace tsmtp::mail {

void FakeDeliveryHost::say(const std::string& word, const smtp::Reply& reply) {
  say(word + std::to_string(reply.code) + ')');
  replies.push_back(reply);
}

void FakeDeliveryHost::release_connection(bool reusable) {
  released = true;
  kept_after_release = reusable;
  say(reusable ? "release(keep)" : "release(close)");
}

void FakeDeliveryHost::write_stream(std::string_view bytes) {
  const auto record = reader_.read(bytes);
  ASSERT_TRUE(record && *record && bytes.empty());
  if (const auto* mail = std::get_if<MailVerdict>(&**record))
    say("Mail(", mail->reply);
  else if (const auto* rcpt = std::get_if<RcptVerdict>(&**record))
    say("Rcpt(" + std::to_string(rcpt->index) + ',', rcpt->reply);
  else if (const auto* data = std::get_if<DataVerdict>(&**record))
    say("Data(", data->reply);
  else if (const auto* final = std::get_if<FinalVerdict>(&**record))
    say("Final(", final->reply);
  else if (const auto* outcome = std::get_if<Outcome>(&**record)) {
    last_reason = outcome->reason;
    say(outcome->kind == Outcome::Kind::kKnown     ? "Outcome(known)"
        : outcome->kind == Outcome::Kind::kPending ? "Outcome(pending)"
                                                   : "Outcome(unknown)");
  } else if (const auto* traced = std::get_if<Traced>(&**record))
    say(traced->state == Traced::State::kUnknown ? "Traced(unknown)" : "Traced(known)");
  else
    ADD_FAILURE() << "a record of the near side";
}

void FakeDeliveryHost::reset_stream(const std::string& cause) {
  reset_cause = cause;
  say("reset");
}

void FakeDeliveryHost::record_outcome(const std::string& transaction, const Outcome& outcome) {
  outcomes[transaction] = outcome;
  say("record(" + transaction_number(transaction) + ')');
}

bool FakeDeliveryHost::claim(const std::string& transaction) {
  if (shares_outcomes) say("claim(" + transaction_number(transaction) + ')');
  return shares_outcomes;
}

std::optional<Outcome> FakeDeliveryHost::end_earlier(const Ask& question) {
  if (shares_outcomes) {
    say("ask(" + transaction_number(question.transaction) + ')');
    return std::nullopt;
  }
  const auto found = outcomes.find(question.transaction);
  return found == outcomes.end() ? Outcome{} : found->second;
}

void FakeDeliveryHost::forget_outcome(const std::string& transaction) {
  outcomes.erase(transaction);
  say("forget(" + transaction_number(transaction) + ')');
}

void FakeDeliveryHost::ended(const Summary& summary) {
  summaries.push_back(summary);
  say("ended(" + std::to_string(summary.reply.code) + ')');
}

}  // namespace tsmtp::mail
