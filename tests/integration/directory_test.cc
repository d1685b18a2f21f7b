// Tables made from a real slapd: edits, a directory that is away, wrong, hostile, silent or half there. A
// table is always the last right one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <set>
#include <sstream>
#include <thread>

#include "relayd/base/descriptor.h"
#include "tests/support/connection.h"
#include "tests/support/process.h"
#include "tests/support/service.h"
#include "tests/support/slapd.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/wait_until.h"

namespace tsmtp {
namespace {

using support::Finished;
using support::kPatience;
using support::Process;
using support::Slapd;
using support::wait_until;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsSubsetOf;
using testing::Not;

constexpr const char* kBirl = "objectClass: tsmtpSite\ntsmtpSiteName: birl\ntsmtpDomain: birl.example\n";

/// What systemd is to the programs that are started while it lives.
class ServiceManagerHere {
 public:
  explicit ServiceManagerHere(const std::string& path, const char* watchdog_usec = nullptr)
      : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    const timeval patience{.tv_sec = std::chrono::seconds(kPatience).count(), .tv_usec = 0};
    setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setenv("NOTIFY_SOCKET", path.c_str(), 1);
    if (watchdog_usec != nullptr) setenv("WATCHDOG_USEC", watchdog_usec, 1);
  }
  ~ServiceManagerHere() {
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
  }
  ServiceManagerHere(const ServiceManagerHere&) = delete;
  ServiceManagerHere& operator=(const ServiceManagerHere&) = delete;

  /// The next message; empty if none comes.
  [[nodiscard]] std::string next() const {
    std::array<char, 4096> buffer{};
    const ssize_t bytes = recv(socket_.get(), buffer.data(), buffer.size(), 0);
    return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(bytes, 0))};
  }

 private:
  base::Descriptor socket_;
};

class Directory : public testing::Test {
 protected:
  void SetUp() override { configure("domains = [\"birl.example\"]"); }

  /// relayd.toml with one site, of which `domains` says what lies behind it.
  void configure(const std::string& domains) const {
    support::write_file(relayd_,
                        "[hub]\nname = \"tokyo\"\ndomains = [\"tokyo.example\"]\n[[site]]\nname = \"birl\"\n"
                        "pin = [\"sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"]\n"
                        "dial = [\"hub.birl.example:5443\"]\naddress = \"127.0.5.2\"\n" +
                            domains + '\n');
  }

  Slapd& start_directory(Slapd::Options options = {}) {
    slapd_ = std::make_unique<Slapd>(TSMTP_SCHEMA, std::move(options));
    EXPECT_EQ(slapd_->add("birl", kBirl), "");
    return *slapd_;
  }

  std::string add_route(const std::string& name, const std::string& key, const std::string& value) {
    return slapd_->add(
        name, "objectClass: tsmtpRoute\ntsmtpRouteKey: " + key + "\ntsmtpRouteValue: " + value + '\n');
  }

  std::vector<std::string> arguments(std::vector<std::string> more) const {
    std::vector<std::string> all{TSMTP_MAILERTABLE, "generate", "--relayd", relayd_, "--no-cf",
                                 "--timeout",       "2",        "-o",       table_};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  Finished generate(const std::vector<std::string>& more) const { return support::run(arguments(more)); }
  Finished generate() const { return generate({"--ldap", slapd_->url()}); }

  Process& follow(std::vector<std::string> more) {
    more.emplace_back("--follow");
    follower_ = std::make_unique<Process>(arguments(std::move(more)), log_);
    return *follower_;
  }

  std::string text() const { return support::read_file(table_); }
  std::string log() const { return support::read_file(log_); }
  bool logs(const std::string& what) const {
    return wait_until([&] { return log().find(what) != std::string::npos; });
  }
  bool has(const std::string& line) const {
    return wait_until([&] { return text().find(line) != std::string::npos; });
  }
  /// What sendmail would find.
  std::string built() const { return support::run({TSMTP_MAILERTABLE, "dump", table_ + ".db"}).output; }

  support::TemporaryDirectory directory_;
  std::string relayd_ = directory_.file("relayd.toml");
  std::string table_ = directory_.file("mailertable");
  std::string log_ = directory_.file("log");
  std::unique_ptr<Slapd> slapd_;
  std::unique_ptr<Process> follower_;
};

