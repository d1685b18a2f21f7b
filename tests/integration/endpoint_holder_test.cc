// P3, P10: the endpoint belongs to relayd also while relayd does not run. Another local user who listened
// there would be given the mail for the site, and believed.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "tests/support/two_hubs.h"

namespace tsmtp::support {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr uid_t kNobody = 65534;

class EndpointHolder : public TwoHubs {
 protected:
  void SetUp() override {
    configure("", "endpoint_holder = \"" + holder_socket() + "\"");
    hold();
    birl.start();
  }
  [[nodiscard]] std::string holder_socket() const { return tokyo.file("holder.sock"); }
  void hold() {
    holder_ = std::make_unique<Process>(std::vector<std::string>{TSMTP_RELAYD, "--config", tokyo.config(),
                                                                 "--foreground", "--hold-endpoints"},
                                        tokyo.file("holder.log"));
    ASSERT_TRUE(wait_until([&] { return holder_answers(); })) << holder_log();
  }
  [[nodiscard]] bool holder_answers() const {
    const int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    holder_socket().copy(address.sun_path, sizeof address.sun_path - 1);
    const bool ok = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    close(fd);
    return ok;
  }
  [[nodiscard]] std::string holder_log() const { return read_file(tokyo.file("holder.log")); }
  [[nodiscard]] nlohmann::json held() const { return tokyo.status()["endpoints_held"]; }
  void serve() {
    tokyo.start();
    ASSERT_TRUE(link_is_up()) << tokyo.log();
    ASSERT_TRUE(wait_until([&] { return held() == true; })) << tokyo.log() << holder_log();
  }

  /// What another user of this machine gets who would like to listen at the endpoint: 0, or an errno.
  [[nodiscard]] int another_user_listens() const {
    const std::string address_text = endpoint_address();  // which depends on the process
    const pid_t child = fork();
    if (child == 0) {
      if (geteuid() == 0 && setuid(kNobody) != 0) _exit(0);
      const int fd = socket(AF_INET, SOCK_STREAM, 0);
      const int yes = 1;
      setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
      setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes);
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_port = htons(endpoint_port);
      inet_pton(AF_INET, address_text.c_str(), &address.sin_addr);
      const bool ok =
          bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 && listen(fd, 1) == 0;
      _exit(ok ? 0 : errno);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
  }

