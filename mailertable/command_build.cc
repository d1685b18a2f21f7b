// mailertable build: makes the table that sendmail reads.
#include <fmt/format.h>
#include <sys/stat.h>
#include <sysexits.h>

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "mailertable/command_line.h"
#include "mailertable/commands.h"
#include "mailertable/temporary_file.h"

namespace tsmtp::mailertable {
namespace {

struct Arguments {
  Job job;
  TableTarget target;
  CheckOptions options;
};

std::optional<int> read(Arguments& arguments, int argc, char** argv) {
  std::string type = "hash";
  CLI::App app(
      "Checks the files and makes them one table that sendmail reads. With errors, the old table stays.",
      "mailertable build");
  app.add_option("FILE", arguments.job.inputs,
                 "The text of the table, in one file or several; - for standard input")
      ->required();
  app.add_option("-t,--type", type, "hash or btree, as your sendmail.cf names it (hash)")
      ->check(CLI::IsMember({"hash", "btree"}).description(""))
      ->type_name("TYPE");
  app.add_option("-o,--output", arguments.target.path, "The table to write (FILE.db, if there is one FILE)")
      ->type_name("DB");
  add_check_options(app, arguments.options);
  if (const auto status = read_arguments(app, argc, argv)) return status;
  arguments.target.type = type == "btree" ? TableType::kBtree : TableType::kHash;
  if (!arguments.target.path.empty()) return std::nullopt;
  const std::string& input = arguments.job.inputs.front();
  if (input == "-" || arguments.job.inputs.size() > 1) {
    fmt::print(stderr, "mailertable: say with -o which table to make of {}\n",
               input == "-" ? "standard input" : "several files");
    return EX_USAGE;
  }
  arguments.target.path = input + ".db";
  return std::nullopt;
}

std::string consequence(const Report& report, const std::string& path) {
  struct stat status {};
  if (report.exit_status() == EX_OK) return path + " is written";
  if (report.failure && report.failure->table_replaced) return path + " is in place all the same";
  return path + (::lstat(path.c_str(), &status) == 0 ? " is unchanged" : " is not written");
}

}  // namespace

int run_build(int argc, char** argv) {
  Arguments arguments;
  if (const auto status = read(arguments, argc, argv)) return *status;
  if (const auto status = prepare(arguments.options, arguments.job)) return *status;
  remove_temporary_file_on_signals();
  Progress progress(stderr);
  arguments.job.progress = &progress;
  const Report report = build(arguments.job, arguments.target);
  progress.end();
  return show(report, arguments.options.findings_format(), consequence(report, arguments.target.path));
}

}  // namespace tsmtp::mailertable
