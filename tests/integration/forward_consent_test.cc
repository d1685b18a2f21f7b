// Connections to a service with `approve = "ask"`: who says yes or no to them, when, and what becomes of
// them.
#include <pwd.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/integration/forward_fixture.h"

namespace tsmtp::support {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ForwardConsent : public Forwarding {
 protected:
  void SetUp() override {}

  void ask(const std::string& service_keys = "") { set_up("approve = \"ask\"\n" + service_keys); }

  [[nodiscard]] json approvals() const { return json::parse(birl.relayctl({"approvals", "--json"}).output); }
  /// The IDs of the connections that wait, when there are so many.
  [[nodiscard]] std::vector<std::string> waiting(std::size_t count) const {
    EXPECT_TRUE(wait_until([&] { return approvals()["waiting"].size() == count; })) << birl.log();
    std::vector<std::string> ids;
    const json shown = approvals();
    for (const json& one : shown["waiting"])
      ids.push_back(std::to_string(one["id"].get<int>()));
    return ids;
  }
  [[nodiscard]] Connection waiting_program() const {
    Connection client = program();
    client.send("hello\n");
    return client;
  }
  void say(const std::vector<std::string>& command) const {
    const auto said = birl.relayctl(command);
    EXPECT_EQ(said.status, 0) << said.output;
  }
  /// Bytes go both ways.
  void expect_connected(Connection& client) {
    Connection server = service.accept();
    EXPECT_EQ(server.line(), "hello\n");
    server.send("hi\n");
    EXPECT_EQ(client.line(), "hi\n");
  }
  [[nodiscard]] bool nobody_waits() const {
    return wait_until([&] { return approvals()["waiting"].empty(); });
  }