  std::unique_ptr<Process> holder_;
};

TEST_F(EndpointHolder, P3_NobodyElseCanListenThereBeforeRelaydStarts) {
  EXPECT_TRUE(wait_until([&] { return another_user_listens() == EADDRINUSE; })) << holder_log();
  serve();
  EXPECT_EQ(another_user_listens(), EADDRINUSE);
}

TEST_F(EndpointHolder, P3_NorWhileItIsDown) {
  serve();
  for (const int signal : {SIGKILL, SIGTERM}) {
    tokyo.process().signal(signal);
    (void)tokyo.process().wait();
    EXPECT_EQ(another_user_listens(), EADDRINUSE);
    serve();
  }
}

TEST_F(EndpointHolder, AClientThatComesMeanwhileWaitsForTheNextRelayd) {
  serve();
  tokyo.kill();
  Connection client(endpoint_address(), endpoint_port);
  tokyo.start();
  // Before the link is up again the greeting may be relayd's own 421; it never is the holder's.
  EXPECT_THAT(client.reply(), testing::Not(HasSubstr("not running")));
  ASSERT_TRUE(link_is_up());
  Connection next = session();
  EXPECT_THAT(send_mail(next, "Subject: x\r\n\r\n"), StartsWith("250 "));
}

TEST_F(EndpointHolder, P5_AClientThatHasWaitedLongEnoughIsToldWhy) {
  serve();
  tokyo.kill();
  Connection client(endpoint_address(), endpoint_port);
  EXPECT_THAT(client.reply(), StartsWith("421 4.3.2 relayd is not running on this hub since "));
  EXPECT_TRUE(client.closes());
  serve();
  Connection next = session();
  EXPECT_THAT(send_mail(next, "Subject: x\r\n\r\n"), StartsWith("250 "));
}

TEST_F(EndpointHolder, AHolderThatIsStartedAnewIsGivenTheEndpoints) {
  serve();
  holder_->signal(SIGKILL);
  (void)holder_->wait();
  EXPECT_TRUE(wait_until([&] { return held() == false; }));
  hold();
  EXPECT_TRUE(wait_until([&] { return held() == true; })) << holder_log();
  tokyo.kill();
  EXPECT_EQ(another_user_listens(), EADDRINUSE);
  serve();
}

TEST_F(EndpointHolder, AnEndpointThatAReloadTakesAwayIsFree) {
  serve();
  configure("endpoint = [\"unix:" + tokyo.file("birl.sock") + "\"]",
            "endpoint_holder = \"" + holder_socket() + "\"");
  ASSERT_EQ(tokyo.relayctl({"reload"}).status, 0);
  EXPECT_EQ(another_user_listens(), 0);
  EXPECT_TRUE(held().is_null());
}

TEST_F(EndpointHolder, P10_OneThatHangsStopsNoMail) {
  serve();
  holder_->signal(SIGSTOP);
  configure("endpoint = [\"" + endpoint_address() + ':' + std::to_string(endpoint_port) + "\", \"" +
                endpoint_address() + ':' + std::to_string(free_port()) + "\"]",
            "endpoint_holder = \"" + holder_socket() + "\"");
  EXPECT_EQ(tokyo.relayctl({"reload"}).status, 0);
  EXPECT_EQ(held(), false);
  Connection client = session();
  EXPECT_THAT(send_mail(client, "Subject: x\r\n\r\n"), StartsWith("250 "));
  holder_->signal(SIGCONT);
  EXPECT_TRUE(wait_until([&] { return held() == true; })) << holder_log();
}

TEST_F(EndpointHolder, WithoutOneRelaydServesAndSaysSo) {
  holder_->signal(SIGKILL);
  (void)holder_->wait();
  tokyo.start();
  ASSERT_TRUE(link_is_up());
  EXPECT_EQ(held(), false);
  EXPECT_THAT(tokyo.relayctl({"status"}).output, HasSubstr("endpoints      NOT HELD"));
}

TEST_F(EndpointHolder, IsForRootAndOurUserOnly) {
  struct stat status {};
  ASSERT_EQ(stat(holder_socket().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  tokyo.start();  // the fixture ends it
}

TEST_F(EndpointHolder, SecondHolderIsRefused) {
  const Finished second = run({TSMTP_RELAYD, "--config", tokyo.config(), "--foreground", "--hold-endpoints"});
  EXPECT_EQ(second.status, 69);
  EXPECT_THAT(second.output, HasSubstr(holder_socket()));
  tokyo.start();  // the fixture ends it
}

// A socket unit of systemd's holds them as well (sd_listen_fds(3)).
TEST_F(EndpointHolder, SocketsOfTheServiceManagerAreTaken) {
  holder_->signal(SIGKILL);
  (void)holder_->wait();
  const std::string manager =
      "import os, socket, sys\n"
      "s = socket.create_server((sys.argv[1], int(sys.argv[2])))\n"
      "s.set_inheritable(True)\n"
      "if s.fileno() != 3: os.dup2(s.fileno(), 3)\n"
      "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1')\n"
      "os.execv(sys.argv[3], sys.argv[3:])\n";
  Process relayd({"/usr/bin/env", "python3", "-c", manager, endpoint_address(), std::to_string(endpoint_port),
                  TSMTP_RELAYD, "--config", tokyo.config(), "--foreground"},
                 tokyo.file("log"));
  ASSERT_TRUE(link_is_up()) << tokyo.log();
  Connection client = session();
  EXPECT_THAT(send_mail(client, "Subject: x\r\n\r\n"), StartsWith("250 "));
  relayd.signal(SIGTERM);
  EXPECT_EQ(relayd.wait(), 0);
  tokyo.start();  // the fixture ends it
}

}  // namespace
}  // namespace tsmtp::support
