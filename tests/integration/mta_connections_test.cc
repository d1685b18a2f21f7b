// One connection's trouble is not the site's: an MTA that takes few connections, refuses a client's name, is
// slow, goes and comes.
#include <sys/resource.h>

#include <thread>

#include "tests/support/two_hubs.h"
#include "tests/support/wait_until.h"

namespace tsmtp::support {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kContent[] = "Subject: hello\r\n\r\ntext\r\n";

class MtaConnections : public TwoHubs {
 protected:
  /// So many clients at once, each sends so many mails, one after the other. The replies that were no 250.
  std::vector<std::string> send_from(int clients, int mails) {
    std::mutex mutex;
    std::vector<std::string> others;
    std::vector<std::thread> threads;
    for (int i = 0; i < clients; ++i)
      threads.emplace_back([&] {
        Connection client = session();
        for (int mail = 0; mail < mails; ++mail) {
          const std::string reply = send_mail(client, kContent);
          if (reply.starts_with("250 ")) continue;
          const std::lock_guard lock(mutex);
          others.push_back(reply);
          return;
        }
      });
    for (std::thread& thread : threads)
      thread.join();
    return others;
  }
  [[nodiscard]] nlohmann::json connections() const { return birl.site_status("tokyo")["mta"]; }
};

TEST_F(MtaConnections, AnMtaThatTakesFewIsNotOutOfReach) {
  birl_mta.limit = 4;
  birl_mta.set_script([](const std::string& command) {
    if (command == ".") std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return std::string();
  });
  EXPECT_THAT(send_from(10, 40), ::testing::IsEmpty());
  EXPECT_EQ(birl_mta.count(), 400U);
  EXPECT_LE(birl_mta.refused, 60);
  EXPECT_EQ(birl.log().find("cannot be reached"), std::string::npos);
  EXPECT_LE(connections()["learnt_limit"], 6);
}

TEST_F(MtaConnections, IdleOnesUnderAnotherNameGiveWay) {
  birl_mta.limit = 1;
  for (int i = 0; i < 3; ++i) {
    Connection client = raw_session();
    EXPECT_THAT(client.command("EHLO mx" + std::to_string(i) + ".tokyo.example"), StartsWith("250"));
    EXPECT_THAT(send_mail(client, kContent), StartsWith("250 "));
  }
  ASSERT_EQ(birl_mta.count(), 3U);
  EXPECT_EQ(birl_mta.delivered()[2].helo, "mx2.tokyo.example");
}

TEST_F(MtaConnections, ARefusedHeloNameIsItsClientsTrouble) {
  birl_mta.set_script([](const std::string& command) {
    const bool is_hello = command.starts_with("EHLO ") || command.starts_with("HELO ");
    return is_hello && command.find("my_host") != std::string::npos ? "501 5.5.2 invalid domain\r\n" : "";
  });
  Connection odd = raw_session();
  EXPECT_THAT(odd.command("EHLO my_host"), StartsWith("250"));
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(send_mail(odd, kContent), StartsWith("250 "));
    Connection other = session();
    EXPECT_THAT(send_mail(other, kContent), StartsWith("250 "));
  }
  EXPECT_EQ(birl_mta.delivered()[0].helo, "birl");
  EXPECT_TRUE(
      birl.logs("our MTA refuses the HELO name \"my_host\" of a client there (501 5.5.2 invalid domain)"));
  EXPECT_EQ(birl.log().find("cannot be reached"), std::string::npos);
}

// Begun, given up, begun again, before an MTA that answers nothing to RCPT: as many connections as may be,
// and those given up close.
TEST_F(MtaConnections, ABoundWhateverTheSiteDoes) {
  birl_site_keys = "mta_connections = 8";
  TearDown();
  start();
  const auto slow =
      std::make_shared<std::atomic<bool>>(true);  // the MTA may ask it longer than this function lasts
  birl_mta.set_script([slow](const std::string& command) {
    while (*slow && command.starts_with("RCPT"))
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return std::string();
  });
  for (int i = 0; i < 40; ++i) {
    Connection client = session();
    client.send(
        "MAIL FROM:<a@tokyo.example>\r\nRCPT TO:<b@birl.example>\r\nRCPT TO:<c@birl.example>\r\nDATA\r\n");
    EXPECT_THAT(client.reply(), StartsWith("250 "));
    const auto opened = [&] { return birl.site_status("tokyo")["frames"]["opens_in"] > i; };
    ASSERT_TRUE(wait_until(opened)) << i;
    client.reset();
  }
  EXPECT_EQ(birl_mta.most, 8);
  EXPECT_TRUE(wait_until([&] { return connections()["waiting"] == 0; }))
      << "nobody waits for those that gave up";
  EXPECT_TRUE(wait_until([&] { return connections()["in_use"] == 0; }, std::chrono::seconds(45)));
  *slow = false;
  Connection client = session();
  EXPECT_THAT(send_mail(client, kContent), StartsWith("250 "));
}

TEST_F(MtaConnections, AnMtaThatServesNobodyIsToldInItsOwnWords) {
  birl_mta.set_greeting("421 4.3.2 fake.mta shutting down\r\n");
  Connection client = session();
  EXPECT_THAT(send_mail(client, kContent),
              HasSubstr("its MTA answered: 421 4.3.2 fake.mta shutting down, 127.0.0.1:" +
                        std::to_string(birl_mta_port)));
  EXPECT_TRUE(wait_until([&] {
    Connection next(endpoint_address(), endpoint_port);
    const std::string greeting = next.reply();
    return greeting.starts_with("421 4.4.1 birl: its MTA cannot be reached (") &&
           greeting.find("shutting down") != std::string::npos;
  }));
  birl_mta.set_greeting("220 fake.mta ESMTP\r\n");
  EXPECT_TRUE(
      wait_until([&] { return Connection(endpoint_address(), endpoint_port).reply().starts_with("220 "); }));
}

// No descriptor is left at the far hub.
TEST_F(MtaConnections, WantOfDescriptorsIsNotTheMtasFault) {
  rlimit limit{};
  ASSERT_EQ(prlimit(birl.process().pid(), RLIMIT_NOFILE, nullptr, &limit), 0);
  const rlimit none{.rlim_cur = 3, .rlim_max = limit.rlim_max};
  ASSERT_EQ(prlimit(birl.process().pid(), RLIMIT_NOFILE, &none, nullptr), 0);
  Connection client = session();
  EXPECT_THAT(send_mail(client, kContent),
              AllOf(StartsWith("451 4.4.1 birl: its MTA: "), HasSubstr("Too many open files")));
  Connection other(endpoint_address(), endpoint_port);
  EXPECT_THAT(other.reply(), StartsWith("220 ")) << "its MTA is not out of reach";
  ASSERT_EQ(prlimit(birl.process().pid(), RLIMIT_NOFILE, &limit, nullptr), 0);
  Connection third = session();
  EXPECT_THAT(send_mail(third, kContent), StartsWith("250 "));
}

}  // namespace
}  // namespace tsmtp::support
