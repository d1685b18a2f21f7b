// What a site and the users of this machine may use, and how they are told (P5, P6).
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/two_hubs.h"
#include "tests/support/wait_until.h"

namespace tsmtp::support {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kContent[] = "Subject: hello\r\n\r\ntext\r\n";

class SiteLimits : public TwoHubs {
 protected:
  void SetUp() override {}
  [[nodiscard]] std::string greeting() {
    Connection client(endpoint_address(), endpoint_port);
    return client.reply();
  }
};

TEST_F(SiteLimits, MailsPerSecondAtTheEndpoint) {
  start("mails_per_second = 1");
  Connection client = session();
  for (int i = 0; i < 10; ++i)
    EXPECT_THAT(send_mail(client, kContent), StartsWith("250 "));
  EXPECT_THAT(send_mail(client, kContent),
              StartsWith("451 4.7.1 birl: more than 1 mail per second; try again in "));
  EXPECT_TRUE(wait_until([&] { return send_mail(client, kContent).starts_with("250 "); }))
      << "and it does again";
}

TEST_F(SiteLimits, MailsPerSecondFromTheSite) {
  birl_site_keys = "mails_per_second = 1";
  start();
  Connection client = session();
  for (int i = 0; i < 10; ++i)
    EXPECT_THAT(send_mail(client, kContent), StartsWith("250 "));
  EXPECT_THAT(send_mail(client, kContent), StartsWith("451 4.7.1 birl: more than 1 mail per second"));
  EXPECT_EQ(birl_mta.count(), 10U);
}

TEST_F(SiteLimits, BytesPerSecond) {
  start("bytes_per_second = \"1kB\"");
  Connection client = session();
  const std::string content = std::string(60, 'x') + "\r\n";
  std::string large;
  while (large.size() < 50'000)
    large += content;
  EXPECT_THAT(send_mail(client, large), StartsWith("250 ")) << "it had begun";
  EXPECT_THAT(send_mail(client, kContent),
              StartsWith("451 4.7.1 birl: more than 1000 bytes per second; try again in "));
}

TEST_F(SiteLimits, SessionsAtOnce) {
  start("max_sessions = 2");
  Connection first = session();
  {
    Connection second = session();
    EXPECT_EQ(greeting(), "421 4.3.2 birl: too many sessions at once, the limit is 2\r\n");
  }
  EXPECT_TRUE(wait_until([&] { return greeting().starts_with("220 "); }));
}

TEST_F(SiteLimits, RecipientsOfAMail) {
  start("max_recipients = 2");
  Connection client = session();
  EXPECT_THAT(client.command("MAIL FROM:<a@tokyo.example>"), StartsWith("250 "));
  EXPECT_THAT(client.command("RCPT TO:<b@birl.example>"), StartsWith("250 "));
  EXPECT_THAT(client.command("RCPT TO:<c@birl.example>"), StartsWith("250 "));
  EXPECT_THAT(client.command("RCPT TO:<d@birl.example>"), StartsWith("452 4.5.3 "));
}

TEST_F(SiteLimits, UsersOfTheEndpoint) {
  start("allow_users = [\"" + std::to_string(geteuid()) + "\"]");
  EXPECT_THAT(greeting(), StartsWith("220 "));
}

TEST_F(SiteLimits, OtherUsersAreToldSo) {
  const std::string uid = std::to_string(geteuid());
  start("allow_users = [\"54321\"]");
  EXPECT_EQ(greeting(),
            "421 4.7.1 birl: user " + uid + " may not use this endpoint; allow_users are 54321\r\n");
  EXPECT_TRUE(tokyo.logs("session refused: 421 4.7.1 birl: user " + uid));
}

TEST_F(SiteLimits, ModeAndGroupOfAUnixSocket) {
  const std::string socket_path = tokyo.file("birl.sock");
  const std::string group = std::to_string(getegid());
  start("endpoint = [\"unix:" + socket_path + "\"]\nendpoint_mode = \"0620\"\nendpoint_group = \"" + group +
        "\"");
  struct stat status {};
  ASSERT_EQ(stat(socket_path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0620U);
  EXPECT_EQ(status.st_gid, getegid());
  Connection client(socket_path);
  EXPECT_THAT(client.reply(), StartsWith("220 "));
  EXPECT_THAT(client.command("LHLO mx.tokyo.example"), StartsWith("250-"));
  EXPECT_THAT(send_mail(client, kContent), StartsWith("250 "));
}

TEST_F(SiteLimits, ReloadChangesThem) {
  const std::string socket_path = tokyo.file("birl.sock");
  const std::string keys = "endpoint = [\"unix:" + socket_path + "\"]\n";
  start(keys);
  configure(keys + "max_sessions = 1\nendpoint_mode = \"0600\"");
  EXPECT_EQ(tokyo.relayctl({"reload"}).status, 0);
  struct stat status {};
  ASSERT_EQ(stat(socket_path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  Connection first(socket_path);
  EXPECT_THAT(first.reply(), StartsWith("220 "));
  Connection second(socket_path);
  EXPECT_THAT(second.reply(), HasSubstr("the limit is 1"));
}

TEST_F(SiteLimits, BareLineEndsMadeCanonical) {
  start("bare_line_ends = \"canonical\"");
  Connection client = session();
  EXPECT_THAT(send_mail(client, "a\nb\rc\n.\nd\r\n"), StartsWith("250 "));
  ASSERT_EQ(birl_mta.count(), 1U);
  EXPECT_EQ(birl_mta.delivered()[0].content, "a\r\nb\r\nc\r\n.\r\nd\r\n");
}

}  // namespace
}  // namespace tsmtp::support
