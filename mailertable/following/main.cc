// The program tsmtp-routes, which `mailertable generate --ldap` runs: makes the tables of this hub from a
// directory, once or for as long as it lives.
#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <csignal>
#include <cstdlib>
#include <optional>

#include "mailertable/commands/command_line.h"
#include "mailertable/directory/directory_reader.h"
#include "mailertable/files/temporary_file.h"
#include "mailertable/following/follow.h"
#include "mailertable/following/publication.h"
#include "relayd/base/version.h"

namespace tsmtp::mailertable {
namespace {

struct Arguments {
  Access access;
  ContentBounds bounds;
  std::size_t most_mib = 64;
  Publishing what;
  std::string schema = "both";
  bool text_only = false;
  bool no_reload = false;
  bool follows = false;
  bool only_checks = false;
  bool logs_to_syslog = false;
};

void add_directory_options(CLI::App& app, Access& access) {
  app.add_option("--ldap", access.urls,
                 "The directory, and others like it, in the order in which they are tried")
      ->type_name("URL")
      ->allow_extra_args(false);
  app.add_option("--base", access.base, "Below which DN the entries are, if no URL says it")->type_name("DN");
  app.add_option("--filter", access.filter, "Read only entries that match this too")->type_name("FILTER");
  app.add_option("--bind", access.bind_dn, "Who asks (nobody)")->type_name("DN");
  app.add_option("--password-file", access.password_file, "A file with the password in its first line")
      ->type_name("FILE");
  app.add_flag("--sasl-external", access.sasl_external, "The server knows by user or certificate who asks");
  app.add_option("--ca", access.ca_file, "Who may certify a server (" + access.ca_file + ")")
      ->type_name("FILE");
  app.add_option("--certificate", access.certificate_file, "Our certificate, for a server that asks for one")
      ->type_name("FILE");
  app.add_option("--key", access.key_file, "Its key")->type_name("FILE");
  app.add_option_function<unsigned>(
         "--timeout", [&access](unsigned seconds) { access.timeout = std::chrono::seconds(seconds); },
         "How long to wait for a server (5)")
      ->check(CLI::Range(1U, 300U).description(""))
      ->take_last()
      ->type_name("SECONDS");
  app.add_flag("--start-tls", access.start_tls, "Have ldap:// secured by StartTLS");
  app.add_flag(
      "--clear-text", access.clear_text,
      "Believe a server on another host without TLS: whoever can answer for it decides where mail goes");
}

void add_output_options(CLI::App& app, Arguments& arguments) {
  Publishing& what = arguments.what;
  app.add_option("-o,--output", what.text,
                 "The text of the table, replaced at once and whole (standard output)")
      ->type_name("FILE");
  app.add_option("--build", what.tables, "The tables to build (FILE.db)")
      ->type_name("DB")
      ->allow_extra_args(false);
  app.add_flag("--text-only", arguments.text_only, "Build none");
  app.add_option("-t,--type", what.type, "hash or btree (as the sendmail.cf names it, or else hash)")
      ->check(CLI::IsMember({"hash", "btree"}).description(""))
      ->type_name("TYPE");
  app.add_option("--with", what.local, "The text of a table of this hub's own, which becomes a part of it")
      ->type_name("FILE")
      ->allow_extra_args(false);
  app.add_option("--domains-dir", what.domains_dir,
                 "Where to write the domains of each site, for domains_file in relayd.toml")
      ->type_name("DIR");
  app.add_flag("--no-reload", arguments.no_reload, "Do not run relayctl reload when they change");
}

void add_rule_options(CLI::App& app, Arguments& arguments) {
  Publishing& what = arguments.what;
  app.add_option("--schema", arguments.schema, "Whose entries to read: tsmtp, sendmail or both (both)")
      ->check(CLI::IsMember({"tsmtp", "sendmail", "both"}).description(""))
      ->type_name("SCHEMA");
  app.add_option("--own-site", what.rules.own_site, "The site that this hub is of (its name in relayd.toml)")
      ->type_name("NAME");
  app.add_option("--cluster", what.rules.cluster, "sendmail's cluster, ${sendmailMTACluster}, if it has one")
      ->type_name("NAME");
  app.add_option("--host", what.rules.host, "sendmail's name of this host, $j (the host's full name)")
      ->type_name("NAME");
  app.add_option("--release", what.let_go,
                 "Do not hold mail for this domain, and those below it, when it is gone")
      ->type_name("DOMAIN")
      ->allow_extra_args(false);
  app.add_option("--most-lost", what.loss.percent, "How much of the table may be lost at once (50)")
      ->check(CLI::Range(1, 100).description(""))
      ->type_name("PERCENT");
  app.add_option("--max-entries", arguments.bounds.entries, "How many entries to read at most (100000)")
      ->type_name("COUNT");
  app.add_option("--max-mib", arguments.most_mib, "How much memory they may take (64)")->type_name("MIB");
}

/// The name by which sendmail knows this host unless it is told another.
std::string full_host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "";
  addrinfo hints{};
  hints.ai_flags = AI_CANONNAME;
  addrinfo* found = nullptr;
  std::string full = name.data();
  if (::getaddrinfo(name.data(), nullptr, &hints, &found) == 0 && found != nullptr) {
    if (found->ai_canonname != nullptr) full = found->ai_canonname;
    ::freeaddrinfo(found);
  }
  return full;
}

/// relayctl beside this program, as both are installed; nothing where there is none.
std::string relayctl_beside() {
  std::array<char, 4096> path{};
  const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
  if (size <= 0) return "";
  std::string beside(path.data(), static_cast<std::size_t>(size));
  beside = beside.substr(0, beside.rfind('/') + 1) + "relayctl";
  return ::access(beside.c_str(), X_OK) == 0 ? beside : "";
}

int complain(const std::string& what, int status) {
  fmt::print(stderr, "tsmtp-routes: {}\n", what);
  return status;
}

std::optional<int> settle_arguments(Arguments& arguments) {
  Publishing& what = arguments.what;
  what.rules.reads_tsmtp = arguments.schema != "sendmail";
  what.rules.reads_sendmail = arguments.schema != "tsmtp";
  if (what.rules.host.empty() && what.rules.reads_sendmail) what.rules.host = full_host_name();
  std::string& filter = arguments.access.filter;
  if (!filter.empty() && (filter.front() != '(' || filter.back() != ')'))
    return complain("--filter begins and ends with a parenthesis: (ou=mail)", EX_USAGE);
  filter = filter_of(what.rules, filter);
  arguments.bounds.bytes = arguments.most_mib << 20;
  if (!arguments.no_reload) what.relayctl = relayctl_beside();
  if (arguments.follows && what.text.empty())
    return complain("say with -o which file shall follow", EX_USAGE);
  if (what.text.empty() && (!what.tables.empty() || !what.domains_dir.empty()))
    return complain("say with -o where the table's text goes: it is the memory of what went through a link",
                    EX_USAGE);
  if (!what.text.empty() && what.tables.empty() && !arguments.text_only) what.tables = {what.text + ".db"};
  if (arguments.text_only && !what.tables.empty())
    return complain("--text-only and --build exclude each other", EX_USAGE);
  return std::nullopt;
}

int run_once(DirectoryReader& reader, Publication& publication) {
  const auto content = reader.read_once();
  if (!content) return complain(content.error().message + "; the tables stay as they are", EX_UNAVAILABLE);
  const Published result = publication.publish(*content);
  fmt::print(stderr, "{}", result.text());
  if (result.is_done()) return EX_OK;
  return complain("the tables stay as they are", result.failure ? result.failure->exit_status : EX_DATAERR);
}

int run(int argc, char** argv) {
  Arguments arguments;
  arguments.what.checks.relayd = "/etc/tsmtp/relayd.toml";
  CLI::App app(
      "Makes this hub's mailertable from the entries of an LDAP directory. What is wrong replaces nothing.",
      "tsmtp-routes");
  app.set_version_flag("--version", std::string("tsmtp-routes (tsmtp) ") + std::string(base::version()));
  add_directory_options(app, arguments.access);
  add_output_options(app, arguments);
  add_rule_options(app, arguments);
  add_check_options(app, arguments.what.checks);
  app.add_flag("--follow", arguments.follows, "Stay, and keep the tables as the directory is");
  app.add_flag("--syslog", arguments.logs_to_syslog, "Log by syslog while it follows, not on standard error");
  app.add_flag("--check", arguments.only_checks, "Only say what is wrong with these options");
  app.set_config("--config", "", "Read these options from a file, as ldap = \"ldaps://ldap.example\"")
      ->type_name("FILE");
  app.allow_config_extras(CLI::config_extras_mode::error);
  if (const auto status = read_arguments(app, argc, argv)) return *status;
  // What a user's or the system's ldap.conf says of certificates must not decide whom we believe.
  ::setenv("LDAPNOINIT", "1", 1);
  std::signal(SIGPIPE, SIG_IGN);
  if (const auto status = settle_arguments(arguments)) return *status;
  if (auto fine = settle(arguments.access); !fine) return complain(fine.error().message, EX_USAGE);
  if (arguments.only_checks) return EX_OK;
  DirectoryReader reader(arguments.access, arguments.bounds);
  Publication publication(arguments.what);
  if (arguments.follows)
    return follow(reader, publication, arguments.logs_to_syslog ? LogTo::kSyslog : LogTo::kStandardError);
  remove_temporary_file_on_signals();
  return run_once(reader, publication);
}

}  // namespace
}  // namespace tsmtp::mailertable

int main(int argc, char** argv) {
  return tsmtp::mailertable::run(argc, argv);
}
