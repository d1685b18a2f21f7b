// The ledger of the relayd from which this one takes over, while that one lives: changes are written there.
// One process at a time has the ledger's directory. As soon as the other one has gone, however it did, the
// directory is ours, and what it had not confirmed is written again: to write a row twice does no harm.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "relayd/base/descriptor.h"
#include "relayd/ledger/store.h"

namespace tsmtp::net {

class BorrowedLedger : public ledger::Writer {
 public:
  /// `warn` is called from the thread that calls apply(), with what was lost when the directory was opened.
  BorrowedLedger(base::Descriptor socket, std::string dir, std::function<void(const std::string&)> warn);

  [[nodiscard]] base::Result<void> apply(std::span<const ledger::Change> changes) override;

 private:
  enum class Answer { kWritten, kNotWritten, kLate, kGone };
  [[nodiscard]] Answer ask(std::span<const ledger::Change> changes, std::string& trouble);
  [[nodiscard]] Answer read_answer(std::string& trouble);
  [[nodiscard]] base::Result<void> open();

  base::Descriptor socket_;
  std::string dir_;
  std::function<void(const std::string&)> warn_;
  std::uint32_t asked_ = 0;
  std::unique_ptr<ledger::Store> store_;  // null while the other one has it
};

}  // namespace tsmtp::net
