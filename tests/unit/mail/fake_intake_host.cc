#include "tests/unit/mail/fake_intake_host.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/mail/script.h"

namespace tsmtp::mail {
namespace {

constexpr char kSite[] = "birlinghoven";

std::string key_text(const ledger::DoubtKey& key) {
  return transaction_number(key.transaction) + '.' + std::to_string(key.index);
}

}  // namespace

void FakeIntakeHost::say(const std::string& word, const std::string& argument) {
  const std::string entry = argument.empty() ? word : word + '(' + argument + ')';
  if (entry == "Content" && !log.empty() && log.back() == entry) return;
  log.push_back(entry);
}

base::Result<mux::StreamKey> FakeIntakeHost::open_stream() {
  if (link_down) return base::Error{*link_down};
  last_stream += last_stream == 0 ? 1 : 2;
  return last_stream;
}

void FakeIntakeHost::write_stream(mux::StreamKey stream, std::string_view bytes) {
  RecordReader& reader = readers_.try_emplace(stream, takes_compressed).first->second;
  for (;;) {
    const auto record = reader.read(bytes);
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

void FakeIntakeHost::record_doubt(const std::string& transaction,
                                  const std::vector<ledger::DoubtfulRecipient>& recipients) {
  last_recorded = transaction;
  last_recipients = recipients;
  (void)doubts.record(transaction, kSite, recipients, {});
  say("record", transaction_number(transaction));
}

void FakeIntakeHost::share(const std::string& transaction, std::size_t recipients) {
  for (std::size_t i = 0; i < std::min(recipients, last_recipients.size()); ++i)
    doubts.add_foreign(kSite, {.key = {.transaction = transaction, .index = last_recipients[i].index},
                               .mail = last_recipients[i].mail,
                               .address = last_recipients[i].address,
                               .hub = "osaka",
                               .recorded = {},
                               .is_alone = last_recipients.size() == 1});
}

std::optional<ledger::DoubtKey> FakeIntakeHost::claim_doubt(const std::string& mail) {
  auto claimed = doubts.claim(kSite, mail);
  if (claimed) say("claim", key_text(*claimed));
  return claimed;
}

bool FakeIntakeHost::is_in_doubt(const std::string& address) const {
  return doubts.is_in_doubt(kSite, address);
}

bool FakeIntakeHost::is_anybody_in_doubt() const {
  return doubts.is_anybody_in_doubt(kSite);
}

std::set<std::string> FakeIntakeHost::transactions_to_split(const std::string& address) const {
  return doubts.transactions_to_split(kSite, address);
}

void FakeIntakeHost::mark_in_doubt(const std::string& transaction) {
  doubts.mark_in_doubt(transaction);
  say("mark", transaction_number(transaction));
}

void FakeIntakeHost::mark_in_doubt(const ledger::DoubtKey& key) {
  doubts.mark_in_doubt(key);
  say("mark", key_text(key));
}

void FakeIntakeHost::settle_doubt(const std::string& transaction) {
  (void)doubts.settle(transaction);
  say("settle", transaction_number(transaction));
}

bool FakeIntakeHost::settle_doubt(const ledger::DoubtKey& key) {
  const bool is_all_here = doubts.is_all_here(key.transaction);
  (void)doubts.settle(key);
  say("settle", key_text(key));
  return is_all_here && !doubts.contains(key.transaction);
}

void FakeIntakeHost::ended(const Summary& summary) {
  summaries.push_back(summary);
  say("ended", std::to_string(summary.reply.code));
}

}  // namespace tsmtp::mail
