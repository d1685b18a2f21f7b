// A bound on the bytes that many holders keep in all (P6): who wants to keep some takes them first, and
// refuses what he was to keep if there are none. A budget may be part of a larger one. A share gives back
// what it took when it goes.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

namespace tsmtp::base {

class ByteBudget {
 public:
  /// `whole`: bytes that are taken here are taken there too; may be null.
  explicit ByteBudget(std::size_t limit_bytes, std::shared_ptr<ByteBudget> whole = nullptr)
      : limit_bytes_(limit_bytes), whole_(std::move(whole)) {}

  /// False: there are not so many left, and none were taken.
  [[nodiscard]] bool take(std::size_t bytes) { return take_up_to(bytes, 0); }
  /// Likewise, with a quarter more than the limit: for the little that a refusal costs.
  [[nodiscard]] bool take_of_reserve(std::size_t bytes) { return take_up_to(bytes, limit_bytes_ / 4); }
  void give(std::size_t bytes) {
    used_bytes_ -= bytes;
    if (whole_) whole_->give(bytes);
  }
  [[nodiscard]] std::size_t used_bytes() const { return used_bytes_; }
  [[nodiscard]] std::size_t limit_bytes() const { return limit_bytes_; }

 private:
  [[nodiscard]] bool take_up_to(std::size_t bytes, std::size_t reserve_bytes) {
    if (used_bytes_ + bytes > limit_bytes_ + reserve_bytes) return false;
    if (whole_ && !(reserve_bytes > 0 ? whole_->take_of_reserve(bytes) : whole_->take(bytes))) return false;
    used_bytes_ += bytes;
    return true;
  }

  std::size_t limit_bytes_;
  std::size_t used_bytes_ = 0;
  std::shared_ptr<ByteBudget> whole_;
};

/// What one holder has of a budget. Without one there is no bound.
class ByteShare {
 public:
  explicit ByteShare(std::shared_ptr<ByteBudget> budget) : budget_(std::move(budget)) {}
  ~ByteShare() {
    if (budget_) budget_->give(held_bytes_);
  }
  ByteShare(const ByteShare&) = delete;
  ByteShare& operator=(const ByteShare&) = delete;

  [[nodiscard]] bool take(std::size_t bytes) { return hold(bytes, !budget_ || budget_->take(bytes)); }
  [[nodiscard]] bool take_of_reserve(std::size_t bytes) {
    return hold(bytes, !budget_ || budget_->take_of_reserve(bytes));
  }

 private:
  bool hold(std::size_t bytes, bool may) {
    if (may) held_bytes_ += bytes;
    return may;
  }

  std::shared_ptr<ByteBudget> budget_;
  std::size_t held_bytes_ = 0;
};

}  // namespace tsmtp::base
