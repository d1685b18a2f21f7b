// The tables' files outside of any environment: read when their log does not fit them any more, and written
// anew with the rows that are known. They are replaced all or not at all, whenever relayd is killed.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "relayd/base/result.h"
#include "relayd/ledger/change.h"

namespace tsmtp::ledger {

using Rows = std::map<std::string, std::string>;
/// By Table.
using AllRows = std::array<Rows, 2>;

inline constexpr std::array<const char*, 2> kTableFiles{"doubts.db", "outcomes.db"};

/// Reads both tables as their files are, whatever their log says. A file that is not there has no rows; one
/// that is damaged is an error.
[[nodiscard]] base::Result<AllRows> read_tables(const std::string& dir);

/// Writes both tables with `rows` and begins a new log. No environment may be open.
[[nodiscard]] base::Result<void> write_tables(const std::string& dir, const AllRows& rows);

/// To be called before an environment is opened: ends what write_tables() was killed in.
[[nodiscard]] base::Result<void> finish_tables(const std::string& dir);

/// Sentences on files that are missing or cut: the rows that they held are lost.
[[nodiscard]] std::vector<std::string> losses(const std::string& dir);

}  // namespace tsmtp::ledger
