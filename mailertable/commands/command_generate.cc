// mailertable generate and hosts: what follows from relayd.toml, so that it need not be written twice; and
// what follows from a directory, which another program reads.
#include <fmt/format.h>
#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <span>

#include "mailertable/commands/command_line.h"
#include "mailertable/commands/commands.h"
#include "mailertable/files/input.h"
#include "mailertable/output/generated.h"
#include "mailertable/output/text_writer.h"
#include "mailertable/text/parser.h"

namespace tsmtp::mailertable {
namespace {

// A mistyped name must not cost a file of somebody else's.
std::optional<Failure> foreign(const std::string& path) {
  const auto old = read_input(path);
  if (!old) return std::nullopt;  // replace_text says what is wrong, or there is none
  base::Diagnostics findings;
  (void)parse(*old, path, findings);
  if (!findings.has_errors()) return std::nullopt;
  return Failure{EX_CANTCREAT, path + " is not the text of a mailertable, and is not replaced", false};
}

/// Reads --relayd and -o, and writes what `text_of` makes of the sites.
int generate(CLI::App& app, int argc, char** argv, std::string (*text_of)(const Sites&),
             std::string& output) {
  std::string relayd = "/etc/tsmtp/relayd.toml";
  app.add_option("--relayd", relayd, "Your relayd.toml (/etc/tsmtp/relayd.toml)")->type_name("FILE");
  if (const auto status = read_arguments(app, argc, argv)) return *status;
  base::Diagnostics findings;
  const auto sites = read_sites(relayd, findings);
  fmt::print(stderr, "{}", findings.to_string());
  if (!sites) return show_failure(sites.error());
  for (const Site& site : sites->all) {
    if (site.hosts.empty())
      fmt::print(stderr,
                 "mailertable: site {} has no address, only unix sockets: its lines depend on your mailer, "
                 "write them\n",
                 site.name);
  }
  if (output.empty()) {
    fmt::print("{}", text_of(*sites));
    return EX_OK;
  }
  if (const auto wrong = foreign(output)) return show_failure(*wrong);
  const auto written = replace_text(output, text_of(*sites));
  return written ? EX_OK : show_failure(written.error());
}

/// Becomes tsmtp-routes, which is beside this program where it is installed: only hubs with a directory have
/// it, and libldap.
int read_directory(char** argv) {
  std::array<char, 4096> own{};
  const ssize_t size = ::readlink("/proc/self/exe", own.data(), own.size());
  const std::string_view path(own.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  const std::string program = std::string(path.substr(0, path.rfind('/') + 1)) + "tsmtp-routes";
  ::execv(program.c_str(), argv);
  return show_failure({EX_UNAVAILABLE,
                       "a directory is read by " + program + ", which cannot be run (" +
                           std::strerror(errno) + "); is the package tsmtp-routes installed?",
                       false});
}

}  // namespace

int run_generate(int argc, char** argv) {
  const std::span<char*> words(argv, static_cast<std::size_t>(argc));
  if (std::any_of(words.begin(), words.end(), [](const char* word) {
        return std::strcmp(word, "--ldap") == 0 || std::strncmp(word, "--ldap=", 7) == 0;
      }))
    return read_directory(argv);
  std::string output;
  CLI::App app("Writes the table that the domains of the sites in relayd.toml imply.",
               "mailertable generate");
  app.add_option("-o,--output", output, "The file to replace, at once and whole (standard output)")
      ->type_name("FILE");
  std::string directory;
  app.add_option("--ldap", directory,
                 "Make it from a directory instead; tsmtp-routes(8) has the options for that")
      ->type_name("URL");
  return generate(app, argc, argv, generated_table, output);
}

int run_hosts(int argc, char** argv) {
  std::string standard_output;
  CLI::App app("Writes the lines for /etc/hosts that name the sites' addresses.", "mailertable hosts");
  return generate(app, argc, argv, generated_hosts, standard_output);
}

}  // namespace tsmtp::mailertable
