// hub.audit: every transaction is a line of JSON on both hubs, whatever becomes of the file.
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "tests/support/audit_record_of.h"
#include "tests/support/two_hubs.h"

namespace tsmtp::support {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

using Records = std::vector<nlohmann::json>;

constexpr auto records_in = json_lines_in;

class Audit : public TwoHubs {
 protected:
  void SetUp() override {
    configure();
    for (Hub* hub : {&tokyo, &birl})
      set_in_hub(*hub, "audit = \"" + hub->file("audit/audit.jsonl") + '"');
  }
  void start_both() {
    birl.start();
    tokyo.start();
    ASSERT_TRUE(link_is_up());
  }
  std::string mail(const std::string& recipient) {
    Connection client = session();
    const std::string reply =
        send_mail(client, "Subject: secret\r\n\r\nsecret\r\n", "a@tokyo.example", recipient);
    client.command("QUIT");
    return reply;
  }
  static Records wait_for(const std::string& path, std::size_t count) {
    EXPECT_TRUE(wait_until([&] { return records_in(path).size() >= count; })) << read_file(path);
    return records_in(path);
  }
  std::string tokyos = tokyo.file("audit/audit.jsonl");
};

TEST_F(Audit, DeliveredRefusedAndDeferredAreOnRecordAtBothEnds) {
  birl_mta.set_script([](const std::string& command) -> std::string {
    if (command.find("<nobody@") != std::string::npos) return "550 5.1.1 no such user\r\n";
    if (command.find("<busy@") != std::string::npos) return "450 4.2.1 mailbox busy\r\n";
    return "";
  });
  start_both();
  EXPECT_THAT(mail("b@birl.example"), StartsWith("250 "));
  EXPECT_THAT(mail("nobody@birl.example"), StartsWith("550 "));
  EXPECT_THAT(mail("busy@birl.example"), StartsWith("450 "));
  birl_mta.set_script([](const std::string& command) {
    return std::string(command == "." ? "554 5.7.1 not this one\r\n" : "");
  });
  EXPECT_THAT(mail("b@birl.example"), StartsWith("554 "));
  const Records out = wait_for(tokyos, 4);
  const Records in = wait_for(birl.file("audit/audit.jsonl"), 4);
  const std::vector<std::string> results{"delivered", "refused", "deferred", "refused"};
  const std::vector<std::string> recipients{"b@birl.example", "nobody@birl.example", "busy@birl.example",
                                            "b@birl.example"};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(out[i]["direction"], "out");
    EXPECT_EQ(in[i]["direction"], "in");
    EXPECT_EQ(out[i]["hub"], "tokyo");
    EXPECT_EQ(out[i]["site"], "birl");
    EXPECT_EQ(out[i]["transaction"], in[i]["transaction"]);
    for (const nlohmann::json& record : {out[i], in[i]}) {
      EXPECT_EQ(record["result"], results[i]) << record;
      EXPECT_EQ(record["sender"], "a@tokyo.example");
      EXPECT_EQ(record["recipients"][0]["address"], recipients[i]);
      EXPECT_EQ(record["helo"], "mx.tokyo.example");
      EXPECT_GE(record["milliseconds"]["total"], record["milliseconds"]["far_mta"]);
    }
  }
  EXPECT_EQ(out[1]["recipients"][0]["reply"], "550 5.1.1 no such user");
  EXPECT_EQ(out[1]["enhanced"], "5.1.1");
  EXPECT_EQ(read_file(tokyos).find("secret"), std::string::npos);  // P8
  EXPECT_EQ(tokyo.status()["audit"]["written"], 4);
}

