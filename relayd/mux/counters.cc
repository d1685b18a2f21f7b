#include "relayd/mux/counters.h"

namespace tsmtp::mux {

Counters& Counters::operator+=(const Counters& other) {
  for (const CounterRow& row : kCounterRows)
    this->*row.value += other.*row.value;
  return *this;
}

}  // namespace tsmtp::mux
