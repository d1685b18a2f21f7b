// A recipient in doubt in memory: what is written of it, and how it stands. Plain data.
#pragma once

#include <string>
#include <string_view>

#include "relayd/base/clock.h"
#include "relayd/ledger/doubt_row.h"

namespace tsmtp::ledger {

struct Doubt {
  enum class State { kUnderWay, kMatchable, kClaimed };
  State state = State::kUnderWay;
  std::string site{};  ///< whose it is now (Owners::owner); empty: nobody's
  DoubtRow row;        ///< of one that another hub recorded, as it would be
  base::WallTime goes_alone_until{};
  bool is_known = false;
  std::string hub{};          ///< that recorded it; empty: this one
  bool is_part = false;       ///< of a transaction whose other recipients may not be here
  bool is_elsewhere = false;  ///< under way or claimed at the other relayd of this hub

  [[nodiscard]] bool is_of(std::string_view wanted) const { return site == wanted || site.empty(); }
};

}  // namespace tsmtp::ledger
