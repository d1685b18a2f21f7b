// The keys and values read from a table, within bounds: a file keeps a key once for all its values, and
// whoever writes them out needs it once for each, which a small file could make more than any memory holds.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "mailertable/database/table_reader.h"

namespace tsmtp::mailertable {

class StoredPairs {
 public:
  explicit StoredPairs(std::size_t file_bytes) : most_bytes_(file_bytes * kMostTimes + kAlways) {}

  /// False when that would be more than a file of this size can mean.
  [[nodiscard]] bool add(std::string key, std::string value) {
    bytes_ += key.size() + value.size();
    if (bytes_ > most_bytes_) return false;
    pairs_.emplace_back(std::move(key), std::move(value));
    return true;
  }
  [[nodiscard]] std::vector<StoredPair> take() { return std::move(pairs_); }

 private:
  // A thousand one-letter values of the longest domain come to about 50 times their file.
  static constexpr std::size_t kMostTimes = 64;
  static constexpr std::size_t kAlways = std::size_t{1} << 20;

  std::size_t most_bytes_;
  std::size_t bytes_ = 0;
  std::vector<StoredPair> pairs_;
};

/// What to say when add() is false.
[[nodiscard]] inline Failure too_many_values(const std::string& key) {
  return Failure{65,
                 "no table of makemap's: the key \"" + key.substr(0, 40) +
                     (key.size() > 40 ? "...\"" : "\"") +
                     " has so many values that their text would not fit in memory",
                 false};
}

}  // namespace tsmtp::mailertable