TEST_F(Directory, IsReadOnce) {
  start_directory();
  EXPECT_EQ(add_route("x", "x.example", "esmtp:[192.0.2.1]"), "");
  EXPECT_EQ(
      slapd_->add("s",
                  "objectClass: sendmailMTAMapObject\nsendmailMTAMapName: mailer\nsendmailMTACluster: hubs\n"
                  "sendmailMTAKey: S.example\nsendmailMTAMapValue: esmtp:[192.0.2.2]\n"),
      "");
  const Finished done = generate({"--ldap", slapd_->url(), "--cluster", "hubs"});
  EXPECT_EQ(done.status, EX_OK);
  EXPECT_EQ(done.output, "");
  EXPECT_EQ(built(),
            "birl.example\ttsmtp:[127.0.5.2]\ns.example\tesmtp:[192.0.2.2]\nx.example\tesmtp:[192.0.2.1]\n");
}

TEST_F(Directory, EditIsInTheTablesWithinTenSeconds) {
  start_directory();
  follow({"--ldap", slapd_->url()});
  ASSERT_TRUE(has("birl.example\ttsmtp:[127.0.5.2]"));
  EXPECT_TRUE(logs("by syncrepl"));
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(add_route("x", "x.example", "esmtp:[192.0.2.1]"), "");
  EXPECT_TRUE(has("x.example\tesmtp:[192.0.2.1]"));
  EXPECT_TRUE(wait_until([&] { return built().find("x.example") != std::string::npos; }));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
  // A burst of edits is one build, and ends as it should.
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(slapd_->replace("x", "tsmtpRouteValue", "esmtp:[192.0.2." + std::to_string(i + 10) + "]"), "");
  EXPECT_TRUE(has("x.example\tesmtp:[192.0.2.29]"));
  EXPECT_EQ(slapd_->remove("x"), "");
  EXPECT_TRUE(wait_until([&] { return text().find("x.example") == std::string::npos; }));
  follower_->signal(SIGTERM);
  EXPECT_EQ(follower_->wait(), EX_OK);
}

// What systemd is told: not ready before there is something to say of the tables, and one line that stays
// true.
TEST_F(Directory, ServiceManagerHearsHowTheTablesStand) {
  ServiceManagerHere manager(directory_.file("notify"));
  start_directory();
  follow({"--ldap", slapd_->url()});
  EXPECT_EQ(manager.next(), "STATUS=reading the directory");
  EXPECT_THAT(
      manager.next(),
      AllOf(HasSubstr("READY=1\nSTATUS=the tables are as the directory says, 1 lines; it is read at ldap"),
            HasSubstr("by syncrepl")));
  EXPECT_TRUE(has("birl.example\ttsmtp:[127.0.5.2]")) << "and so they are";
  follower_->signal(SIGHUP);
  EXPECT_EQ(manager.next().substr(0, 11), "RELOADING=1");
  EXPECT_EQ(manager.next().substr(0, 7), "READY=1");
  EXPECT_EQ(add_route("x", "x.example", "tsmpt:[192.0.2.1]"), "");
  EXPECT_THAT(manager.next(), AllOf(HasSubstr("STATUS=the tables stay as they are: "), HasSubstr("tsmpt")));
  EXPECT_EQ(slapd_->remove("x"), "");
  EXPECT_THAT(manager.next(), HasSubstr("STATUS=the tables are as the directory says"));
  slapd_.reset();
  EXPECT_THAT(manager.next(), HasSubstr("STATUS=the directory cannot be read since "));
  follower_->signal(SIGTERM);
  std::string last;
  do
    last = manager.next();
  while (last.starts_with("STATUS=the directory cannot be read"));  // of another cause
  EXPECT_EQ(last, "STOPPING=1\nSTATUS=stopping");
  EXPECT_EQ(follower_->wait(), EX_OK);
}

