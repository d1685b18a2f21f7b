// The program mailertable: finds the subcommand and leaves the rest to it.
#include <fmt/format.h>
#include <sysexits.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>
#include <vector>

#include "mailertable/commands/commands.h"
#include "relayd/base/bytes.h"
#include "relayd/base/nearest.h"
#include "relayd/base/version.h"

namespace tsmtp::mailertable {
namespace {

struct Command {
  std::string_view name;
  std::string_view arguments;
  std::string_view help;
  int (*run)(int argc, char** argv);
};

constexpr std::array kCommands{
    Command{"build", "[-t hash|btree] [-o DB] FILE...", "Check FILE and make it a table that sendmail reads",
            run_build},
    Command{"check", "FILE...", "Say what is wrong with the table, write nothing", run_check},
    Command{"resolve", "TABLE NAME...", "Say which key answers for a host, domain or address", run_resolve},
    Command{"dump", "DB", "Write the text that builds the table DB again", run_dump},
    Command{"diff", "OLD NEW", "Say which keys were added, removed or changed", run_diff},
    Command{"fmt", "[-i] FILE", "Align the columns of FILE", run_fmt},
    Command{"generate", "--relayd FILE", "Write the table that the sites of relayd.toml imply", run_generate},
    Command{"hosts", "--relayd FILE", "Write the lines for /etc/hosts that name the sites", run_hosts},
    Command{"domains", "[FILE]", "Say what the list of tunnel-only domains holds, and what is wrong with it",
            run_domains},
    Command{"makemap", "[OPTION...] TYPE MAP", "Do what sendmail's makemap does with these arguments",
            run_makemap},
};

void print_usage(std::FILE* out) {
  fmt::print(out,
             "Usage: mailertable COMMAND [ARGUMENT...]\n"
             "Compiles sendmail's mailertable, and finds the mistakes that makemap lets through.\n\n");
  for (const Command& command : kCommands)
    fmt::print(out, "  {} {}\n      {}\n", command.name, command.arguments, command.help);
  fmt::print(out, "\nmailertable COMMAND --help says more; so does mailertable(8).\n");
}

int refuse(std::string_view name) {
  std::vector<std::string_view> known;
  known.reserve(kCommands.size());
  for (const Command& command : kCommands)
    known.push_back(command.name);
  const std::string_view meant = base::nearest(name, known);
  fmt::print(stderr, "mailertable: no command \"{}\"", base::escaped(name, 80));
  if (!meant.empty()) fmt::print(stderr, "; did you mean \"{}\"?", meant);
  fmt::print(stderr, "\n");
  return EX_USAGE;
}

std::string_view base_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

int run(int argc, char** argv) {
  if (argc > 0 && base_name(argv[0]) == "makemap") return run_makemap(argc, argv);
  if (argc < 2) {
    print_usage(stderr);
    return EX_USAGE;
  }
  const std::string_view name = argv[1];
  if (name == "--help" || name == "-h" || name == "help") {
    print_usage(stdout);
    return EX_OK;
  }
  if (name == "--version") {
    fmt::print("mailertable (tsmtp) {}\n", base::version());
    return EX_OK;
  }
  const auto* command =
      std::find_if(kCommands.begin(), kCommands.end(), [&](const Command& one) { return one.name == name; });
  return command == kCommands.end() ? refuse(name) : command->run(argc - 1, argv + 1);
}

}  // namespace
}  // namespace tsmtp::mailertable

int main(int argc, char** argv) {
  return tsmtp::mailertable::run(argc, argv);
}
