#include "mailertable/database/table_writer.h"

#include "mailertable/database/table_reader.h"
#include "mailertable/files/replacement.h"

namespace tsmtp::mailertable {

Outcome<void> write_table(const TableTarget& target, const std::vector<Entry>& entries, Progress* progress) {
  Replacement replacement{target.path, target.lock_patience};
  replacement.objection = [](std::string_view old) -> std::optional<std::string> {
    // A table that a crash left empty, or full of zeros, is one too.
    if (old.find_first_not_of('\0') == std::string_view::npos || is_hash_or_btree(old)) return std::nullopt;
    return " is not a table of sendmail's (hash or btree) and is not replaced; name another with -o, or "
           "remove it";
  };
  return replace_file(replacement, [&](const TemporaryFile& file) {
    return fill_database(file.own_path(), target.type, entries, progress);
  });
}

}  // namespace tsmtp::mailertable
