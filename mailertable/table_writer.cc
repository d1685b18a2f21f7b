#include "mailertable/table_writer.h"

#include "mailertable/replacement.h"

namespace tsmtp::mailertable {

Outcome<void> write_table(const TableTarget& target, const std::vector<Entry>& entries, Progress* progress) {
  return replace_file({target.path, target.lock_patience}, [&](const TemporaryFile& file) {
    return fill_database(file.path(), target.type, entries, progress);
  });
}

}  // namespace tsmtp::mailertable
