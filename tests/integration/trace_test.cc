// relayctl trace: the way of a mail at both hubs, while it is under way, when it is over, and out of the
// audit record.
#include <future>
#include <memory>
#include <regex>

#include "tests/support/private_journal.h"
#include "tests/support/two_hubs.h"

namespace tsmtp::support {
namespace {

using ::testing::HasSubstr;

class Trace : public TwoHubs {
 protected:
  void SetUp() override { start("resume_window = \"1s\""); }
  /// The transaction that tokyo logged last, as its log has it.
  [[nodiscard]] std::string transaction() const {
    std::string found;
    const std::string log = tokyo.log();
    const std::regex line("out birl ([0-9a-f]{12}): ");
    for (auto it = std::sregex_iterator(log.begin(), log.end(), line); it != std::sregex_iterator(); ++it)
      found = (*it)[1];
    return found;
  }
  std::string mail() {
    Connection client = session();
    return send_mail(client, "Subject: x\r\n\r\nx\r\n");
  }
};

TEST_F(Trace, BothHubsTellTheirPart) {
  birl_mta.set_script([](const std::string& command) {
    return command == "." ? "250 2.0.0 7XY8Z9 is queued\r\n" : std::string();
  });
  ASSERT_THAT(mail(), HasSubstr("7XY8Z9"));
  ASSERT_TRUE(wait_until([&] { return !transaction().empty(); }));
  for (const Hub* hub : {&tokyo, &birl}) {
    const Finished said = hub->relayctl({"trace", transaction()});
    EXPECT_EQ(said.status, 0) << said.output;
    for (const char* part : {"tokyo  its MTA begins a mail", "birl   the mail begins to come",
                             "birl   it has a connection to its MTA", "tokyo  the mail is in the ledger",
                             "birl   its MTA has replied", "birl   the outcome is in the ledger",
                             "tokyo  its MTA is told", "to <b@birl.example>: 250 2.0.0 7XY8Z9"})
      EXPECT_THAT(said.output, HasSubstr(part));
  }
  EXPECT_THAT(tokyo.relayctl({"trace", "7XY8Z9"}).output, HasSubstr("out to birl"))
      << "by the far MTA's queue id";
}

TEST_F(Trace, OneUnderWaySaysWhatItWaitsFor) {
  std::promise<void> may_reply;
  birl_mta.set_script([answer = may_reply.get_future().share()](const std::string& command) {
    if (command == ".") answer.wait();
    return std::string();
  });
  Connection client = session();
  begin_mail(client, "Subject: x\r\n\r\nx\r\n");
  client.send(".\r\n");
  std::string said;
  EXPECT_TRUE(wait_until([&] {
    said = tokyo.relayctl({"trace", "b@birl.example"}).output;
    return said.find("birl   waits for its MTA's reply") != said.npos;
  })) << said;
  EXPECT_THAT(said, HasSubstr("out to birl: under way"));
  EXPECT_THAT(said, HasSubstr("tokyo  waits for the far side's reply"));
  may_reply.set_value();
  EXPECT_THAT(client.reply(), HasSubstr("250 "));
}

TEST_F(Trace, WhatRelaydHasForgottenStandsInTheRecord) {
  tokyo.kill();
  const std::string text = read_file(tokyo.config());
  write_file(tokyo.config(),
             "[hub]\naudit = \"" + tokyo.file("audit/audit.jsonl") + '"' + text.substr(text.find('\n')));
  tokyo.start();
  ASSERT_TRUE(tokyo.wait_for_link("birl"));
  ASSERT_EQ(mail().substr(0, 3), "250");
  ASSERT_TRUE(wait_until(
      [&] { return !read_file(tokyo.file("audit/audit.jsonl")).empty() && !transaction().empty(); }));
  tokyo.kill();
  tokyo.start();
  ASSERT_TRUE(tokyo.wait_for_link("birl"));
  const Finished said = tokyo.relayctl({"trace", transaction()});
  EXPECT_EQ(said.status, 0);
  EXPECT_THAT(said.output, HasSubstr("out of the audit record"));
}

class TraceInJournal : public Trace {
 protected:
  void SetUp() override {
    if (!PrivateJournal::is_possible()) GTEST_SKIP() << "no journald here, or not root";
    journal_ = std::make_unique<PrivateJournal>();
    if (!journal_->takes_entries()) GTEST_SKIP() << "journald does not run in a namespace of its own";
    configure("resume_window = \"1s\"", "audit = \"journald\"");
    birl.start();
    tokyo.start();
    ASSERT_TRUE(tokyo.wait_for_link("birl"));
  }
  void TearDown() override {
    if (!IsSkipped()) Trace::TearDown();
    journal_.reset();
  }
  void forget() {
    tokyo.kill();
    tokyo.start();
    ASSERT_TRUE(tokyo.wait_for_link("birl"));
  }
  static std::string records() {
    return run({"/usr/bin/journalctl", "--quiet", "--output=cat", "--identifier=tsmtp-audit"}).output;
  }