TEST_F(Audit, RotationNeedsNoSignalAndAReloadHarmsNothing) {
  start_both();
  EXPECT_THAT(mail("b@birl.example"), StartsWith("250 "));
  ASSERT_EQ(wait_for(tokyos, 1).size(), 1U);
  std::filesystem::rename(tokyos, tokyos + ".1");
  EXPECT_THAT(mail("b@birl.example"), StartsWith("250 "));
  ASSERT_EQ(wait_for(tokyos, 1).size(), 1U);
  std::filesystem::rename(tokyos, tokyos + ".2");
  tokyo.process().signal(SIGHUP);
  EXPECT_TRUE(wait_until([&] { return std::filesystem::exists(tokyos); }));
  EXPECT_THAT(mail("b@birl.example"), StartsWith("250 "));
  EXPECT_EQ(wait_for(tokyos, 1).size(), 1U);
  EXPECT_EQ(records_in(tokyos + ".1").size() + records_in(tokyos + ".2").size(), 2U);
}

TEST_F(Audit, AFullDiskCostsRecordsAndNoMail) {
  std::filesystem::create_directory(tokyo.file("audit"));
  std::filesystem::create_symlink("/dev/full", tokyos);
  start_both();
  EXPECT_THAT(mail("b@birl.example"), StartsWith("250 "));
  EXPECT_TRUE(tokyo.logs("audit record: records are being lost: " + tokyos +
                         ": cannot be written: No space left on device"));
  EXPECT_EQ(tokyo.status()["audit"]["lost"], 1);
  std::filesystem::remove(tokyos);
  EXPECT_THAT(mail("b@birl.example"), StartsWith("250 "));
  EXPECT_EQ(wait_for(tokyos, 1).size(), 1U);
  EXPECT_TRUE(tokyo.logs("audit record: written again, 1 record was lost"));
}

TEST_F(Audit, AReloadTurnsItOffAndOnAndRefusesWhatCannotBeOpened) {
  start_both();
  EXPECT_THAT(mail("b@birl.example"), StartsWith("250 "));
  configure();
  ASSERT_EQ(tokyo.relayctl({"reload"}).status, 0);
  EXPECT_TRUE(tokyo.status()["audit"].is_null());
  EXPECT_THAT(mail("b@birl.example"), StartsWith("250 "));
  EXPECT_EQ(wait_for(tokyos, 1).size(), 1U);
  set_in_hub(tokyo, "audit = \"/proc/nowhere/audit.jsonl\"");
  const Finished refused = tokyo.relayctl({"reload"});
  EXPECT_EQ(refused.status, 70);
  EXPECT_THAT(refused.output,
              HasSubstr("hub.audit: /proc/nowhere/audit.jsonl: cannot be opened: No such file"));
}

TEST_F(Audit, AFileThatCannotBeMadeIsSaidAtTheStart) {
  configure();
  set_in_hub(tokyo, "audit = \"" + tokyo.file("relayd.toml") + "/audit.jsonl\"");
  tokyo.launch();
  EXPECT_EQ(tokyo.process().wait(), 69);
  EXPECT_THAT(tokyo.log(), HasSubstr("hub.audit: " + tokyo.config() + ": is not a directory"));
  // So that there is something to end.
  configure();
  start_both();
}

// Root makes the file where hub.user could not, and it is hub.user's from then on.
TEST_F(Audit, IsWrittenByTheUserThatRelaydBecomes) {
  std::filesystem::create_directory(tokyo.file("audit"));
  std::filesystem::permissions(tokyo.file("audit"), std::filesystem::perms(0755));
  std::filesystem::permissions(std::filesystem::path(tokyo.config()).parent_path(),
                               std::filesystem::perms(0755));
  configure();
  set_in_hub(tokyo, std::string(geteuid() == 0 ? "user = \"nobody\"\n" : "") + "audit = \"" + tokyos + '"');
  start_both();
  EXPECT_THAT(mail("b@birl.example"), StartsWith("250 "));
  EXPECT_EQ(wait_for(tokyos, 1).size(), 1U);
  struct stat status {};
  ASSERT_EQ(stat(tokyos.c_str(), &status), 0);
  EXPECT_NE(status.st_uid, 0U);
  EXPECT_EQ(status.st_mode & 0777U, 0640U);
}

}  // namespace
}  // namespace tsmtp::support
