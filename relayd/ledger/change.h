// What the ledger's tables hold and how they change, as plain data: Doubts and Outcomes decide, Store writes.
#pragma once

#include <optional>
#include <string>

namespace tsmtp::ledger {

enum class Table {
  kDoubts,    ///< near side: mails whose end of content may have gone out, whose final reply our MTA may not
              ///< have
  kOutcomes,  ///< far side: how transactions ended whose near side may not know
};

/// One change to one table.
struct Change {
  Table table = Table::kDoubts;
  std::string key;
  std::optional<std::string> value;  ///< nullopt erases; erasing what is not there is no error
  bool durable = false;              ///< must be on disk before apply() returns
};

/// One row as it is stored. Its value begins with a version byte.
struct Entry {
  std::string key;
  std::string value;
};

}  // namespace tsmtp::ledger
