#include "relayd/mux/allowance.h"

#include <cmath>

namespace tsmtp::mux {

base::Result<void> Allowance::use(base::TimePoint now) {
  if (tokens_.try_take(now)) return {};
  return base::Error{"peer sent more than " + std::to_string(std::lround(per_second_)) + " a second of " +
                     what_};
}

}  // namespace tsmtp::mux