// A host whose directory is down must boot.
TEST_F(Directory, ThatIsDownDoesNotKeepTheServiceManagerWaiting) {
  ServiceManagerHere manager(directory_.file("notify"), "2000000");
  follow({"--ldap", "ldap://127.0.0.1:" + std::to_string(support::free_port()) + "/dc=example"});
  std::set<std::string> kinds;
  std::string ready;
  while (kinds.size() < 3) {
    const std::string said = manager.next();
    ASSERT_NE(said, "") << log();
    kinds.insert(said.substr(0, said.find('=')));
    if (said.starts_with("READY=1")) ready = said;
  }
  EXPECT_THAT(kinds, testing::ElementsAre("READY", "STATUS", "WATCHDOG"));
  EXPECT_THAT(ready, HasSubstr("STATUS=the directory cannot be read since "));
  follower_->signal(SIGTERM);
  EXPECT_EQ(follower_->wait(), EX_OK);
}

TEST_F(Directory, WithoutSyncreplIsAskedAgainAndAgain) {
  start_directory({.syncprov = false});
  follow({"--ldap", slapd_->url()});
  ASSERT_TRUE(logs("does not offer syncrepl and is asked every 3 seconds"));
  ASSERT_TRUE(has("birl.example\ttsmtp:[127.0.5.2]"));
  EXPECT_EQ(add_route("x", "x.example", "esmtp:[192.0.2.1]"), "");
  EXPECT_TRUE(has("x.example\tesmtp:[192.0.2.1]"));
}

