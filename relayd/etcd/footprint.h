// Which keys transactions read and write: two of which one writes what the other touches must not be in one
// request, and must keep their order.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "relayd/etcd/transaction.h"

namespace tsmtp::etcd {

class Footprint {
 public:
  /// Whichever way its condition goes.
  void add(const Transaction& transaction);
  [[nodiscard]] bool conflicts_with(const Footprint& other) const;

 private:
  /// Single keys apart from ranges: there are many of the first, and few of the second.
  struct Keys {
    std::set<std::string> single;
    std::vector<Range> ranges;

    void add(const Range& range);
    [[nodiscard]] bool meets(const Range& range) const;
    [[nodiscard]] bool meets(const Keys& other) const;
  };

  Keys read_, written_;
};

}  // namespace tsmtp::etcd
