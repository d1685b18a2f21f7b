#include "tests/unit/diagnosis/prepared_hub.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>

#include "mailertable/database/database.h"
#include "mailertable/text/parser.h"
#include "relayd/control/time_text.h"
#include "relayd/diagnosis/host/hub_gathering.h"
#include "relayd/net/tls/identity.h"

namespace tsmtp::diagnosis {
namespace {

namespace fs = std::filesystem;
using control::Json;

constexpr std::uint32_t kUser = 990;
constexpr int kAge = 1000;

const char* const kToml = R"(
[hub]
name = "tokyo"
listen = ["0.0.0.0:5443"]
user = "tsmtp"
domains = ["tokyo.example", ".tokyo.example"]
)";

const char* const kSite = R"(
[[site]]
name = "birlinghoven"
pin = ["sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="]
dial = ["hub.birl.example:5443"]
address = "127.0.5.2"
domains = ["birl.example", ".birl.example"]
)";

const char* const kCf = R"(Cwlocalhost
Fw/etc/mail/local-host-names %[^\#]
FR-o /etc/mail/relay-domains
Kmailertable hash /etc/mail/mailertable
Kaccess hash -T<TMPF> /etc/mail/access
Ktsmtpsite hash -T<TMPF> /etc/mail/tsmtp-sites
F{TsmtpDomain}/etc/mail/tsmtp-domains
O QueueDirectory=/var/spool/mqueue
O PidFile=/run/sendmail/mta/sendmail.pid
O DaemonPortOptions=Name=MTA, Family=inet, Port=smtp
Mlocal,		P=/usr/libexec/sendmail/mail.local, F=lsDFMAw5:/|@qPSXmnz9,
		A=mail.local -l
Mesmtp,		P=[IPC], F=mDFMuXa, S=EnvFromSMTP/HdrFromSMTP, R=EnvToSMTP, E=\r\n, L=990,
		A=TCP $h
Mtsmtp,		P=[IPC], F=mDFMuXa80, S=EnvFromSMTP/HdrFromSMTP, R=EnvToSMTP, E=\r\n, L=2040,
		A=TCP $h 5000
)";

/// A line of proc_pid_stat(5) whose process began `after` seconds after the boot.
std::string stat_line(int pid, const char* name, long after) {
  return std::to_string(pid) + " (" + name + ") S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 " +
         std::to_string(after * sysconf(_SC_CLK_TCK)) + " 0 0\n";
}

Json status_at(base::WallTime now, const std::string& pin) {
  using std::chrono::seconds;
  const std::string since = control::rfc3339(now - seconds(kAge));
  const Json hub{{"name", "birlinghoven"},  {"state", "up"},          {"since", since},    {"cause", nullptr},
                 {"peer_version", "0.2.1"}, {"lacks", Json::array()}, {"refusal", nullptr}};
  const Json site{{"name", "birlinghoven"},
                  {"state", "up"},
                  {"since", since},
                  {"cause", nullptr},
                  {"revoked", nullptr},
                  {"own_key", nullptr},
                  {"stands_still_since", nullptr},
                  {"dial_failures", Json::array()},
                  {"peer_name", "birlinghoven"},
                  {"far_mta", "reachable, PIPELINING"},
                  {"mta", {{"trouble", nullptr}}},
                  {"out", {{"last_refused", nullptr}}},
                  {"in", {{"last_refused", nullptr}}},
                  {"hubs", Json::array({hub})},
                  {"forwards", Json::array()},
                  {"services", Json::array()}};
  return Json{{"name", "tokyo"},
              {"version", "0.2.0 (0123456789ab)"},
              {"pid", 500},
              {"started", since},
              {"config_file", "/etc/tsmtp/relayd.toml"},
              {"config_loaded", control::rfc3339(now)},
              {"last_reload_error", nullptr},
              {"fingerprint", pin},
              {"own_key", {{"made", since}, {"rotations", 0}, {"trouble", nullptr}}},
              {"audit", nullptr},
              {"ledger", {{"trouble", nullptr}, {"since", nullptr}, {"no_witness", nullptr}}},
              {"shared_doubts", nullptr},
              {"site_ledger", nullptr},
              {"endpoints_held", true},
              {"draining", false},
              {"shortage", nullptr},
              {"refused_keys", Json::array()},
              {"sites", Json::array({site})}};
}

