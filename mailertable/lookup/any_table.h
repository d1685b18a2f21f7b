// A table in either form, the text or what was built of it: commands that read tables take both.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mailertable/database/table_reader.h"
#include "mailertable/files/failure.h"

namespace tsmtp::mailertable {

/// The keys and values of a table, sorted by key; the values of one key in the order of the table.
class AnyTable {
 public:
  /// Reads the file at `path`, "-" for standard input. Fails as read_stored_table() and read_input() do; a
  /// text with a line that makes no entry fails with EX_DATAERR, its findings in the message.
  [[nodiscard]] static Outcome<AnyTable> read(const std::string& path);

  /// The same of what the file holds; `name` is for messages.
  [[nodiscard]] static Outcome<AnyTable> from(const std::string& bytes, const std::string& name);

  /// What sendmail finds for a folded key: as it is, or else with a NUL behind it (map.c, MF_TRY0NULL and
  /// MF_TRY1NULL).
  [[nodiscard]] std::optional<std::string> find(std::string_view key) const;

  [[nodiscard]] const std::vector<StoredPair>& pairs() const { return pairs_; }

 private:
  explicit AnyTable(std::vector<StoredPair> pairs);

  std::vector<StoredPair> pairs_;
};

}  // namespace tsmtp::mailertable
