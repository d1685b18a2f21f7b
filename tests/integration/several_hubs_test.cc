// A site of several hubs: which gets a mail, and what becomes of it when a hub goes.
#include "tests/support/several_hubs.h"

#include <atomic>
#include <csignal>
#include <map>
#include <thread>

#include "tests/support/wait_until.h"

namespace tsmtp::support {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string content_of(int number) {
  return "Subject: " + std::to_string(number) + "\r\n\r\ntext\r\n";
}

// A dead peer is noticed within 2 s.
constexpr char kQuick[] = "peer_timeout = \"2s\"\n";

TEST_F(SeveralHubs, TheFirstInOrderGetsAllMail) {
  start(2);
  Connection client = session();
  for (int i = 0; i < 4; ++i)
    EXPECT_THAT(send_mail(client, content_of(i)), StartsWith("250 "));
  EXPECT_EQ(far[0]->mta.count(), 4U);
  EXPECT_EQ(far[1]->mta.count(), 0U);
}

TEST_F(SeveralHubs, SpreadGivesEachInTurn) {
  start(3, "prefer = \"spread\"\n");
  Connection client = session();
  for (int i = 0; i < 6; ++i)
    EXPECT_THAT(send_mail(client, content_of(i)), StartsWith("250 "));
  for (const auto& one : far)
    EXPECT_EQ(one->mta.count(), 2U) << one->name;
}

// A session may be told only what any hub that its mails may go to can do.
TEST_F(SeveralHubs, OnlyWhatAllOfferIsAnnounced) {
  for (const char* more : {"DSN", "CHUNKING"}) {
    FarHub& one = add_hub();
    one.mta.set_extensions({"PIPELINING", "8BITMIME", "SIZE 1000000", more});
    one.hub.kill();
    one.hub.start();  // it asks what is offered
  }
  configure_tokyo("");
  tokyo.start();
  ASSERT_TRUE(takes_mail("mail1"));
  ASSERT_TRUE(takes_mail("mail2"));
  Connection client = session();
  const std::string both = client.command("EHLO mx.tokyo.example");
  EXPECT_THAT(both, HasSubstr("8BITMIME"));
  EXPECT_THAT(both, HasSubstr("SIZE 1000000"));
  EXPECT_THAT(both, ::testing::Not(HasSubstr("DSN")));
  EXPECT_THAT(both, ::testing::Not(HasSubstr("CHUNKING")));
  far[0]->hub.kill();
  ASSERT_TRUE(takes_no_mail("mail1"));
  Connection second = session();
  EXPECT_THAT(second.command("EHLO mx.tokyo.example"), HasSubstr("CHUNKING"));
  far[0]->hub.start();
  ASSERT_TRUE(takes_mail("mail1"));
  // What it was told only mail2 can do.
  EXPECT_THAT(send_mail(second, content_of(1)), StartsWith("250 "));
  EXPECT_EQ(far[1]->mta.count(), 1U);
}

TEST_F(SeveralHubs, OneThatDrainsGetsNoMoreWhileTheSessionStays) {
  start(2);
  // A mail keeps it from ending at once.
  far[0]->mta.stalled = true;
  Connection busy = session();
  EXPECT_THAT(busy.command("MAIL FROM:<a@tokyo.example>"), StartsWith("250 "));
  EXPECT_THAT(busy.command("RCPT TO:<b@birl.example>"), StartsWith("250 "));
  EXPECT_THAT(busy.command("DATA"), StartsWith("354 "));
  busy.send(std::string(100'000, 'x') + "\r\n");
  ASSERT_TRUE(wait_until([&] { return far[0]->hub.site_status("tokyo")["open_transactions"] == 1; }));
  Connection client = session();
  EXPECT_THAT(client.command("MAIL FROM:<a@tokyo.example>"), StartsWith("250 "));
  EXPECT_THAT(client.command("RSET"), StartsWith("250 "));
  far[0]->hub.process().signal(SIGTERM);
  ASSERT_TRUE(takes_no_mail("mail1"));
  EXPECT_THAT(send_mail(client, content_of(1)), StartsWith("250 "));
  EXPECT_EQ(far[1]->mta.count(), 1U);
  far[0]->mta.stalled = false;
  busy.send(".\r\n");
  EXPECT_THAT(busy.reply(), StartsWith("250 "));
  EXPECT_EQ(far[0]->hub.process().wait(), 0);
}

TEST_F(SeveralHubs, OneWhoseMtaIsDownGetsNone) {
  start(2);
  Connection client = session();
  far[0]->mta.set_greeting("421 4.3.2 closed\r\n");
  far[0]->mta.limit = 0;
  // It is found out by the first mail there.
  (void)deliver(content_of(0));
  ASSERT_TRUE(takes_no_mail("mail1"));
  EXPECT_THAT(send_mail(client, content_of(1)), StartsWith("250 "));
  EXPECT_EQ(copies(content_of(1)), 1U);
  EXPECT_EQ(far[0]->mta.count(), 0U);
}

TEST_F(SeveralHubs, WithoutAnyEachIsNamed) {
  start(2);
  for (const auto& one : far) {
    one->hub.kill();
    ASSERT_TRUE(takes_no_mail(one->name));
  }
  std::string greeting;
  EXPECT_TRUE(wait_until([&] {
    Connection client(tokyo.site_status("birl")["endpoints"][0].get<std::string>().substr(
                          0, tokyo.site_status("birl")["endpoints"][0].get<std::string>().find(':')),
                      endpoint_port);
    greeting = client.reply();
    return greeting.starts_with("421 4.4.1 birl: mail1: link down since ") &&
           greeting.find("; mail2: link down since ") != std::string::npos;
  })) << greeting;
  for (const auto& one : far)
    one->hub.start();
}

TEST_F(SeveralHubs, ASessionOutlivesTheHubOfItsMails) {
  start(2, kQuick);
  Connection client = session();
  EXPECT_THAT(send_mail(client, content_of(1)), StartsWith("250 "));
  far[0]->hub.kill();
  ASSERT_TRUE(takes_no_mail("mail1"));
  EXPECT_THAT(send_mail(client, content_of(2)), StartsWith("250 "));
  EXPECT_EQ(far[1]->mta.count(), 1U);
  far[0]->hub.start();
  ASSERT_TRUE(takes_mail("mail1"));
  EXPECT_THAT(send_mail(client, content_of(3)), StartsWith("250 ")) << "and comes back to it";
  EXPECT_EQ(far[0]->mta.count(), 2U);
}

// None of it has been sent yet, or nothing has been said to it: the other hub takes it over.
TEST_F(SeveralHubs, AMailThatHasBegunGoesToAnotherUnseen) {
  start(2, kQuick);
  Connection client = session();
  EXPECT_THAT(client.command("MAIL FROM:<a@tokyo.example>"), StartsWith("250 "));
  EXPECT_THAT(client.command("RCPT TO:<b@birl.example>"), StartsWith("250 "));
  far[0]->hub.kill();
  ASSERT_TRUE(takes_no_mail("mail1"));
  EXPECT_TRUE(wait_until([&] { return status_of("mail1")["mails_under_way"] == 0; }));
  EXPECT_EQ(status_of("mail2")["mails_under_way"], 1);
  EXPECT_THAT(client.command("DATA"), StartsWith("354 "));
  client.send(content_of(1));
  EXPECT_THAT(client.command("."), StartsWith("250 "));
  EXPECT_EQ(far[1]->mta.count(), 1U);
  far[0]->hub.start();
}

TEST_F(SeveralHubs, AMailInTheMiddleIsPutOffWithAReason) {
  start(2, kQuick);
  far[0]->mta.stalled = true;
  Connection client = session();
  EXPECT_THAT(client.command("MAIL FROM:<a@tokyo.example>"), StartsWith("250 "));
  EXPECT_THAT(client.command("RCPT TO:<b@birl.example>"), StartsWith("250 "));
  EXPECT_THAT(client.command("DATA"), StartsWith("354 "));
  client.send(std::string(100'000, 'x') + "\r\n");
  far[0]->hub.process().signal(SIGSTOP);
  ASSERT_TRUE(takes_no_mail("mail1"));
  client.send(".\r\n");
  EXPECT_THAT(client.reply(), StartsWith("451 4.4.2 birl: mail1: link down since "));
  EXPECT_THAT(send_mail(client, content_of(2)), StartsWith("250 ")) << "the session goes on";
  EXPECT_EQ(far[1]->mta.count(), 1U);
  far[0]->mta.stalled = false;
  far[0]->hub.process().signal(SIGCONT);
}

/// The first hub's MTA has the end of a mail, and ponders until it is released; then it says 250. Once.
class SeveralHubsPonder : public SeveralHubs {
 protected:
  /// The session that has sent it and waits for the reply.
  Connection session_with_a_mail_taken() {
    far[0]->mta.set_script([&](const std::string& command) -> std::string {
      if (command != "." || asked_.exchange(true)) return "";
      (void)wait_until([&] { return released.load(); });
      return "250 2.0.0 first try\r\n";
    });
    Connection client = session();
    EXPECT_THAT(client.command("MAIL FROM:<a@tokyo.example>"), StartsWith("250 "));
    EXPECT_THAT(client.command("RCPT TO:<b@birl.example>"), StartsWith("250 "));
    EXPECT_THAT(client.command("DATA"), StartsWith("354 "));
    client.send(content_of(1) + ".\r\n");
    EXPECT_TRUE(wait_until([&] { return asked_.load(); }));
    return client;
  }

  std::atomic<bool> released{false};

 private:
  std::atomic<bool> asked_{false};
};

// Only the hub that had it knows how it ended. Another would say that it never came.
TEST_F(SeveralHubsPonder, ADoubtWaitsForItsHub) {
  start(2, kQuick);
  Connection client = session_with_a_mail_taken();
  far[0]->hub.kill();
  EXPECT_THAT(client.reply(), StartsWith("451 4.4.2 birl: mail1: "));
  released = true;
  EXPECT_THAT(send_mail(client, content_of(1)),
              StartsWith("451 4.4.2 birl: in doubt at hub mail1: link down since "));
  EXPECT_THAT(send_mail(client, content_of(2)), StartsWith("250 ")) << "others are not held up";
  EXPECT_TRUE(wait_until([&] { return copies(content_of(1)) == 1U; }));
  far[0]->hub.start();
  ASSERT_TRUE(takes_mail("mail1"));
  EXPECT_EQ(deliver(content_of(1)), "250 2.0.0 first try\r\n");
  EXPECT_EQ(copies(content_of(1)), 1U);
  EXPECT_TRUE(wait_until([&] { return tokyo.site_status("birl")["in_doubt"] == 0; }));
}

// Its machine is gone, and nothing says so: the silence is noticed after peer_timeout.
TEST_F(SeveralHubs, MailFlowsAgainSoonAfterADeath) {
  start(3, kQuick);
  std::atomic<bool> ends{false};
  std::atomic<int> sent{0};
  std::vector<std::string> last(4);
  std::vector<std::thread> clients;
  for (std::size_t client = 0; client < last.size(); ++client)
    clients.emplace_back([&, client] {
      Connection open = session();
      for (int i = 0; !ends; ++i) {
        const std::string content = content_of(static_cast<int>(client) * 100'000 + i);
        last[client] = send_mail(open, content);
        if (!last[client].starts_with("250 ")) last[client] = deliver(content);
        if (!last[client].starts_with("250 ")) return;
        ++sent;
      }
    });
  ASSERT_TRUE(wait_until([&] { return sent >= 20; }));
  far[0]->hub.process().signal(SIGSTOP);
  const auto died = std::chrono::steady_clock::now();
  std::vector<std::string> put_off;
  EXPECT_TRUE(wait_until([&] {
    put_off.push_back(content_of(-1 - static_cast<int>(put_off.size())));
    Connection fresh = session();
    return send_mail(fresh, put_off.back()).starts_with("250 ");
  }));
  const auto pause = std::chrono::steady_clock::now() - died;
  EXPECT_LT(pause, 4 * (std::chrono::seconds(2) + std::chrono::seconds(2)));
  far[0]->hub.process().signal(SIGCONT);
  ends = true;
  for (std::thread& client : clients)
    client.join();
  put_off.pop_back();
  for (const std::string& content : put_off)
    EXPECT_THAT(deliver(content), StartsWith("250 "));
  sent += static_cast<int>(put_off.size()) + 1;
  EXPECT_THAT(last, ::testing::Each(StartsWith("250 ")));
  std::map<std::string, int> copies;
  for (const auto& one : far)
    for (const Delivered& mail : one->mta.delivered())
      ++copies[mail.content];
  EXPECT_EQ(copies.size(), static_cast<std::size_t>(sent)) << "none lost";
  for (const auto& [content, count] : copies)
    EXPECT_EQ(count, 1) << content;
}

TEST_F(SeveralHubs, AReloadAddsRenamesAndRemoves) {
  start(1);
  Connection client = session();
  EXPECT_THAT(send_mail(client, content_of(0)), StartsWith("250 "));
  add_hub();
  configure_tokyo("");
  ASSERT_EQ(tokyo.relayctl({"reload"}).status, 0);
  ASSERT_TRUE(takes_mail("mail2"));
  EXPECT_THAT(send_mail(client, content_of(1)), StartsWith("250 "));

  far[0]->name = "west";
  configure_tokyo("");
  ASSERT_EQ(tokyo.relayctl({"reload"}).status, 0);
  ASSERT_TRUE(takes_mail("west"));
  EXPECT_THAT(send_mail(client, content_of(2)), StartsWith("250 "));
  EXPECT_EQ(far[0]->mta.count(), 3U);
  EXPECT_THAT(tokyo.log(), ::testing::Not(HasSubstr("west: link up"))) << "the link was there";
  EXPECT_THAT(tokyo.log(), ::testing::Not(HasSubstr("mail1: link up")));

  // What is under way at the one that goes is put off; its link is gone at once.
  far[0]->mta.stalled = true;
  EXPECT_THAT(client.command("MAIL FROM:<a@tokyo.example>"), StartsWith("250 "));
  EXPECT_THAT(client.command("RCPT TO:<b@birl.example>"), StartsWith("250 "));
  EXPECT_THAT(client.command("DATA"), StartsWith("354 "));
  client.send(std::string(100'000, 'x') + "\r\n");
  ASSERT_TRUE(wait_until([&] { return far[0]->hub.site_status("tokyo")["open_transactions"] == 1; }));
  add_hub();
  configure_tokyo("", {1, 2});  // one goes as another comes
  ASSERT_EQ(tokyo.relayctl({"reload"}).status, 0);
  EXPECT_FALSE(status_of("west").is_object());
  client.send(".\r\n");
  EXPECT_THAT(client.reply(), StartsWith("451 4.4.2 birl: "));
  EXPECT_THAT(send_mail(client, content_of(3)), StartsWith("250 "));
  EXPECT_EQ(far[1]->mta.count(), 1U);
  EXPECT_TRUE(far[0]->hub.wait_for_link_down("tokyo"));
  far[0]->mta.stalled = false;
}

// A hub that is gone for good cannot say how its mails ended, and no other says it for it.
TEST_F(SeveralHubsPonder, ADoubtOfARemovedHubIsNotAskedForElsewhere) {
  start(2, kQuick);
  Connection client = session_with_a_mail_taken();
  configure_tokyo(kQuick, {1});
  ASSERT_EQ(tokyo.relayctl({"reload"}).status, 0);
  EXPECT_THAT(client.reply(), StartsWith("451 4.4.2 birl: "));
  released = true;
  EXPECT_THAT(send_mail(client, content_of(1)),
              StartsWith("451 4.4.2 birl: in doubt at hub mail1, which is no longer configured"));
  EXPECT_TRUE(wait_until([&] { return copies(content_of(1)) == 1U; }));
  configure_tokyo(kQuick);
  ASSERT_EQ(tokyo.relayctl({"reload"}).status, 0);
  EXPECT_EQ(deliver(content_of(1)), "250 2.0.0 first try\r\n");
  EXPECT_EQ(copies(content_of(1)), 1U);
}

}  // namespace
}  // namespace tsmtp::support
