// mailertable check: says what is wrong with a table's text, and writes nothing.
#include <fmt/format.h>
#include <sysexits.h>

#include "mailertable/command_line.h"
#include "mailertable/commands.h"
#include "mailertable/input.h"

namespace tsmtp::mailertable {

int run_check(int argc, char** argv) {
  std::string input;
  std::vector<std::string> mailers;
  CLI::App app("Says what is wrong with FILE, and what to write instead. Writes nothing.",
               "mailertable check");
  app.add_option("FILE", input, "The text of the table; - for standard input")->required();
  add_mailer_option(app, mailers);
  if (const auto status = read_arguments(app, argc, argv)) return *status;

  const Report report = check(input, mailers_with(mailers));
  if (report.exit_status() == EX_OK && report.findings.all().empty())
    fmt::print("{}: {} {}, no mistakes found\n", display_name(input), report.entries,
               report.entries == 1 ? "entry" : "entries");
  return show(report, report.exit_status() == EX_OK ? "build would accept this" : "build would refuse this");
}

}  // namespace tsmtp::mailertable
