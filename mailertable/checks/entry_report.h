// What the checks of one entry say goes through here: they know a byte of the key or of the value, and this
// turns it into file, line and column.
#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "mailertable/text/entry.h"
#include "relayd/base/diagnostic.h"

namespace tsmtp::mailertable {

/// Findings on one entry. Borrows everything; lives for one check.
class EntryReport {
 public:
  EntryReport(const std::string& file, const Entry& entry, base::Diagnostics& findings)
      : file_(file), entry_(entry), findings_(findings) {}

  /// `offset` counts bytes from the start of the key.
  void key_error(std::size_t offset, std::string message) {
    findings_.error(at(1, offset), std::move(message));
  }
  void key_warning(std::size_t offset, std::string message) {
    findings_.warning(at(1, offset), std::move(message));
  }

  /// `offset` counts bytes from the start of the value.
  void value_error(std::size_t offset, std::string message) {
    findings_.error(at(entry_.value_column, offset), std::move(message));
  }
  void value_warning(std::size_t offset, std::string message) {
    findings_.warning(at(entry_.value_column, offset), std::move(message));
  }

 private:
  [[nodiscard]] base::Location at(int column, std::size_t offset) const {
    return {file_, entry_.line, column + static_cast<int>(offset)};
  }

  const std::string& file_;
  const Entry& entry_;
  base::Diagnostics& findings_;
};

}  // namespace tsmtp::mailertable