 private:
  std::unique_ptr<PrivateJournal> journal_;
};

TEST_F(TraceInJournal, WhatRelaydHasForgottenStandsThere) {
  ASSERT_EQ(mail().substr(0, 3), "250");
  ASSERT_TRUE(wait_until([&] { return !transaction().empty(); }));
  const std::string id = transaction();
  ASSERT_TRUE(wait_until([&] { return records().find(id) != std::string::npos; }));
  forget();
  std::string whole;
  ASSERT_TRUE(wait_until([&] {
    const auto traces = nlohmann::json::parse(tokyo.relayctl({"trace", "--json", id}).output, nullptr, false);
    if (!traces.is_object() || traces["traces"].empty()) return false;
    whole = traces["traces"][0]["transaction"];
    return true;
  }));
  for (const std::string& asked : {id, whole, std::string("b@birl.example")}) {
    const Finished said = tokyo.relayctl({"trace", asked});
    EXPECT_EQ(said.status, 0) << asked;
    EXPECT_THAT(said.output, HasSubstr("out of the audit record")) << asked;
    EXPECT_THAT(said.output, HasSubstr(whole)) << asked;
  }
  EXPECT_EQ(tokyo.relayctl({"trace", "deadbeef"}).status, 66);

  const std::string forged = std::string(whole.size(), 'e');
  std::string record = records().substr(0, records().find('\n'));
  ASSERT_NE(record.find(whole), record.npos) << record;
  record.replace(record.find(whole), whole.size(), forged);
  EXPECT_EQ(run({"/usr/bin/setpriv", "--reuid=65534", "--clear-groups", "systemd-cat",
                 "--identifier=tsmtp-audit", "echo", record})
                .status,
            0);
  EXPECT_TRUE(wait_until([&] { return records().find(forged) != std::string::npos; }));
  EXPECT_EQ(tokyo.relayctl({"trace", forged}).status, 66) << "another user wrote it";
  EXPECT_EQ(tokyo.relayctl({"trace", forged.substr(0, 12)}).status, 66);
}

TEST_F(Trace, AHubThatCannotBeAskedIsNamed) {
  ASSERT_EQ(mail().substr(0, 3), "250");
  birl.kill();
  ASSERT_TRUE(tokyo.wait_for_link_down("birl"));
  EXPECT_THAT(tokyo.relayctl({"trace", transaction()}).output, HasSubstr("birl could not be asked: "));
}

TEST_F(Trace, OneThatNobodyKnowsSaysSo) {
  const Finished said = tokyo.relayctl({"trace", "deadbeef"});
  EXPECT_EQ(said.status, 66);
  EXPECT_THAT(said.output, HasSubstr("No mail of that ID"));
  EXPECT_EQ(tokyo.relayctl({"trace", "x y"}).status, 65);
  tokyo.kill();
  EXPECT_EQ(tokyo.relayctl({"trace", "deadbeef"}).status, 69);
}

}  // namespace
}  // namespace tsmtp::support