  /// `approve_command` of these lines, as a key.
  [[nodiscard]] std::string command(const std::string& lines) const {
    const std::string script = birl.file("approve");
    write_file(script, "#!/bin/sh\n" + lines + "\n");
    chmod(script.c_str(), 0755);
    return "approve_command = [\"" + script + "\", \"an argument\"]\n";
  }
  [[nodiscard]] static std::string user() {
    const passwd* const entry = getpwuid(geteuid());
    return entry != nullptr ? entry->pw_name : "user " + std::to_string(geteuid());
  }
};

TEST_F(ForwardConsent, YesLetsItThroughAndBothHubsKnowWhose) {
  ask();
  Connection client = waiting_program();
  const std::string id = waiting(1).at(0);
  const json shown = approvals()["waiting"][0];
  EXPECT_EQ(shown["site"], "tokyo");
  EXPECT_EQ(shown["service"], "echo");
  EXPECT_THAT(shown["client"].get<std::string>(), ::testing::StartsWith("127.0.0.1:"));
  EXPECT_EQ(shown["user"], std::to_string(geteuid()));
  EXPECT_THAT(birl.relayctl({"approvals"}).output, HasSubstr("waits since"));
  EXPECT_EQ(birl.site_status("tokyo")["services"][0]["waiting"], 1);
  EXPECT_EQ(tokyo.site_status("birl")["forwards"][0]["waiting"], 1);
  EXPECT_EQ(ending_of_now(client), Ending::kStillOpen);

  const auto begun = std::chrono::steady_clock::now();
  say({"approve", id});
  expect_connected(client);
  EXPECT_LT(std::chrono::steady_clock::now() - begun,
            std::chrono::seconds(4));  // one, and the machine is slow
  EXPECT_EQ(birl.site_status("tokyo")["services"][0]["waiting"], 0);
  EXPECT_EQ(tokyo.site_status("birl")["forwards"][0]["waiting"], 0);
  finish(client);
  EXPECT_EQ(ending_of(client), Ending::kInOrder);
  const std::string by = ", approved by " + user() + " via relayctl";
  EXPECT_TRUE(birl.logs(by)) << birl.log();
  EXPECT_TRUE(tokyo.logs(by)) << tokyo.log();
  EXPECT_EQ(birl.relayctl({"approvals"}).output, "nothing waits for approval\n");
}

TEST_F(ForwardConsent, NoBreaksItOff) {
  ask();
  Connection client = waiting_program();
  say({"deny", waiting(1).at(0)});
  EXPECT_EQ(ending_of(client), Ending::kReset);
  EXPECT_TRUE(birl.logs("refused: denied by " + user() + " via relayctl")) << birl.log();
  EXPECT_TRUE(tokyo.logs("refused: not approved")) << tokyo.log();
  EXPECT_TRUE(nobody_waits());
}

TEST_F(ForwardConsent, NobodyThereMeansNo) {
  ask("approve_timeout = \"1s\"");
  Connection client = waiting_program();
  EXPECT_EQ(ending_of(client), Ending::kReset);
  EXPECT_TRUE(tokyo.logs("refused: nobody approved it within 1 s")) << tokyo.log();
  EXPECT_TRUE(nobody_waits());
}

TEST_F(ForwardConsent, ProgramThatLeavesWaitsNoMore) {
  ask();
  Connection client = waiting_program();
  const std::string id = waiting(1).at(0);
  client.reset();
  EXPECT_TRUE(nobody_waits()) << birl.log();
  const auto late = birl.relayctl({"approve", id});
  EXPECT_EQ(late.status, EX_DATAERR);
  EXPECT_THAT(late.output, HasSubstr("nothing waits under " + id));
}

TEST_F(ForwardConsent, YesForAWhileCoversTheNextUntilItIsTakenBack) {
  ask();
  Connection first = waiting_program();
  Connection second = waiting_program();
  say({"approve", "--for", "10m", waiting(2).at(0)});
  expect_connected(first);
  expect_connected(second);
  Connection third = waiting_program();
  expect_connected(third);
  EXPECT_TRUE(birl.logs("all connections of site tokyo to service echo are approved for 10m by " + user()));
  finish(third);
  EXPECT_EQ(ending_of(third), Ending::kInOrder);
  EXPECT_TRUE(tokyo.logs(" via relayctl (for all until 20")) << tokyo.log();

  ASSERT_THAT(approvals()["approved"], SizeIs(1));
  EXPECT_THAT(birl.relayctl({"approvals"}).output, HasSubstr("approved until"));
  say({"deny", std::to_string(approvals()["approved"][0]["id"].get<int>())});
  Connection fourth = waiting_program();
  say({"deny", waiting(1).at(0)});
  EXPECT_EQ(ending_of(fourth), Ending::kReset);
}

TEST_F(ForwardConsent, CommandSaysYes) {
  const std::string seen = birl.file("seen");
  ask(command("echo \"$TSMTP_SITE $TSMTP_SERVICE $TSMTP_PROTOCOL $1\" > " + seen));
  Connection client = waiting_program();
  expect_connected(client);
  EXPECT_EQ(read_file(seen), "tokyo echo tcp an argument\n");
  finish(client);
  EXPECT_EQ(ending_of(client), Ending::kInOrder);
  EXPECT_TRUE(tokyo.logs(", approved by approve_command")) << tokyo.log();
}

TEST_F(ForwardConsent, CommandSaysNo) {
  ask(command("echo not at night >&2; exit 7"));
  Connection client = program();
  EXPECT_EQ(ending_of(client), Ending::kReset);
  EXPECT_TRUE(birl.logs("refused: approve_command said no (exit status 7)")) << birl.log();
  EXPECT_TRUE(birl.logs("approve says: not at night"));
  EXPECT_TRUE(tokyo.logs("refused: not approved"));
}

TEST_F(ForwardConsent, CommandThatHangsIsANoAfterAWhile) {
  const std::string started = birl.file("started");
  ask("approve_timeout = \"2s\"\n" + command("echo $$ > " + started + "; exec sleep 600"));
  Connection client = waiting_program();
  EXPECT_EQ(ending_of(client), Ending::kReset);
  EXPECT_TRUE(tokyo.logs("refused: nobody approved it within 2 s"));
  const std::string pid = read_file(started);
  ASSERT_FALSE(pid.empty());
  EXPECT_TRUE(wait_until([&] { return kill(std::stoi(pid), 0) != 0; })) << "it is ended, and waited for";
}

TEST_F(ForwardConsent, CommandThatIsNotThereIsANo) {
  ask("approve_command = [\"/nowhere/approve\"]\n");
  Connection client = program();
  EXPECT_EQ(ending_of(client), Ending::kReset);
  EXPECT_TRUE(birl.logs("refused: approve_command cannot be started: /nowhere/approve: No such file"))
      << birl.log();
  EXPECT_TRUE(tokyo.logs("refused: not approved"));
}

// What is asked runs as relayd's own user, whoever has started relayd, and asks for nothing of relayd's.
TEST_F(ForwardConsent, CommandIsRunByTheUserThatRelaydBecomes) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root to become somebody else";
  std::filesystem::permissions(std::filesystem::path(birl.config()).parent_path(),
                               std::filesystem::perms(0755));
  configure_forward(
      "approve = \"ask\"\napprove_command = [\"/bin/sh\", \"-c\", \"test $(id -un) = nobody && test -z $HOME "
      "&& "
      "grep -q '^CapEff:.0*$' /proc/self/status\"]");
  const std::string text = read_file(birl.config());
  write_file(birl.config(), "[hub]\nuser = \"nobody\"" + text.substr(text.find('\n')));
  birl.start();
  tokyo.start();
  ASSERT_TRUE(link_is_up());
  ASSERT_TRUE(opens());
  Connection client = waiting_program();
  expect_connected(client);
}

