// P5: the cause of a deferred mail is within the 100 characters that mailq -v shows of it, whatever it is.
#include <sys/resource.h>

#include <csignal>

#include "tests/support/two_hubs.h"

namespace tsmtp::support {
namespace {

constexpr char kContent[] = "Subject: hello\r\n\r\ntext\r\n";

/// What mailq -v shows of a reply.
std::string shown(const std::string& reply) {
  constexpr std::size_t kShown = 100;
  return ("Deferred: " + reply).substr(0, kShown);
}

class Causes : public TwoHubs {
 protected:
  [[nodiscard]] std::string greeting() const { return Connection(endpoint_address(), endpoint_port).reply(); }
  /// Until the greeting is such a one: a link and a far MTA take their time to fail.
  void expect_greeting(const std::string& cause) const {
    std::string reply;
    EXPECT_TRUE(wait_until([&] { return shown(reply = greeting()).find(cause) != std::string::npos; },
                           std::chrono::seconds(20)))
        << cause << ", but: " << shown(reply);
    EXPECT_EQ(reply.substr(0, 4), "421 ");
    EXPECT_EQ(reply.find("()"), std::string::npos) << reply;
  }
  static void expect_reply(const std::string& reply, const std::string& cause) {
    EXPECT_NE(shown(reply).find(cause), std::string::npos) << cause << ", but: " << shown(reply);
    EXPECT_EQ(reply.front(), '4') << reply;
    EXPECT_EQ(reply.find("()"), std::string::npos) << reply;
  }
  void replace_pin(Hub& hub, const std::string& pin) {
    std::string text = read_file(hub.config());
    text.replace(text.find(pin), pin.size(), "sha256:" + std::string(43, 'A') + '=');
    write_file(hub.config(), text);
    ASSERT_EQ(hub.relayctl({"reload"}).status, 0);
  }
};

TEST_F(Causes, P5_PinMismatch) {
  replace_pin(tokyo, birl.pin());
  expect_greeting("not pinned for this site");
}

TEST_F(Causes, P5_OurKeyIsRefused) {
  replace_pin(birl, tokyo.pin());
  expect_greeting("peer refused our key");
}

TEST_F(Causes, P5_TooManySessions) {
  tokyo.kill();
  configure("max_sessions = 1");
  tokyo.start();
  ASSERT_TRUE(link_is_up());
  Connection busy = session();
  begin_mail(busy, kContent);
  expect_greeting("too many sessions at once, the limit is 1");
}

TEST_F(Causes, P5_NearDrains) {
  Connection idle = session();
  Connection busy = session();
  begin_mail(busy, kContent);
  ASSERT_EQ(tokyo.relayctl({"drain"}).status, 0);
  expect_reply(idle.reply(), "this relayd is shutting down");
}

TEST_F(Causes, P5_FarDrains) {
  Connection busy = session();
  begin_mail(busy, kContent);
  ASSERT_TRUE(wait_until([&] { return birl.site_status("tokyo")["open_transactions"] == 1; }));
  birl.process().signal(SIGTERM);
  expect_greeting("the far relayd is shutting down");
}

TEST_F(Causes, P5_FarMtaGreetsWithARefusal) {
  for (const char* refusal : {"554 hub.birl.example no service", "421 4.3.2 fake.mta shutting down"}) {
    birl_mta.set_greeting("220 fake.mta ESMTP\r\n");
    ASSERT_TRUE(wait_until([&] { return greeting().starts_with("220 "); }));
    Connection client = session();
    birl.kill();  // and with it the connections that were kept
    birl_mta.set_greeting(std::string(refusal) + "\r\n");
    birl.start();
    expect_greeting(refusal);
  }
}

TEST_F(Causes, P5_FarMtaRefusesWhileAMailIsBegun) {
  birl_mta.set_greeting("421 4.3.2 fake.mta shutting down\r\n");
  Connection client = session();
  expect_reply(send_mail(client, kContent), "421 4.3.2 fake.mta shutting down");
}

TEST_F(Causes, P5_FarMtaRefusesTheConnection) {
  const std::uint16_t nobody = free_port();
  birl.configure({{.name = "tokyo",
                   .pin = tokyo.pin(),
                   .dial = {},
                   .address = "127.0.9.9",
                   .port = endpoint_port,
                   .deliver = nobody,
                   .more = {}}});
  ASSERT_EQ(birl.relayctl({"reload"}).status, 0);
  expect_greeting("(Connection refused");
}

TEST_F(Causes, P5_FarHubIsShortOfDescriptors) {
  rlimit before{};
  ASSERT_EQ(prlimit(birl.process().pid(), RLIMIT_NOFILE, nullptr, &before), 0);
  const rlimit none{.rlim_cur = 3, .rlim_max = before.rlim_max};
  ASSERT_EQ(prlimit(birl.process().pid(), RLIMIT_NOFILE, &none, nullptr), 0);
  Connection client = session();
  expect_reply(send_mail(client, kContent), "Too many open files");
  // LeakSanitizer wants some when a process ends.
  ASSERT_EQ(prlimit(birl.process().pid(), RLIMIT_NOFILE, &before, nullptr), 0);
}

}  // namespace
}  // namespace tsmtp::support
