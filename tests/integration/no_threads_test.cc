// A thread that cannot be made, for want of address space: relayd lives, defers mail with the reason, and
// goes on by itself when there is room again. A sanitizer wants all the room there is, so this runs without
// one.
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <vector>

#include "tests/support/two_hubs.h"
#include "tests/support/wait_until.h"

namespace tsmtp::support {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::size_t kMostSessions = 900;  // an endpoint takes 1,000
constexpr char kContent[] = "Subject: hello\r\n\r\ntext\r\n";

void set_limit_of(const Process& process, __rlimit_resource resource, rlim_t value) {
  rlimit limit{};
  ASSERT_EQ(prlimit(process.pid(), resource, nullptr, &limit), 0);
  limit.rlim_cur = value;
  ASSERT_EQ(prlimit(process.pid(), resource, &limit, nullptr), 0);
}

// Each thread wants more room than there is, and nothing else does.
class NoThreads : public TwoHubs {
 protected:
  void SetUp() override {
    configure();
    const std::string by_name = read_file(tokyo.config());
    std::string text = by_name;
    const std::string numeric = "\"127.0.0.1:" + std::to_string(proxy_port) + '"';
    ASSERT_NE(text.find(numeric), std::string::npos);
    text.replace(text.find(numeric), numeric.size(), "\"localhost:" + std::to_string(proxy_port) + '"');
    write_file(tokyo.config(), text);
    birl.start();
    const rlimit stack = bounded(RLIMIT_STACK, kRoom);
    const rlimit room = bounded(RLIMIT_AS, kRoom);
    tokyo.launch();
    setrlimit(RLIMIT_STACK, &stack);
    setrlimit(RLIMIT_AS, &room);
    ASSERT_TRUE(
        wait_until([&] { return !tokyo.process().running() || tokyo.relayctl({"status"}).status == 0; }));
    ASSERT_TRUE(tokyo.process().running()) << tokyo.log();
  }
  static rlimit bounded(__rlimit_resource resource, rlim_t value) {
    rlimit before{};
    getrlimit(resource, &before);
    const rlimit now{value, before.rlim_max};
    setrlimit(resource, &now);
    return before;
  }
  static constexpr rlim_t kRoom = rlim_t{512} * 1024 * 1024;
};

TEST_F(NoThreads, NameIsLookedUpWhenThereIsAThread) {
  EXPECT_TRUE(tokyo.logs("name not resolved: this hub can make no thread (")) << tokyo.log();
  EXPECT_THAT(Connection(endpoint_address(), endpoint_port).reply(),
              AllOf(StartsWith("421 4.4.1 birl: link down since "),
                    HasSubstr("name not resolved: this hub can make no thread (")));
  set_limit_of(tokyo.process(), RLIMIT_AS, RLIM_INFINITY);
  EXPECT_TRUE(tokyo.wait_for_link("birl")) << tokyo.log();
  Connection client = session();
  EXPECT_THAT(send_mail(client, kContent), StartsWith("250 "));
}

TEST_F(NoThreads, MailWaitsWithTheReasonUntilTheLedgerHasItsThread) {
  configure();
  ASSERT_EQ(tokyo.relayctl({"reload"}).status, 0);  // dials an address, for which no thread is needed
  ASSERT_TRUE(tokyo.wait_for_link("birl")) << tokyo.log();
  {
    Connection client = session();
    EXPECT_THAT(send_mail(client, kContent),
                AllOf(StartsWith("451 4.3.0 "), HasSubstr("this hub can make no thread (")));
  }
  set_limit_of(tokyo.process(), RLIMIT_AS, RLIM_INFINITY);
  Connection client = session();
  EXPECT_THAT(send_mail(client, kContent), StartsWith("250 "));
  EXPECT_EQ(birl_mta.count(), 1U);
}

std::size_t address_space_of(const Process& process) {
  std::ifstream pages("/proc/" + std::to_string(process.pid()) + "/statm");
  std::size_t count = 0;
  pages >> count;
  return count * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

class NoMemory : public TwoHubs {};

// What is kept for that moment lets the mail that has begun go on; others are put off, with the reason.
TEST_F(NoMemory, MailsAreToldAndThoseUnderWayGoOn) {
  constexpr std::size_t kLittle = 256UL * 1024;
  Connection first = session();
  begin_mail(first, kContent);
  Connection told = session();
  set_limit_of(tokyo.process(), RLIMIT_AS, address_space_of(tokyo.process()) + kLittle);
  std::vector<Connection> sessions;  // each needs some
  std::string reply;
  EXPECT_TRUE(wait_until([&] {
    for (int i = 0; i < 20 && sessions.size() < kMostSessions; ++i)
      sessions.push_back(raw_session());
    reply = told.command("MAIL FROM:<a@tokyo.example>");
    if (reply.starts_with("250 ")) (void)told.command("RSET");
    return reply.starts_with("452 ");
  })) << sessions.size()
      << " sessions, " << address_space_of(tokyo.process());
  ASSERT_EQ(reply, "452 4.3.1 birl: this hub is out of memory\r\n");
  EXPECT_TRUE(tokyo.logs("this hub is out of memory: mails are put off until there is some"));
  EXPECT_THAT(tokyo.status()["shortage"]["text"].get<std::string>(), HasSubstr("this hub is out of memory"));
  first.send(".\r\n");
  EXPECT_THAT(first.reply(), StartsWith("250 "));
  set_limit_of(tokyo.process(), RLIMIT_AS, RLIM_INFINITY);
  EXPECT_TRUE(tokyo.logs("there is memory again: mails are taken"));
  EXPECT_THAT(send_mail(told, kContent), StartsWith("250 "));
  EXPECT_EQ(birl_mta.count(), 2U);
}

}  // namespace
}  // namespace tsmtp::support
