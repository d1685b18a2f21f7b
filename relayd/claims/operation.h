// Something that is asked of etcd in one step or more: it hands out a transaction, is told the answer, and is
// done or has another. It may be begun anew after any failure, whatever was done of it. No socket, no clock.
#pragma once

#include "relayd/etcd/transaction.h"

namespace tsmtp::claims {

/// Under which what may be forgotten stands.
struct Leases {
  etcd::Lease disowned = 0;
  etcd::Lease ended = 0;
};

class Operation {
 public:
  virtual ~Operation() = default;

  /// Whether a step may put something that is to be forgotten.
  [[nodiscard]] virtual bool needs_leases() const { return true; }
  [[nodiscard]] virtual etcd::Transaction step(const Leases& leases) = 0;
  /// Of the last step. True: there is no other.
  [[nodiscard]] virtual bool answered(const etcd::Answer& answer) = 0;
};

}  // namespace tsmtp::claims