base::Result<std::string> said(const char* line) {
  return base::Result<std::string>(boost::system::in_place_value, line);
}

/// The tests' user plays relayd's.
void play_user(HubFacts& facts) {
  for (auto& [path, file] : facts.files)
    if (file.uid == geteuid()) {
      file.uid = kUser;
      file.owner = "tsmtp";
    }
  if (facts.user) facts.user->uid = kUser;
  if (facts.relayd) facts.relayd->uid = kUser;
}

}  // namespace

PreparedHub::PreparedHub() {
  make_configuration();
  make_processes();
  make_services();
  make_sendmail();
}

PreparedHub::PreparedHub(const PreparedHub& other) {
  fs::copy(
      other.directory_.path(), directory_.path(),
      fs::copy_options::recursive | fs::copy_options::copy_symlinks | fs::copy_options::overwrite_existing);
}

void PreparedHub::make_configuration() {
  const std::string uid = std::to_string(geteuid());
  write("/etc/passwd",
        "tsmtp:x:" + uid + ":" + std::to_string(getegid()) + "::/var/lib/tsmtp:/usr/sbin/nologin\n");
  write("/etc/hostname", "hub.tokyo.example\n");
  write("/etc/hosts",
        "127.0.0.1\tlocalhost\n192.0.2.10\thub.tokyo.example hub\n192.0.2.20\thub.birl.example\n"
        "127.0.5.2\tbirlinghoven.tsmtp\n");
  write("/etc/tsmtp/relayd.toml", kToml);
  write("/etc/tsmtp/sites.d/birlinghoven.toml", kSite);
  write("/var/lib/tsmtp/ledger/log.0000000001", "");
  set_mode("/var/lib/tsmtp", 0700);
  EXPECT_TRUE(net::create_identity(real("/etc/tsmtp/identity.pem"), "tokyo"));
}

void PreparedHub::make_processes() {
  write("/proc/uptime", std::to_string(10 * kAge) + ".00 1.00\n");
  const long start = 9L * kAge;
  const std::string uid = std::to_string(geteuid());
  write("/proc/500/stat", stat_line(500, "relayd", start));
  write("/proc/500/comm", "relayd\n");
  write("/proc/500/cmdline", std::string("/usr/sbin/relayd\0--foreground\0", 30));
  write("/proc/500/status", "Uid:\t" + uid + '\t' + uid + '\t' + uid + '\t' + uid + '\n');
  write("/proc/500/limits", "Max open files            65536                65536                files\n");
  link("/proc/500/exe", "/usr/sbin/relayd");
  link("/proc/500/fd/5", "socket:[71]");
  link("/proc/500/fd/6", "socket:[72]");
  write("/proc/400/stat", stat_line(400, "sendmail", start));
  write("/proc/400/comm", "sendmail\n");
  write("/proc/400/cmdline", "sendmail: MTA: accepting connections");
  write("/proc/net/tcp",
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        "   0: 0205007F:1388 00000000:0000 0A 00000000:00000000 00:00000000 00000000   990        0 71 1\n"
        "   1: 00000000:1543 00000000:0000 0A 00000000:00000000 00:00000000 00000000   990        0 72 1\n");
}

void PreparedHub::make_services() {
  fs::create_directories(real("/run/systemd/system"));
  for (const std::string unit : {"relayd.service", "tsmtp-endpoints.service", "sendmail.service"}) {
    write("/usr/lib/systemd/system/" + unit, "[Service]\nUser=tsmtp\n");
    link("/etc/systemd/system/multi-user.target.wants/" + unit, "/usr/lib/systemd/system/" + unit);
  }
}

void PreparedHub::make_sendmail() {
  write("/etc/mail/sendmail.mc", "FEATURE(`mailertable')dnl\n");
  write("/etc/mail/sendmail.cf", kCf);
  write("/etc/mail/local-host-names", "localhost\ntokyo.example\n");
  write("/etc/mail/relay-domains", "10.11.0\n");
  write("/etc/mail/access", "Connect:127.0.0.1\tRELAY\nConnect:127.0.5.2\tSKIP\n");
  write("/etc/mail/mailertable", "birl.example\ttsmtp:[127.0.5.2]\n.birl.example\ttsmtp:[127.0.5.2]\n");
  write("/etc/mail/tsmtp-domains", "birl.example\n");
  write("/etc/mail/tsmtp-sites", "birl.example\t127.0.5.2\n127.0.5.2\tbirlinghoven\n");
  for (const char* const map : {"/etc/mail/access", "/etc/mail/mailertable", "/etc/mail/tsmtp-sites"})
    build(map);
  write("/run/sendmail/mta/sendmail.pid", "400\n/usr/sbin/sendmail -bd\n");
  fs::create_directories(real("/var/spool/mqueue"));
}

