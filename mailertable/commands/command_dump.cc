// mailertable dump, diff and fmt: tables and texts for people to read and compare.
#include <fmt/format.h>
#include <sysexits.h>

#include "mailertable/commands/command_line.h"
#include "mailertable/commands/commands.h"
#include "mailertable/database/table_diff.h"
#include "mailertable/database/table_reader.h"
#include "mailertable/files/input.h"
#include "mailertable/lookup/any_table.h"
#include "mailertable/output/table_text.h"
#include "mailertable/output/text_layout.h"
#include "mailertable/output/text_writer.h"

namespace tsmtp::mailertable {

int run_dump(int argc, char** argv) {
  std::string path;
  CLI::App app("Writes the text that builds the table DB again, sorted by key.", "mailertable dump");
  app.add_option("DB", path, "The table; - for standard input")->required();
  if (const auto status = read_arguments(app, argc, argv)) return *status;
  const auto table = AnyTable::read(path);
  if (!table) return show_failure(table.error());
  const TableText text = table_text(table->pairs());
  if (text.has_nuls) fmt::print("# made with makemap -N, which puts a NUL behind each key and value\n");
  fmt::print("{}", text.text);
  for (const std::string& one : text.unsayable)
    fmt::print(stderr, "mailertable: {}\n", one);
  return text.unsayable.empty() ? EX_OK : EX_DATAERR;
}

int run_diff(int argc, char** argv) {
  constexpr int kDifferent = 1;
  constexpr int kTrouble = 2;
  std::string before;
  std::string after;
  CLI::App app("Says which keys of NEW are added (+), removed (-) or changed (both), compared with OLD.",
               "mailertable diff");
  app.add_option("OLD", before, "A table, or the text of one")->required();
  app.add_option("NEW", after, "A table, or the text of one")->required();
  if (const auto status = read_arguments(app, argc, argv)) return *status == EX_OK ? EX_OK : kTrouble;
  const auto old_table = AnyTable::read(before);
  const auto new_table = old_table ? AnyTable::read(after) : old_table;
  if (!new_table) {
    show_failure(new_table.error());
    return kTrouble;
  }
  const auto changes = changes_between(old_table->pairs(), new_table->pairs());
  for (const Change& change : changes)
    fmt::print("{}", to_text(change));
  return changes.empty() ? EX_OK : kDifferent;
}

int run_fmt(int argc, char** argv) {
  std::string path;
  bool in_place = false;
  CLI::App app("Writes FILE with its columns aligned and its comments kept.", "mailertable fmt");
  app.add_option("FILE", path, "The text of a table; - for standard input")->required();
  app.add_flag("-i,--in-place", in_place, "Replace FILE, at once and whole");
  if (const auto status = read_arguments(app, argc, argv)) return *status;
  const auto text = read_input(path);
  if (!text) return show_failure(text.error());
  if (looks_like_table(*text) || (path.ends_with(".db") && text->empty()))
    return show_failure(
        {EX_DATAERR, path + " is a built table, not its text; `mailertable dump` shows it", false});
  const std::string formatted = laid_out(*text);
  if (!in_place || path == "-") {
    fmt::print("{}", formatted);
    return EX_OK;
  }
  if (formatted == *text) return EX_OK;
  const auto written = replace_text(path, formatted);
  return written ? EX_OK : show_failure(written.error());
}

}  // namespace tsmtp::mailertable