TEST_F(Directory, ThatIsAwayLeavesTheTablesAndIsCaughtUpWith) {
  start_directory();
  EXPECT_EQ(add_route("x", "x.example", "esmtp:[192.0.2.1]"), "");
  EXPECT_EQ(add_route("y", "y.example", "esmtp:[192.0.2.1]"), "");
  follow({"--ldap", slapd_->url()});
  ASSERT_TRUE(has("y.example\tesmtp:[192.0.2.1]"));
  // What anybody could have read at any time.
  std::set<std::string> seen;
  std::atomic<bool> is_over = false;
  std::thread watcher([&] {
    while (!is_over) {
      seen.insert(text());
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  });
  const std::string before = text();
  slapd_->kill();
  EXPECT_TRUE(logs("the directory cannot be read since "));
  // Nobody follows while it is edited.
  follower_->signal(SIGSTOP);
  slapd_->start();
  EXPECT_EQ(slapd_->remove("x"), "");
  EXPECT_EQ(slapd_->replace("y", "tsmtpRouteValue", "esmtp:[192.0.2.2]"), "");
  EXPECT_EQ(add_route("z", "z.example", "esmtp:[192.0.2.3]"), "");
  EXPECT_EQ(text(), before);
  follower_->signal(SIGCONT);
  EXPECT_TRUE(logs("the directory can be read again"));
  EXPECT_TRUE(has("z.example\tesmtp:[192.0.2.3]"));
  is_over = true;
  watcher.join();
  const std::string after = text();
  EXPECT_THAT(after, AllOf(HasSubstr("y.example\tesmtp:[192.0.2.2]"), Not(HasSubstr("x.example"))));
  EXPECT_THAT(seen, IsSubsetOf({before, after}));
  EXPECT_EQ(log().find("cannot be read since"), log().rfind("cannot be read since")) << log();
}

TEST_F(Directory, WithTwoRecordsForOneKeyReplacesNothingAndNamesBoth) {
  start_directory();
  follow({"--ldap", slapd_->url(), "--cluster", "hubs"});
  ASSERT_TRUE(has("birl.example\ttsmtp:[127.0.5.2]"));
  const std::string record =
      "objectClass: sendmailMTAMapObject\nsendmailMTAMapName: mailer\nsendmailMTACluster: hubs\n"
      "sendmailMTAMapValue: esmtp:[192.0.2.1]\nsendmailMTAKey: ";
  EXPECT_EQ(slapd_->add("one", record + "two.example\n"), "");
  ASSERT_TRUE(has("two.example"));
  ASSERT_TRUE(wait_until([&] { return built().find("two.example") != std::string::npos; }));
  const std::string before = text();
  const std::string table = built();
  EXPECT_EQ(slapd_->add("other", record + "Two.Example\n"), "");
  EXPECT_TRUE(
      logs("cn=other,dc=example: sendmailMTAKey \"Two.Example\": error: cn=one,dc=example has the key "
           "\"two.example\" too: sendmail's LDAP lookup takes two records for none"));
  EXPECT_TRUE(logs("the tables stay as they are"));
  EXPECT_EQ(text(), before);
  EXPECT_EQ(built(), table);
  const Finished once = generate({"--ldap", slapd_->url(), "--cluster", "hubs"});
  EXPECT_EQ(once.status, EX_DATAERR);
  EXPECT_EQ(text(), before);
  EXPECT_EQ(slapd_->remove("one"), "");
  EXPECT_TRUE(has("cn=other,dc=example"));
}

TEST_F(Directory, WithABadEntryReplacesNothingAndNamesIt) {
  start_directory();
  follow({"--ldap", slapd_->url()});
  ASSERT_TRUE(has("birl.example\ttsmtp:[127.0.5.2]"));
  const std::string before = text();
  EXPECT_EQ(add_route("bad", "x.example", "[192.0.2.1]"), "");
  EXPECT_TRUE(logs(
      "cn=bad,dc=example: tsmtpRouteValue \"[192.0.2.1]\": error: the value does not begin with a mailer"));
  EXPECT_EQ(text(), before);
  EXPECT_EQ(slapd_->replace("bad", "tsmtpRouteValue", "esmtp:[192.0.2.1]"), "");
  EXPECT_TRUE(has("x.example\tesmtp:[192.0.2.1]"));
}

TEST_F(Directory, DomainThatIsGoneIsHeldUntilItIsReleased) {
  start_directory();
  configure(R"(domains = ["birl.example", ".birl.example"])");
  EXPECT_EQ(slapd_->add("more", "objectClass: tsmtpSite\ntsmtpSiteName: birl\ntsmtpDomain: .birl.example\n"),
            "");
  EXPECT_EQ(generate().status, EX_OK);
  EXPECT_EQ(slapd_->remove("more"), "");
  EXPECT_EQ(generate().status, EX_OK);
  EXPECT_THAT(built(), HasSubstr(".birl.example\terror:4.7.0:451 held by tsmtp"));
  EXPECT_EQ(slapd_->add("old", "objectClass: tsmtpRelease\ntsmtpDomain: .birl.example\n"), "");
  // relayd.toml has it still, so a table without it would send its mail in clear.
  EXPECT_THAT(generate().output, HasSubstr("no line routes \".birl.example\", a domain of site \"birl\""));
  configure(R"(domains = ["birl.example"])");
  EXPECT_EQ(generate().status, EX_OK);
  EXPECT_EQ(built(), "birl.example\ttsmtp:[127.0.5.2]\n");
}

TEST_F(Directory, DomainsOfASiteAreWhereRelaydReadsThem) {
  const std::string domains = directory_.file("birl.domains");
  support::write_file(domains, "");
  configure("domains_file = \"birl.domains\"");
  start_directory();
  const std::vector<std::string> where{"--ldap", slapd_->url(), "--domains-dir", directory_.path()};
  EXPECT_EQ(generate(where).status, EX_OK);
  EXPECT_THAT(support::read_file(domains), testing::EndsWith("\nbirl.example\n"));
  EXPECT_EQ(slapd_->replace("birl", "tsmtpDomain", "other.example"), "");
  const Finished done = generate(where);
  EXPECT_EQ(done.status, EX_OK) << done.output;
  // Mail from a domain that is held is not refused.
  EXPECT_THAT(support::read_file(domains), testing::EndsWith("\nbirl.example\nother.example\n"));
  EXPECT_THAT(built(),
              AllOf(HasSubstr("birl.example\terror:4.7.0:451 held"), HasSubstr("other.example\ttsmtp:")));
  EXPECT_EQ(slapd_->add("old", "objectClass: tsmtpRelease\ntsmtpDomain: birl.example\n"), "");
  EXPECT_EQ(generate(where).status, EX_OK);
  EXPECT_THAT(support::read_file(domains),
              AllOf(testing::EndsWith("\nother.example\n"), Not(HasSubstr("birl."))));
  EXPECT_EQ(built(), "other.example\ttsmtp:[127.0.5.2]\n");
  // A check knows them, too.
  EXPECT_EQ(support::run({TSMTP_MAILERTABLE, "check", "--no-cf", "--relayd", relayd_, table_}).status, EX_OK);
}

TEST_F(Directory, ThatShowsNothingReplacesNothing) {
  start_directory(
      {.rules = "access to dn.exact=dc=example by * read\naccess to * by users read by * none\n"});
  support::write_file(table_, "birl.example\ttsmtp:[127.0.5.2]\n");
  const Finished blind = generate();
  EXPECT_EQ(blind.status, EX_DATAERR);
  EXPECT_THAT(blind.output, HasSubstr("no entry for this hub below the base, or shows none"));
  EXPECT_EQ(text(), "birl.example\ttsmtp:[127.0.5.2]\n");
  const Finished nowhere = generate({"--ldap", slapd_->url(), "--base", "dc=example"});
  EXPECT_EQ(nowhere.status, EX_DATAERR);
}

TEST_F(Directory, LetsInWhoHasThePassword) {
  start_directory({.rules = "access to * by anonymous auth by users read\n"});
  const std::string password = directory_.file("password");
  support::write_file(password, std::string(Slapd::kPassword) + '\n');
  const std::vector<std::string> bind{"--ldap",          slapd_->url(), "--bind", Slapd::kAdministrator,
                                      "--password-file", password};
  std::filesystem::permissions(password, std::filesystem::perms(0644));
  EXPECT_THAT(generate(bind).output, HasSubstr("can be read by others"));
  std::filesystem::permissions(password, std::filesystem::perms(0600));
  EXPECT_EQ(generate(bind).status, EX_OK);
  support::write_file(password, "wrong\n");
  const Finished wrong = generate(bind);
  EXPECT_EQ(wrong.status, EX_UNAVAILABLE);
  EXPECT_THAT(wrong.output, AllOf(HasSubstr("does not let in cn=admin,dc=example: Invalid credentials"),
                                  HasSubstr("the tables stay as they are")));
  support::write_file(password, "");
  EXPECT_THAT(generate(bind).output, HasSubstr("holds no password"));
}

TEST_F(Directory, KnowsByTheUserWhoAsks) {
  const std::string me = "gidNumber=" + std::to_string(::getegid()) +
                         "+uidNumber=" + std::to_string(::geteuid()) + ",cn=peercred,cn=external,cn=auth";
  start_directory({.rules = "access to * by dn.exact=\"" + me + "\" read by * none\n"});
  EXPECT_NE(generate().status, EX_OK);
  const Finished right = generate({"--ldap", slapd_->url(), "--sasl-external"});
  EXPECT_EQ(right.status, EX_OK) << right.output;
  EXPECT_TRUE(has("birl.example\ttsmtp:[127.0.5.2]"));
}

TEST_F(Directory, TableOfTsmtpSendmailIsLeftToIt) {
  start_directory();
  const std::string its = "x.example\tesmtp:[h]\n# tsmtp-sendmail begin: x\n# tsmtp-sendmail end\n";
  support::write_file(table_, its);
  const Finished refused = generate();
  EXPECT_EQ(refused.status, EX_CANTCREAT);
  EXPECT_THAT(refused.output, HasSubstr("has lines of tsmtp-sendmail, and is not replaced"));
  EXPECT_EQ(text(), its);
}

TEST_F(Directory, BaseThatIsNotThereIsSaid) {
  start_directory();
  slapd_->modify("dn: ou=x,dc=example\nchangetype: add\nobjectClass: organizationalUnit\nou: x\n");
  std::string url = slapd_->url();
  url.erase(url.rfind('/'));
  EXPECT_THAT(generate({"--ldap", url, "--base", "ou=none,dc=example"}).output,
              HasSubstr("there is no ou=none,dc=example, or it is not shown"));
  EXPECT_EQ(generate({"--ldap", url}).status, EX_USAGE);
}

TEST_F(Directory, ThatIsTooLargeReplacesNothing) {
  start_directory();
  EXPECT_EQ(add_route("x", "x.example", "esmtp:[192.0.2.1]"), "");
  const Finished many = generate({"--ldap", slapd_->url(), "--max-entries", "1"});
  EXPECT_EQ(many.status, EX_UNAVAILABLE);
  EXPECT_THAT(many.output, HasSubstr("more than 1 entries"));
  std::string huge;
  for (int i = 0; i < 9000; ++i)
    huge += "tsmtpDomain: " + std::string(100, 'd') + std::to_string(i) + ".example\n";
  EXPECT_EQ(slapd_->add("huge", "objectClass: tsmtpSite\ntsmtpSiteName: birl\n" + huge), "");
  EXPECT_THAT(generate({"--ldap", slapd_->url(), "--max-mib", "1"}).output,
              HasSubstr("take more than 1 MiB, at cn=huge,dc=example"));
}

TEST_F(Directory, ThatGivesOnlyAPartReplacesNothing) {
  start_directory({.more = "sizelimit 1\n"});
  EXPECT_EQ(add_route("x", "x.example", "esmtp:[192.0.2.1]"), "");
  EXPECT_THAT(generate().output, HasSubstr("gives only a part of the entries"));
  follow({"--ldap", slapd_->url()});
  EXPECT_TRUE(logs("gives only a part of the entries"));
  EXPECT_EQ(text(), "");
}

TEST_F(Directory, OnOtherHostsIsNotBelievedInClear) {
  EXPECT_THAT(generate({"--ldap", "ldap://192.0.2.1/dc=example"}).output,
              HasSubstr("would be asked in clear"));
  EXPECT_EQ(generate({"--ldap", "http://127.0.0.1/dc=example"}).status, EX_USAGE);
  EXPECT_EQ(generate({"--ldap", "ldap://127.0.0.1/dc=example??sub?(cn=x)"}).status, EX_USAGE);
}

/// A server that says `bytes` to each client, and then nothing.
class FalseServer {
 public:
  explicit FalseServer(std::string bytes)
      : bytes_(std::move(bytes)), service_(support::free_port()), thread_([this] { serve(); }) {}
  ~FalseServer() {
    is_over_ = true;
    (void)support::try_to_connect("127.0.0.1", service_.port());
    thread_.join();
  }
  FalseServer(const FalseServer&) = delete;
  FalseServer& operator=(const FalseServer&) = delete;

  std::string url(const std::string& scheme = "ldap") const {
    return scheme + "://127.0.0.1:" + std::to_string(service_.port()) + "/dc=example";
  }

 private:
  void serve() {
    while (true) {
      clients_.push_back(service_.accept());
      if (is_over_) return;
      clients_.back().send(bytes_);
    }
  }

  std::string bytes_;
  support::Service service_;
  std::atomic<bool> is_over_ = false;
  std::vector<support::Connection> clients_;
  std::thread thread_;
};

TEST_F(Directory, ThatIsNoneIsGivenUpInTime) {
  const std::string bind_ok = "\x30\x0c\x02\x01\x01\x61\x07\x0a\x01";
  for (const std::string& bytes : {std::string(), std::string("HTTP/1.1 400 Bad Request\r\n\r\n"),
                                   std::string("\x30\x84\x7f\xff\xff\xff\x02\x01", 8), bind_ok,
                                   std::string("\x30\x00", 2), std::string("\x16\x03\x03\x40\x00", 5)}) {
    const FalseServer server(bytes);
    for (const char* const scheme : {"ldap", "ldaps"}) {
      const auto begin = std::chrono::steady_clock::now();
      const Finished done = generate({"--ldap", server.url(scheme), "--timeout", "1"});
      EXPECT_EQ(done.status, EX_UNAVAILABLE) << done.output;
      EXPECT_THAT(done.output, HasSubstr("the tables stay as they are"));
      EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20)) << done.output;
    }
  }
}

