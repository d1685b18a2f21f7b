#include "tests/unit/mail/fake_intake_host.h"

#include <gtest/gtest.h>

#include "tests/unit/mail/script.h"

namespace tsmtp::mail {
namespace {

constexpr char kSite[] = "birlinghoven";

}  // namespace

void FakeIntakeHost::say(const std::string& word, const std::string& argument) {
  const std::string entry = argument.empty() ? word : word + '(' + argument + ')';
  if (entry == "Content" && !log.empty() && log.back() == entry) return;
  log.push_back(entry);
}

base::Result<mux::StreamId> FakeIntakeHost::open_stream() {
  if (link_down) return base::Error{*link_down};
  last_stream += last_stream == 0 ? 1 : 2;
  return last_stream;
}

void FakeIntakeHost::write_stream(mux::StreamId stream, std::string_view bytes) {
  for (;;) {
    const auto record = readers_[stream].read(bytes);
    ASSERT_TRUE(record) << record.error().message;
    if (!*record) return;
    if (const auto* mail = std::get_if<Mail>(&**record)) {
      arguments.push_back(mail->helo + ' ' + mail->argument);
      say("Mail");
    } else if (const auto* rcpt = std::get_if<Rcpt>(&**record)) {
      arguments.push_back(rcpt->argument);
      say("Rcpt");
    } else if (std::holds_alternative<Data>(**record)) {
      say("Data");
    } else if (const auto* piece = std::get_if<Content>(&**record)) {
      content += piece->bytes;
      say("Content");
    } else if (std::holds_alternative<Commit>(**record)) {
      say("Commit");
    } else if (const auto* ask = std::get_if<Ask>(&**record)) {
      say("Ask", transaction_number(ask->transaction));
    } else if (const auto* settled = std::get_if<Settled>(&**record)) {
      say("Settled", transaction_number(settled->transaction));
    } else {
      ADD_FAILURE() << "a record of the far side";
    }
  }
}

void FakeIntakeHost::record_doubt(const std::string& transaction, const std::string& digest) {
  last_recorded = transaction;
  (void)doubts.record(transaction, kSite, digest, {});
  say("record", transaction_number(transaction));
}

std::optional<std::string> FakeIntakeHost::claim_doubt(const std::string& digest) {
  auto claimed = doubts.claim(kSite, digest);
  if (claimed) say("claim", transaction_number(*claimed));
  return claimed;
}

void FakeIntakeHost::mark_in_doubt(const std::string& transaction) {
  doubts.mark_in_doubt(transaction);
  say("mark", transaction_number(transaction));
}

void FakeIntakeHost::settle_doubt(const std::string& transaction) {
  (void)doubts.settle(transaction);
  say("settle", transaction_number(transaction));
}

void FakeIntakeHost::ended(const Summary& summary) {
  summaries.push_back(summary);
  say("ended", std::to_string(summary.reply.code));
}

}  // namespace tsmtp::mail
