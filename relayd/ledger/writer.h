// Where the changes of the ledger are written, as the thread that does it sees it: our own Store, or that of
// the relayd from which this one takes over.
#pragma once

#include <span>

#include "relayd/base/result.h"
#include "relayd/ledger/change.h"

namespace tsmtp::ledger {

class Writer {
 public:
  Writer() = default;
  virtual ~Writer() = default;
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// As Store::apply().
  [[nodiscard]] virtual base::Result<void> apply(std::span<const Change> changes) = 0;
};

}  // namespace tsmtp::ledger