TEST_F(Directory, ThatStopsIsLeftForTheNext) {
  start_directory();
  Slapd other(TSMTP_SCHEMA, {});
  EXPECT_EQ(other.add("birl", kBirl), "");
  EXPECT_EQ(
      other.add("x",
                "objectClass: tsmtpRoute\ntsmtpRouteKey: x.example\ntsmtpRouteValue: esmtp:[192.0.2.7]\n"),
      "");
  follow({"--ldap", slapd_->url(), "--ldap", other.url()});
  ASSERT_TRUE(has("birl.example\ttsmtp:[127.0.5.2]"));
  EXPECT_THAT(text(), Not(HasSubstr("x.example")));
  slapd_->process().signal(SIGSTOP);
  EXPECT_TRUE(has("x.example\tesmtp:[192.0.2.7]"));
  EXPECT_TRUE(logs("the server says nothing for 2 seconds"));
}

class SecuredDirectory : public Directory {
 protected:
  void SetUp() override {
    Directory::SetUp();
    make_certificate("ca", "");
    make_certificate("other", "");
    make_certificate("server", " -addext subjectAltName=IP:127.0.0.1" + by("ca"));
    port_ = std::to_string(support::free_port());
  }

  /// With further lines for the whole server, and for the database.
  void start_secured(const std::string& more = "", const std::string& rules = "") {
    start_directory({.more = "TLSCACertificateFile " + directory_.file("ca.pem") + "\nTLSCertificateFile " +
                             directory_.file("server.pem") + "\nTLSCertificateKeyFile " +
                             directory_.file("server.key") + '\n' + more,
                     .rules = rules,
                     .url = "ldaps://127.0.0.1:" + port_ + " ldap://127.0.0.1:" + plain_});
  }

