// P4: whatever is killed or cut, every accepted mail is delivered, and delivered once.
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <set>

#include "tests/support/two_hubs.h"

namespace tsmtp::support {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kContent[] = "Subject: only once\r\n\r\ntext\r\n";

// A broken link ends what is under way here; that it need not is resumption_test.cc's matter.
class P4_NothingTwice : public TwoHubs {
 protected:
  void SetUp() override { start("resume_window = \"0s\"\n"); }

  /// Tries the mail as an MTA does, until it is answered with 2yz or 5yz. Every try's connection may break.
  [[nodiscard]] std::string deliver(const std::string& content) {
    std::string reply;
    const bool answered = wait_until(
        [&] {
          try {
            const std::string endpoint = tokyo.site_status("birl").at("endpoints").at(0);
            Connection client(endpoint.substr(0, endpoint.find(':')), endpoint_port);
            if (!client.reply().starts_with("220")) return false;
            client.command("EHLO mx.tokyo.example");
            reply = send_mail(client, content);
            if (reply.starts_with("2")) (void)client.command("QUIT");
            return reply.starts_with("2") || reply.starts_with("5");
          } catch (const std::exception&) {
            return false;
          }
        },
        std::chrono::seconds(60));
    return answered ? reply : "never answered";
  }

  /// Waits until the far MTA has taken the mail, whose final reply it holds back.
  [[nodiscard]] bool taken() {
    return wait_until([&] { return final_asked.load(); });
  }
  void hold_final_reply() {
    birl_mta.set_script([this](const std::string& command) -> std::string {
      if (command != "." || final_asked.exchange(true)) return "";
      (void)wait_until([this] { return final_released.load(); });
      return "250 2.0.0 first try\r\n";
    });
  }

  /// How many relayds of birl have something to tell to later ones.
  [[nodiscard]] std::ptrdiff_t books() const {
    const auto is_book = [](const auto& entry) {
      return entry.path().filename().string().starts_with("commits.");
    };
    const std::filesystem::directory_iterator entries(birl.file("state"));
    return std::count_if(begin(entries), end(entries), is_book);
  }

  /// The process that has birl's book open beside relayd; 0 when there is none.
  [[nodiscard]] pid_t witness_of_birl() const {
    std::error_code error;
    for (const auto& process : std::filesystem::directory_iterator("/proc")) {
      if (read_file(process.path() / "comm") != "tsmtp-witness\n") continue;
      for (const auto& entry : std::filesystem::directory_iterator(process.path() / "fd", error))
        if (std::filesystem::read_symlink(entry, error).string().starts_with(birl.file("state/commits.")))
          return std::stoi(process.path().filename().string());
    }
    return 0;
  }

  /// A client that has sent a mail, which the far MTA has, and holds its final reply back.
  [[nodiscard]] Connection session_with_a_mail_taken(const char* last_words = ".\r\n") {
    hold_final_reply();
    Connection client = session();
    begin_mail(client, kContent);
    client.send(last_words);
    EXPECT_TRUE(taken());
    return client;
  }

