// mailertable build: makes the table that sendmail reads.
#include <fmt/format.h>
#include <sys/stat.h>
#include <sysexits.h>

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "mailertable/commands/command_line.h"
#include "mailertable/commands/commands.h"
#include "mailertable/files/temporary_file.h"

namespace tsmtp::mailertable {
namespace {

struct Arguments {
  Job job;
  TableTarget target;
  CheckOptions options;
  std::string type;  // empty: not said
};

std::optional<int> read(Arguments& arguments, int argc, char** argv) {
  std::string type;
  CLI::App app(
      "Checks the files and makes them one table that sendmail reads. With errors, the old table stays.",
      "mailertable build");
  app.add_option("FILE", arguments.job.inputs,
                 "The text of the table, in one file or several; - for standard input")
      ->required();
  app.add_option("-t,--type", type, "hash or btree (as the sendmail.cf names it, or else hash)")
      ->check(CLI::IsMember({"hash", "btree"}).description(""))
      ->type_name("TYPE");
  app.add_option("-o,--output", arguments.target.path, "The table to write (FILE.db, if there is one FILE)")
      ->type_name("DB");
  add_check_options(app, arguments.options);
  if (const auto status = read_arguments(app, argc, argv)) return status;
  arguments.type = type;
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

// Without -t the table becomes what sendmail will read it as.
void settle_type(Arguments& arguments) {
  const std::optional<SendmailCf>& cf = arguments.job.knowledge.cf;
  std::string& type = arguments.type;
  const std::string& path = arguments.target.path;
  if (type.empty() && cf && cf->mailertable && path == cf->mailertable->path + ".db" &&
      cf->mailertable->type == "btree")
    type = "btree";
  if (type.empty()) type = "hash";
  arguments.target.type = type == "btree" ? TableType::kBtree : TableType::kHash;
  arguments.job.knowledge.wanted = Wanted{path, type};
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
  settle_type(arguments);
  remove_temporary_file_on_signals();
  Progress progress(stderr);
  arguments.job.progress = &progress;
  const Report report = build(arguments.job, arguments.target);
  progress.end();
  return show(report, arguments.options.findings_format(), consequence(report, arguments.target.path));
}

}  // namespace tsmtp::mailertable