  /// For a certificate that another vouches for.
  std::string by(const std::string& authority) const {
    return " -addext basicConstraints=critical,CA:FALSE -CA " + directory_.file(authority + ".pem") +
           " -CAkey " + directory_.file(authority + ".key");
  }

  /// Runs openssl with `words`, which blanks separate.
  void openssl(const std::string& words) const {
    std::vector<std::string> all{"/usr/bin/openssl"};
    std::istringstream in(words);
    for (std::string word; in >> word;)
      all.push_back(word);
    const Finished done = support::run(all);
    EXPECT_EQ(done.status, 0) << done.output;
  }
  void make_certificate(const std::string& name, const std::string& more) const {
    openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 10 -subj /CN=" + name +
            " -keyout " + directory_.file(name + ".key") + " -out " + directory_.file(name + ".pem") + more);
  }
  Finished from(const std::string& url, const std::string& authority,
                const std::string& more = "--timeout=2") const {
    return generate({"--ldap", url + "/dc=example", "--ca", directory_.file(authority + ".pem"), more});
  }

  std::string port_;
  std::string plain_ = std::to_string(support::free_port());
};

TEST_F(SecuredDirectory, ProvesItselfByItsCertificate) {
  start_secured();
  const Finished right = from("ldaps://127.0.0.1:" + port_, "ca");
  EXPECT_EQ(right.status, EX_OK) << right.output;
  EXPECT_EQ(from("ldap://127.0.0.1:" + plain_, "ca", "--start-tls").status, EX_OK);
  EXPECT_EQ(from("ldaps://127.0.0.1:" + port_, "other").status, EX_UNAVAILABLE);
  EXPECT_EQ(from("ldap://127.0.0.1:" + plain_, "other", "--start-tls").status, EX_UNAVAILABLE);
  EXPECT_EQ(from("ldaps://localhost:" + port_, "ca").status, EX_UNAVAILABLE);  // certified is 127.0.0.1
  EXPECT_THAT(from("ldaps://127.0.0.1:" + port_, "none").output, HasSubstr("none.pem"));
  // An ldap.conf that believes anybody is not read.
  support::write_file(directory_.file("ldap.conf"), "TLS_REQCERT never\n");
  ::setenv("LDAPCONF", directory_.file("ldap.conf").c_str(), 1);
  ::setenv("LDAPTLS_REQCERT", "never", 1);
  EXPECT_EQ(from("ldaps://127.0.0.1:" + port_, "other").status, EX_UNAVAILABLE);
  ::unsetenv("LDAPCONF");
  ::unsetenv("LDAPTLS_REQCERT");
}

