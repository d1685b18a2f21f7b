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
  std::string input;
  TableTarget target;
  std::vector<std::string> mailers;
};

std::optional<int> read(Arguments& arguments, int argc, char** argv) {
  std::string type = "hash";
  CLI::App app("Checks FILE and makes it a table that sendmail reads. With errors, the old table stays.",
               "mailertable build");
  app.add_option("FILE", arguments.input, "The text of the table; - for standard input")->required();
  app.add_option("-t,--type", type, "hash or btree, as your sendmail.cf names it (hash)")
      ->check(CLI::IsMember({"hash", "btree"}).description(""))
      ->type_name("TYPE");
  app.add_option("-o,--output", arguments.target.path, "The table to write (FILE.db)")->type_name("DB");
  add_mailer_option(app, arguments.mailers);
  if (const auto status = read_arguments(app, argc, argv)) return status;
  arguments.target.type = type == "btree" ? TableType::kBtree : TableType::kHash;
  if (!arguments.target.path.empty()) return std::nullopt;
  if (arguments.input == "-") {
    fmt::print(stderr, "mailertable: say with -o which table to make of standard input\n");
    return EX_USAGE;
  }
  arguments.target.path = arguments.input + ".db";
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
  remove_temporary_file_on_signals();
  const Report report = build(arguments.input, mailers_with(arguments.mailers), arguments.target);
  return show(report, consequence(report, arguments.target.path));
}

}  // namespace tsmtp::mailertable
