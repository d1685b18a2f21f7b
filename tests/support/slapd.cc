#include "tests/support/slapd.h"

#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>

#include "tests/support/wait_until.h"

namespace tsmtp::support {
namespace {

/// As much of sendmail's schema as FEATURE(`mailertable', `LDAP') looks at. The numbers are of no matter
/// here.
constexpr const char* kSendmailSchema = R"(
attributetype ( 2.25.1.1 NAME 'sendmailMTACluster' EQUALITY caseIgnoreIA5Match SYNTAX 1.3.6.1.4.1.1466.115.121.1.26 )
attributetype ( 2.25.1.2 NAME 'sendmailMTAHost' EQUALITY caseIgnoreIA5Match SYNTAX 1.3.6.1.4.1.1466.115.121.1.26 )
attributetype ( 2.25.1.3 NAME 'sendmailMTAMapName' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 2.25.1.4 NAME 'sendmailMTAKey' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 2.25.1.5 NAME 'sendmailMTAMapValue' EQUALITY caseExactMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
objectclass ( 2.25.1.6 NAME 'sendmailMTAMapObject' SUP top STRUCTURAL MUST ( cn $ sendmailMTAMapName )
  MAY ( sendmailMTACluster $ sendmailMTAHost $ sendmailMTAKey $ sendmailMTAMapValue ) )
)";

std::string without_slashes(const std::string& path) {
  std::string out;
  for (const char c : path)
    out += c == '/' ? std::string("%2F") : std::string(1, c);
  return out;
}

}  // namespace

Slapd::Slapd(const std::string& schema, Options options)
    : options_(std::move(options)), socket_("ldapi://" + without_slashes(directory_.file("ldapi"))) {
  write_file(directory_.file("sendmail.schema"), kSendmailSchema);
  std::filesystem::create_directory(directory_.file("database"));
  write_file(directory_.file("slapd.conf"),
             "include /etc/ldap/schema/core.schema\ninclude " + schema + "\ninclude " +
                 directory_.file("sendmail.schema") +
                 "\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\nmoduleload syncprov\npidfile " +
                 directory_.file("pid") + '\n' + options_.more +
                 "\ndatabase mdb\nsuffix dc=example\nrootdn " + kAdministrator + "\nrootpw " + kPassword +
                 "\ndbnosync\ndirectory " + directory_.file("database") + '\n' + options_.rules + '\n' +
                 (options_.syncprov ? "overlay syncprov\n" : ""));
  start();
  EXPECT_EQ(
      modify("dn: dc=example\nchangetype: add\nobjectClass: dcObject\nobjectClass: organization\no: example\n"
             "dc: example\n"),
      "");
}

void Slapd::start() {
  const std::string urls = socket_ + (options_.url.empty() ? "" : ' ' + options_.url);
  // -d keeps it in the foreground.
  process_ = std::make_unique<Process>(
      std::vector<std::string>{"/usr/sbin/slapd", "-h", urls, "-f", directory_.file("slapd.conf"), "-d", "0"},
      directory_.file("log"));
  const bool serves = wait_until([&] {
    return run({"/usr/bin/ldapwhoami", "-x", "-H", socket_}).status == 0 || !process_->running();
  });
  EXPECT_TRUE(serves && process_->running()) << read_file(directory_.file("log"));
}

void Slapd::kill() {
  process_->signal(SIGKILL);
  (void)process_->wait();
}

std::string Slapd::modify(const std::string& ldif) {
  const std::string file = directory_.file("change.ldif");
  write_file(file, ldif);
  const Finished done =
      run({"/usr/bin/ldapmodify", "-x", "-H", socket_, "-D", kAdministrator, "-w", kPassword, "-f", file});
  return done.status == 0 ? "" : done.output;
}

std::string Slapd::add(const std::string& name, const std::string& lines) {
  return modify("dn: cn=" + name + ",dc=example\nchangetype: add\ncn: " + name + '\n' + lines);
}

std::string Slapd::replace(const std::string& name, const std::string& attribute, const std::string& value) {
  return modify("dn: cn=" + name + ",dc=example\nchangetype: modify\nreplace: " + attribute + '\n' +
                attribute + ": " + value + '\n');
}

std::string Slapd::remove(const std::string& name) {
  return modify("dn: cn=" + name + ",dc=example\nchangetype: delete\n");
}

}  // namespace tsmtp::support
