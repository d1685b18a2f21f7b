// P4 where the far relayd is killed: its witness hears what the MTA answers, and the next relayd knows it.
#include "tests/integration/nothing_twice.h"

namespace tsmtp::support {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST_F(P4_NothingTwice, FarRelaydKilledInTheContent) {
  birl_mta.stalled = true;
  Connection client = session();
  begin_mail(client, std::string(2'000'000, 'x') + "\r\n");
  birl.kill();
  birl_mta.stalled = false;
  client.send(".\r\n");
  EXPECT_THAT(client.reply(), StartsWith("451 4.4.2 birl: "));
  birl.start();
  ASSERT_TRUE(link_is_up());
  EXPECT_THAT(deliver(kContent), StartsWith("250 "));
  EXPECT_EQ(birl_mta.count(), 1U);
}

// Its witness hears the reply (net/witness/witness.h).
TEST_F(P4_NothingTwice, FarRelaydKilledWhileItsMtaPonders) {
  Connection client = session_with_a_mail_taken();
  birl.kill();
  EXPECT_THAT(client.reply(), StartsWith("451 4.4.2 birl: link down since "));
  birl.start();
  ASSERT_TRUE(link_is_up());
  EXPECT_TRUE(birl.logs("killed while our MTA had 1 mail to answer for; its witness waits"));
  // Tried again too early.
  Connection again = session();
  EXPECT_THAT(send_mail(again, kContent), HasSubstr("an earlier try of this mail is still being delivered"));
  final_released = true;
  EXPECT_EQ(deliver(kContent), "250 2.0.0 first try\r\n");
  EXPECT_EQ(birl_mta.count(), 1U);
  EXPECT_TRUE(birl.logs("1 mail, under way when the last relayd was killed, had been taken by our MTA"));
  EXPECT_TRUE(wait_until([&] { return books() == 1; })) << "that of the relayd that runs";
}

TEST_F(P4_NothingTwice, FarRelaydKilledAndItsMtaRefuses) {
  birl_mta.set_script([this](const std::string& command) -> std::string {
    if (command != "." || final_asked.exchange(true)) return "";
    (void)wait_until([this] { return final_released.load(); });
    return "451 4.3.0 not now\r\n";
  });
  Connection client = session();
  begin_mail(client, kContent);
  client.send(".\r\n");
  ASSERT_TRUE(taken());
  birl.kill();
  final_released = true;
  birl.start();
  ASSERT_TRUE(link_is_up());
  EXPECT_THAT(deliver(kContent), StartsWith("250 "));
  EXPECT_EQ(birl_mta.count(), 1U);
}

// With BDAT each chunk is answered. That is not the reply to the end of content, which has not been sent yet.
TEST_F(P4_NothingTwice, FarRelaydKilledBeforeTheLastChunk) {
  birl_mta.set_extensions({"PIPELINING", "8BITMIME", "SIZE", "CHUNKING"});
  birl.kill();
  birl.start();  // it asks what is offered
  ASSERT_TRUE(link_is_up());
  birl_mta.set_script([this](const std::string& command) -> std::string {
    const bool is_chunk = command.starts_with("BDAT") && !command.ends_with("LAST\r\n");
    if (!is_chunk || final_asked.exchange(true)) return "";
    (void)wait_until([this] { return final_released.load(); });
    return "250 2.0.0 chunk taken\r\n";
  });
  const std::string content = std::string(100'000, 'x') + "\r\n";
  Connection client = session();
  begin_mail(client, content);
  client.send(".\r\n");
  ASSERT_TRUE(taken());
  // When a later one has passed, the end of the first has come to birl too.
  Connection other = session();
  ASSERT_THAT(send_mail(other, kContent), StartsWith("250 "));
  birl.kill();
  final_released = true;
  birl.start();
  ASSERT_TRUE(link_is_up());
  EXPECT_THAT(deliver(content), StartsWith("250 "));
  EXPECT_EQ(birl_mta.count(), 2U);
}

// A second kill, of the relayd that learnt from the witness, changes nothing.
TEST_F(P4_NothingTwice, FarRelaydKilledAgain) {
  Connection client = session_with_a_mail_taken();
  birl.kill();
  final_released = true;
  birl.start();
  ASSERT_TRUE(birl.logs("had been taken by our MTA"));
  birl.kill();
  birl.start();
  ASSERT_TRUE(link_is_up());
  EXPECT_EQ(deliver(kContent), "250 2.0.0 first try\r\n");
  EXPECT_EQ(birl_mta.count(), 1U);
}

TEST_F(P4_NothingTwice, FarRelaydStoppedWhileItsMtaPonders) {
  Connection client = session_with_a_mail_taken();
  birl.process().signal(SIGTERM);
  ASSERT_TRUE(birl.logs("shutting down"));
  birl.process().signal(SIGTERM);  // the second does not wait for transactions
  ASSERT_EQ(birl.process().wait(), 0);
  final_released = true;
  birl.start();
  ASSERT_TRUE(link_is_up());
  EXPECT_EQ(deliver(kContent), "250 2.0.0 first try\r\n");
  EXPECT_EQ(birl_mta.count(), 1U);
}

// A site is its key: the one that asks for the mail is called otherwise than the one that it came from, and
// another bears that name.
class SwappedNames : public P4_NothingTwice {
 protected:
  void SetUp() override {
    birl_site_keys = "\n[[site]]\nname = \"osaka\"\npin = [\"" + nobodys_pin() + "\"]\naddress = \"" +
                     third_address() + "\"\nendpoint = [\"" + third_address() + ':' +
                     std::to_string(endpoint_port) +
                     "\"]\ndomains = [\"osaka.example\"]\nlocal = [\"birl.example\"]\n";
    P4_NothingTwice::SetUp();
  }
  void swap_names() {
    std::string text = read_file(birl.config());
    for (const auto& [from, to] : {std::pair("tokyo", "?"), {"osaka", "tokyo"}, {"?", "osaka"}}) {
      const std::string old_name = "name = \"" + std::string(from) + '"';
      ASSERT_NE(text.find(old_name), std::string::npos);
      text.replace(text.find(old_name), old_name.size(), "name = \"" + std::string(to) + '"');
    }
    write_file(birl.config(), text);
  }
};

TEST_F(SwappedNames, WhileTheFarRelaydIsKilledInACommit) {
  Connection client = session_with_a_mail_taken();
  birl.kill();
  swap_names();
  birl.start();  // its witness still waits for the reply
  ASSERT_TRUE(birl.wait_for_link("osaka"));
  Connection again = session();
  EXPECT_THAT(send_mail(again, kContent), HasSubstr("an earlier try of this mail is still being delivered"));
  final_released = true;
  EXPECT_EQ(deliver(kContent), "250 2.0.0 first try\r\n");
  EXPECT_EQ(birl_mta.count(), 1U);
}

TEST_F(SwappedNames, WhenTheWitnessHasHeardTheReply) {
  Connection client = session_with_a_mail_taken();
  birl.kill();
  final_released = true;
  ASSERT_TRUE(wait_until([&] { return witness_of_birl() == 0; }));
  swap_names();
  birl.start();
  ASSERT_TRUE(birl.logs("had been taken by our MTA"));
  ASSERT_TRUE(birl.wait_for_link("osaka"));
  EXPECT_EQ(deliver(kContent), "250 2.0.0 first try\r\n");
  EXPECT_EQ(birl_mta.count(), 1U);
}

// Nothing waits for us then, or is left behind.
TEST_F(P4_NothingTwice, WitnessEndsWithAnIdleRelayd) {
  Connection client = session();
  EXPECT_THAT(send_mail(client, kContent), StartsWith("250 "));
  birl.kill();
  EXPECT_TRUE(wait_until([&] { return books() == 0; }));
}

TEST_F(P4_NothingTwice, WitnessThatIsKilledIsMissed) {
  const pid_t witness = witness_of_birl();
  ASSERT_GT(witness, 0);
  ASSERT_EQ(::kill(witness, SIGKILL), 0);
  ASSERT_TRUE(wait_until([&] { return witness_of_birl() == 0; }));
  Connection client = session();
  EXPECT_THAT(send_mail(client, kContent), StartsWith("250 ")) << "mail goes on";
  EXPECT_TRUE(birl.logs("the witness has ended (killed?)"));
}

// It holds nothing that anybody else would wait for, and no name by which relayd is looked for.
TEST_F(P4_NothingTwice, WitnessHoldsOnlyWhatItWitnesses) {
  const std::string process = "/proc/" + std::to_string(witness_of_birl());
  std::set<std::string> held;
  for (const auto& entry : std::filesystem::directory_iterator(process + "/fd")) {
    const std::string target = std::filesystem::read_symlink(entry).string();
    held.insert(target.starts_with("socket:") ? "socket"
                                              : target.substr(0, birl.file("state/commits.").size()));
  }
  EXPECT_EQ(held, (std::set<std::string>{"/dev/null", "socket", birl.file("state/commits.")}));
  EXPECT_THAT(read_file(process + "/cmdline"), StartsWith("tsmtp-witness"));
  EXPECT_THAT(read_file(process + "/cmdline"), ::testing::Not(HasSubstr("relayd")));
}

TEST_F(P4_NothingTwice, BooksThatAreNoneAreNotBelieved) {
  birl.kill();
  ASSERT_TRUE(wait_until([&] { return books() == 0; }));
  std::ofstream(birl.file("state/commits.1.1")) << "what is this";
  birl.start();
  EXPECT_TRUE(birl.logs("commits.1.1 is no book of commits of relayd; remove it"));
  ASSERT_TRUE(link_is_up());
  EXPECT_THAT(deliver(kContent), StartsWith("250 "));
}

TEST_F(P4_NothingTwice, RandomCutsOfLinkAndClientAndKillsOfBothRelayds) {
  const char* given = std::getenv("TSMTP_SEED");
  const auto seed = given != nullptr ? std::stoul(given) : std::random_device{}();
  SCOPED_TRACE("TSMTP_SEED=" + std::to_string(seed));
  std::minstd_rand random(static_cast<unsigned>(seed));
  constexpr int kMails = TSMTP_VOLUME / 10;
  std::atomic<bool> done{false};
  std::thread sender([&] {
    for (int i = 0; i < kMails; ++i)
      EXPECT_THAT(
          deliver("X-Id: " + std::to_string(i) + "\r\n\r\n" + std::string(i * 997 % 100'000, 'x') + "\r\n"),
          StartsWith("250 "));
    done = true;
  });
  // What is done next, and after how many delivered mails, is drawn; the moment within a mail is the
  // machine's.
  while (!done) {
    const std::size_t next = birl_mta.count() + random() % 3;
    if (!wait_until([&] { return done || birl_mta.count() >= next; })) break;
    const auto drawn = random() % 8;
    if (drawn >= 4) {
      path.cut();
    } else {
      Hub& killed = drawn < 2 ? tokyo : birl;
      killed.kill();
      killed.launch();
    }
  }
  sender.join();
  EXPECT_TRUE(link_is_up());  // whatever was launched last serves, and can be stopped
  std::map<std::string, int> times;
  for (const Delivered& mail : birl_mta.delivered())
    ++times[mail.content.substr(0, mail.content.find('\r'))];
  EXPECT_EQ(times.size(), static_cast<std::size_t>(kMails));
  for (const auto& [id, count] : times)
    EXPECT_EQ(count, 1) << id;
}

}  // namespace
}  // namespace tsmtp::support