TEST_F(ForwardConsent, RelayctlIsFasterThanTheCommand) {
  const std::string started = birl.file("started");
  ask(command("echo $$ > " + started + "; exec sleep 600"));
  Connection client = waiting_program();
  const std::string id = waiting(1).at(0);
  ASSERT_TRUE(wait_until([&] { return read_file(started).ends_with('\n'); }));
  say({"approve", id});
  expect_connected(client);
  EXPECT_TRUE(wait_until([&] { return kill(std::stoi(read_file(started)), 0) != 0; }));
}

TEST_F(ForwardConsent, ReloadLeavesThoseThatWaitUnlessTheirServiceIsAnother) {
  ask();
  Connection first = waiting_program();
  const std::string id = waiting(1).at(0);
  configure_forward("approve = \"ask\"", "", "[[service]]\nname = \"other\"\nto = \"127.0.0.1:9\"\n");
  say({"reload"});
  EXPECT_EQ(waiting(1).at(0), id);
  say({"approve", "--for", "10m", id});
  expect_connected(first);

  configure_forward("approve = \"ask\"\nmax_connections = 20");
  say({"reload"});
  EXPECT_THAT(approvals()["approved"], IsEmpty());
  Connection second = waiting_program();
  (void)waiting(1);
  configure_forward("sites = []");
  write_file(birl.config(), [text = read_file(birl.config())]() mutable {
    const std::string open = "sites = [\"tokyo\"]\n";
    text.erase(text.find(open), open.size());
    return text;
  }());
  say({"reload"});
  EXPECT_EQ(ending_of(second), Ending::kReset);
  EXPECT_TRUE(nobody_waits());
}

TEST_F(ForwardConsent, LinkThatBreaksMeanwhileIsNoReasonToAskAgain) {
  ask();
  Connection client = waiting_program();
  const std::string id = waiting(1).at(0);
  path.cut();
  ASSERT_TRUE(wait_until([&] { return birl.site_status("tokyo")["resumptions"] == 1; })) << tokyo.log();
  EXPECT_EQ(waiting(1).at(0), id);
  say({"approve", id});
  expect_connected(client);
}

TEST_F(ForwardConsent, TooManyAreRefusedWithTheReason) {
  ask();
  std::vector<Connection> programs;
  for (int i = 0; i < 16; ++i)
    programs.push_back(waiting_program());
  (void)waiting(16);
  Connection one_more = program();  // sends nothing: that would be told of the reset first
  EXPECT_EQ(ending_of(one_more), Ending::kReset);
  EXPECT_TRUE(tokyo.logs("refused: too many connections of site tokyo wait for approval (16)"))
      << tokyo.log();
  (void)waiting(16);
}

TEST_F(ForwardConsent, OtherUsersHaveNoSay) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root to be somebody else";
  ask();
  Connection client = waiting_program();
  const std::string id = waiting(1).at(0);
  const std::string socket = "/tmp/tsmtp-consent-" + std::to_string(getpid()) + ".sock";
  // Even one that finds the way to the socket may not connect.
  EXPECT_EQ(run({"/bin/sh", "-c", "ln " + birl.file("control.sock") + ' ' + socket}).status, 0);
  const auto relayctl =
      std::string(TSMTP_RELAYD).substr(0, std::string(TSMTP_RELAYD).rfind('/')) + "/relayctl";
  const auto said = run({"/usr/bin/setpriv", "--reuid", "65534", "--clear-groups", relayctl, "--config",
                         "/dev/null", "--set", "hub.control=" + socket, "approve", id});
  unlink(socket.c_str());
  EXPECT_NE(said.status, 0);
  EXPECT_THAT(said.output, HasSubstr("ermission denied"));
  EXPECT_EQ(waiting(1).at(0), id);
  EXPECT_EQ(ending_of_now(client), Ending::kStillOpen);
}

TEST_F(ForwardConsent, MistakesOnTheCommandLineSayWhatToWrite) {
  ask();
  for (const auto& [arguments, status, text] :
       std::vector<std::tuple<std::vector<std::string>, int, std::string>>{
           {{"approve"}, EX_USAGE, "ID"},
           {{"approve", "x"}, EX_DATAERR, "relayctl approvals lists"},
           {{"approve", "4711"}, EX_DATAERR, "nothing waits under 4711"},
           {{"approve", "--for", "10", "1"}, EX_USAGE, "--for"},
           {{"approve", "--for", "25h", "1"}, EX_USAGE, "a day (24h) at most"},
           {{"deny", "0"}, EX_DATAERR, "relayctl approvals lists"},
           {{"deny", "4711"}, EX_DATAERR, "nothing waits under 4711"}}) {
    const auto said = birl.relayctl(arguments);
    EXPECT_EQ(said.status, status) << said.output;
    EXPECT_THAT(said.output, HasSubstr(text));
  }
}

}  // namespace
}  // namespace tsmtp::support