// libldap does not free what it has read of our certificate and its key: LeakSanitizer is told so.
TEST_F(SecuredDirectory, KnowsByOurCertificateWhoAsks) {
  const std::string known = directory_.file("known_leaks");
  support::write_file(known, "leak:gnutls_x509_privkey_init\nleak:gnutls_x509_crt_init\n");
  ::setenv("LSAN_OPTIONS", ("print_suppressions=0:suppressions=" + known).c_str(), 1);
  make_certificate("tokyo-hub", by("ca"));
  make_certificate("osaka-hub", by("ca"));
  make_certificate("thief", by("other"));
  start_secured("TLSVerifyClient demand\nauthz-regexp \"^cn=([^,]*)$\" \"cn=$1,ou=hubs,dc=example\"\n",
                "access to * by dn.exact=\"cn=tokyo-hub,ou=hubs,dc=example\" read by * none\n");
  const auto as = [&](const std::string& name, const std::string& url) {
    return generate({"--ldap", url + "/dc=example", "--ca", directory_.file("ca.pem"), "--sasl-external",
                     "--certificate", directory_.file(name + ".pem"), "--key", directory_.file(name + ".key"),
                     url.starts_with("ldap:") ? "--start-tls" : "--timeout=2"});
  };
  const std::string ldaps = "ldaps://127.0.0.1:" + port_;
  const Finished right = as("tokyo-hub", ldaps);
  EXPECT_EQ(right.status, EX_OK) << right.output;
  EXPECT_THAT(text(), HasSubstr("birl.example\ttsmtp:[127.0.5.2]"));
  EXPECT_EQ(as("tokyo-hub", "ldap://127.0.0.1:" + plain_).status, EX_OK);
  EXPECT_THAT(as("osaka-hub", ldaps).output, HasSubstr("the tables stay as they are"));
  EXPECT_EQ(as("thief", ldaps).status, EX_UNAVAILABLE);
  EXPECT_THAT(as("none", ldaps).output, HasSubstr("none.pem there, and in PEM?"));
  EXPECT_EQ(from(ldaps, "ca").status, EX_UNAVAILABLE);
  EXPECT_THAT(text(), HasSubstr("birl.example\ttsmtp:[127.0.5.2]"));
  ::unsetenv("LSAN_OPTIONS");
}

}  // namespace
}  // namespace tsmtp