  std::atomic<bool> final_asked{false};
  std::atomic<bool> final_released{false};
};

TEST_F(P4_NothingTwice, NearRelaydKilledBeforeItCouldReply) {
  Connection client = session_with_a_mail_taken();
  tokyo.kill();
  final_released = true;
  tokyo.start();
  ASSERT_TRUE(link_is_up());
  EXPECT_EQ(deliver(kContent), "250 2.0.0 first try\r\n");
  EXPECT_EQ(birl_mta.count(), 1U);
}

TEST_F(P4_NothingTwice, ClientGoneBeforeTheReply) {
  Connection client = session_with_a_mail_taken();
  client.reset();
  ASSERT_TRUE(tokyo.logs("in doubt until our MTA tries again"));
  EXPECT_EQ(tokyo.site_status("birl")["in_doubt"], 1);
  final_released = true;
  EXPECT_EQ(deliver(kContent), "250 2.0.0 first try\r\n");
  EXPECT_EQ(birl_mta.count(), 1U);
  EXPECT_TRUE(wait_until([&] { return tokyo.site_status("birl")["in_doubt"] == 0; }));
}

// The known 250 wins over whatever is said to the second try, wherever it is said.
TEST_F(P4_NothingTwice, RefusalsOfTheSecondTryBounceNothing) {
  for (const char* early : {"true", "false"}) {
    for (const char* refused : {"MAIL", "RCPT", "DATA"}) {
      SCOPED_TRACE(std::string(refused) + " is refused, early_reply = " + early);
      configure(std::string("resume_window = \"0s\"\nearly_reply = ") + early);
      ASSERT_EQ(tokyo.relayctl({"reload"}).status, 0);
      final_asked = final_released = false;
      Connection client = session_with_a_mail_taken();
      client.reset();
      ASSERT_TRUE(wait_until([&] { return tokyo.site_status("birl")["in_doubt"] == 1; }));
      final_released = true;
      birl_mta.set_script([refused](const std::string& command) -> std::string {
        return command.starts_with(refused) ? "550 5.1.1 not any more\r\n" : "";
      });
      EXPECT_EQ(deliver(kContent), "250 2.0.0 first try\r\n");
      EXPECT_TRUE(wait_until([&] { return tokyo.site_status("birl")["in_doubt"] == 0; }));
    }
  }
  EXPECT_EQ(birl_mta.count(), 6U);
}

// The administrator sees what is in doubt, and may forget it: then nothing tells a second try from another
// mail.
TEST_F(P4_NothingTwice, DoubtsAreListedAndForgotten) {
  constexpr int kDataError = 65;
  EXPECT_EQ(tokyo.relayctl({"doubts"}).output, "no mail is in doubt\n");
  {
    Connection client = session_with_a_mail_taken();
    EXPECT_EQ(tokyo.relayctl({"doubts"}).output, "no mail is in doubt\n") << "it is under way";
    client.reset();
    ASSERT_TRUE(tokyo.logs("in doubt until our MTA tries again"));
    final_released = true;
  }
  const auto listed = nlohmann::json::parse(tokyo.relayctl({"doubts", "--json"}).output);
  EXPECT_EQ(listed.at("total"), 1);
  const auto& mail = listed.at("mails").at(0);
  EXPECT_EQ(mail.at("site"), "birl");
  EXPECT_EQ(mail.at("recipients"), 1);
  EXPECT_EQ(mail.at("user"), getuid());
  EXPECT_FALSE(mail.at("tried_again_now").get<bool>());
  const auto id = mail.at("id").get<std::string>();
  ASSERT_EQ(id.size(), 32U);
  EXPECT_THAT(tokyo.relayctl({"doubts"}).output, HasSubstr(id.substr(0, 12) + "  birl "));

  const std::string unknown = (id[0] == 'f' ? "e" : "f") + id.substr(1);
  for (const std::string& wrong : {unknown, id + "0", std::string("xyz"), std::string()}) {
    const Finished refused = tokyo.relayctl({"forget", wrong});
    EXPECT_EQ(refused.status, kDataError) << wrong << ": " << refused.output;
    EXPECT_THAT(refused.output, HasSubstr("relayctl doubts lists them"));
  }
  EXPECT_EQ(tokyo.relayctl({"forget"}).status, 64);
  EXPECT_EQ(tokyo.site_status("birl")["in_doubt"], 1);

  const Finished forgotten = tokyo.relayctl({"forget", id.substr(0, 6)});
  EXPECT_EQ(forgotten.status, 0) << forgotten.output;
  EXPECT_THAT(forgotten.output, HasSubstr("may be delivered twice"));
  EXPECT_TRUE(tokyo.logs("relayctl: mail " + id.substr(0, 12)));
  EXPECT_EQ(tokyo.relayctl({"doubts"}).output, "no mail is in doubt\n");
  EXPECT_EQ(tokyo.relayctl({"forget", id}).status, kDataError);
  EXPECT_THAT(deliver(kContent), StartsWith("250"));
  EXPECT_EQ(birl_mta.count(), 2U) << "as relayctl said";
}

// A reset of a connection that was idle, its last reply read long ago, leaves nothing in doubt.
TEST_F(P4_NothingTwice, AReplyThatWasReadIsInDoubtNoMore) {
  Connection client = session();
  ASSERT_THAT(send_mail(client, kContent), StartsWith("250"));
  const auto doubts = [this] { return tokyo.status().at("ledger").at("doubts").get<int>(); };
  EXPECT_EQ(doubts(), 1);
  EXPECT_TRUE(wait_until([&] { return doubts() == 0; }, std::chrono::seconds(20)));
  client.reset();
  EXPECT_EQ(tokyo.site_status("birl")["in_doubt"], 0);
}

// What is in doubt holds up its own second try only, and no other mail of that sender to that recipient.
TEST_F(P4_NothingTwice, AnotherMailIsNotHeldUp) {
  {
    Connection client = session_with_a_mail_taken();
    client.reset();
    ASSERT_TRUE(tokyo.logs("in doubt until our MTA tries again"));
    final_released = true;
  }
  Connection client = session();
  ASSERT_THAT(client.command("MAIL FROM:<a@tokyo.example>"), StartsWith("250"));
  EXPECT_THAT(client.command("RCPT TO:<b@birl.example>"), StartsWith("250"));
  EXPECT_THAT(client.command("RCPT TO:<c@birl.example>"), StartsWith("250"));
  ASSERT_THAT(client.command("DATA"), StartsWith("354"));
  EXPECT_THAT(client.command("Subject: another\r\n\r\ntext\r\n."), StartsWith("250"));
  EXPECT_EQ(deliver(kContent), "250 2.0.0 first try\r\n");
  EXPECT_EQ(birl_mta.count(), 2U);
}

// As Exim does it: QUIT goes out with the end of content, and the client's half of the connection ends before
// the replies come.
TEST_F(P4_NothingTwice, ClientEndsItsHalfBehindQuit) {
  Connection client = session_with_a_mail_taken(".\r\nQUIT\r\n");
  ::shutdown(client.fd(), SHUT_WR);
  final_released = true;
  EXPECT_EQ(client.reply(), "250 2.0.0 first try\r\n");
  EXPECT_THAT(client.reply(), StartsWith("221 "));
  EXPECT_TRUE(client.closes());
  EXPECT_TRUE(wait_until([&] { return tokyo.site_status("birl")["in_doubt"] == 0; }));
  EXPECT_EQ(birl_mta.count(), 1U);
}

TEST_F(P4_NothingTwice, ClientThatEndedItsHalfBehindQuitIsKilledBeforeItReadTheReply) {
  Connection client = session_with_a_mail_taken(".\r\nQUIT\r\n");
  ::shutdown(client.fd(), SHUT_WR);
  client.reset();
  ASSERT_TRUE(tokyo.logs("in doubt until our MTA tries again"));
  final_released = true;
  EXPECT_EQ(deliver(kContent), "250 2.0.0 first try\r\n");
  EXPECT_EQ(birl_mta.count(), 1U);
}

TEST_F(P4_NothingTwice, ClientThatEndedItsHalfBehindQuitDiesWithTheReplyUnread) {
  hold_final_reply();
  {
    Connection client = session();
    begin_mail(client, kContent);
    client.send(".\r\nQUIT\r\n");
    ::shutdown(client.fd(), SHUT_WR);
    ASSERT_TRUE(taken());
    final_released = true;
    pollfd readable{.fd = client.fd(), .events = POLLIN, .revents = 0};
    ASSERT_EQ(::poll(&readable, 1, 20'000), 1);
  }
  ASSERT_TRUE(wait_until([&] { return tokyo.site_status("birl")["in_doubt"] == 1; }));
  EXPECT_EQ(deliver(kContent), "250 2.0.0 first try\r\n");
  EXPECT_EQ(birl_mta.count(), 1U);
}

// Longer than we wait for it to close: the kernel knows that it has not read.
TEST_F(P4_NothingTwice, ClientThatEndedItsHalfBehindQuitStallsWithTheReplyUnread) {
  Connection client = session_with_a_mail_taken(".\r\nQUIT\r\n");
  ::shutdown(client.fd(), SHUT_WR);
  final_released = true;
  ASSERT_TRUE(wait_until([&] { return tokyo.site_status("birl")["in_doubt"] == 1; }));
  EXPECT_EQ(deliver(kContent), "250 2.0.0 first try\r\n");
  EXPECT_EQ(birl_mta.count(), 1U);
}

TEST_F(P4_NothingTwice, LinkCutBetweenTheEndOfContentAndTheReply) {
  Connection client = session_with_a_mail_taken();
  path.cut();
  EXPECT_THAT(client.reply(), StartsWith("451 4.4.2 birl: link down since "));
  final_released = true;
  EXPECT_EQ(deliver(kContent), "250 2.0.0 first try\r\n");
  EXPECT_EQ(birl_mta.count(), 1U);
}

TEST_F(P4_NothingTwice, TwoEqualMailsAreTwoMails) {
  Connection client = session();
  EXPECT_THAT(send_mail(client, kContent), StartsWith("250 "));
  EXPECT_THAT(send_mail(client, kContent), StartsWith("250 "));
  EXPECT_EQ(birl_mta.count(), 2U);
}

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
  EXPECT_TRUE(birl.logs("commits.1.1 is not what relayd writes there; remove it"));
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