void PreparedHub::write(const std::string& path, const std::string& text) const {
  fs::create_directories(fs::path(real(path)).parent_path());
  std::ofstream(real(path), std::ios::binary) << text;
}

void PreparedHub::add(const std::string& path, const std::string& line) const {
  std::ofstream(real(path), std::ios::app) << line << '\n';
}

void PreparedHub::replace(const std::string& path, const std::string& old, const std::string& by) const {
  std::string text = support::read_file(real(path));
  const std::size_t at = text.find(old);
  ASSERT_NE(at, text.npos) << path << " has no " << old;
  write(path, text.replace(at, old.size(), by));
}

void PreparedHub::remove(const std::string& path) const {
  fs::remove_all(real(path));
}

void PreparedHub::set_mode(const std::string& path, unsigned mode) const {
  ASSERT_EQ(::chmod(real(path).c_str(), mode), 0) << path;
}

void PreparedHub::shift_time(const std::string& path, int seconds) const {
  fs::last_write_time(real(path), fs::last_write_time(real(path)) + std::chrono::seconds(seconds));
}

void PreparedHub::link(const std::string& path, const std::string& target) const {
  fs::create_directories(fs::path(real(path)).parent_path());
  fs::remove(real(path));
  fs::create_symlink(target, real(path));
}

void PreparedHub::build(const std::string& path) const {
  const std::string text = support::read_file(real(path));
  base::Diagnostics ignored;
  const mailertable::Table table = mailertable::parse(text, path, ignored);
  write(path + ".db", "");
  EXPECT_TRUE(mailertable::fill_database(real(path) + ".db", mailertable::TableType::kHash, table.entries))
      << path;
}

HubFacts PreparedHub::facts() const {
  HubFacts facts = gather({.config_file = "/etc/tsmtp/relayd.toml", .root = directory_.path()});
  facts.as_root = true;
  facts.version = "0.2.0 (0123456789ab)";
  facts.status = status_at(facts.now, facts.key && *facts.key ? (**facts.key).pin : "");
  facts.invitations = Json::array();
  facts.own_addresses = {"127.0.0.1", "192.0.2.10"};
  facts.ports["127.0.5.2:5000"].greeting = said("220 tokyo ESMTP tsmtp");
  facts.ports["127.0.0.1:25"].greeting = said("220 hub.tokyo.example ESMTP Sendmail");
  facts.mta = {{.site = "birlinghoven",
                .from = "127.0.5.2",
                .deliver = "127.0.0.1:25",
                .greeting = "220 hub.tokyo.example ESMTP Sendmail",
                .sender = "250 2.1.0 Sender ok",
                .recipient = "250 2.1.5 Recipient ok",
                .foreign = "550 5.7.1 Relaying denied",
                .sender_asked = "postmaster@birl.example",
                .recipient_asked = "postmaster@tokyo.example"}};
  facts.clock_is_synchronised = true;
  constexpr std::uint64_t kGibibyte = std::uint64_t{1} << 30;
  facts.disks = {{.path = "/var/lib/tsmtp",
                  .purpose = "relayd's state",
                  .bytes_total = 100 * kGibibyte,
                  .bytes_free = 50 * kGibibyte,
                  .inodes_total = 1'000'000,
                  .inodes_free = 900'000}};
  facts.load = 0.5;
  facts.processors = 2;
  facts.cf_edit = said("");
  facts.routes = said(
      "mailer tsmtp, host [127.0.5.2], user tsmtp-proof@birl.example\n"
      "mailer tsmtp, host [127.0.5.2], user tsmtp-proof@tsmtp-proof.birl.example\n");
  facts.queue = "/var/spool/mqueue is empty\n\t\tTotal requests: 0\n";
  play_user(facts);
  return facts;
}

}  // namespace tsmtp::diagnosis
