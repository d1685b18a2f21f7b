// mailertable check: says what is wrong with a table's text, and writes nothing.
#include <fmt/format.h>
#include <sysexits.h>

#include "mailertable/commands/command_line.h"
#include "mailertable/commands/commands.h"
#include "mailertable/files/input.h"

namespace tsmtp::mailertable {
namespace {

std::string names_of(const std::vector<std::string>& inputs) {
  std::string names;
  for (const std::string& input : inputs)
    names += (names.empty() ? "" : ", ") + display_name(input);
  return names;
}

}  // namespace

int run_check(int argc, char** argv) {
  Job job;
  CheckOptions options;
  CLI::App app(
      "Says what is wrong with the table that the files make, and what to write instead. Writes nothing.",
      "mailertable check");
  app.add_option("FILE", job.inputs, "The text of the table, in one file or several; - for standard input")
      ->required();
  add_check_options(app, options);
  if (const auto status = read_arguments(app, argc, argv)) return *status;
  if (const auto status = prepare(options, job)) return *status;

  Progress progress(stderr);
  job.progress = &progress;
  const Report report = check(job);
  progress.end();
  const FindingsFormat format = options.findings_format();
  if (report.exit_status() == EX_OK && report.findings.all().empty() && format != FindingsFormat::kJson)
    fmt::print("{}: {} {}, no mistakes found\n", names_of(job.inputs), report.entries,
               report.entries == 1 ? "entry" : "entries");
  return show(report, format,
              report.exit_status() == EX_OK ? "build would accept this" : "build would refuse this");
}

}  // namespace tsmtp::mailertable
