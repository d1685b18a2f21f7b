// Memory that is kept for the moment when there is no other. What goes on then gets it, and new mails are put
// off until as much can be kept again. Without it the first allocation that fails would end relayd, for no
// state that it keeps survives an exception at any place.
#pragma once

#include <cstddef>

namespace tsmtp::net {

/// At most one in a process: it is what operator new turns to.
class MemoryReserve {
 public:
  MemoryReserve();
  ~MemoryReserve();
  MemoryReserve(const MemoryReserve&) = delete;
  MemoryReserve& operator=(const MemoryReserve&) = delete;

  /// False when it has been given up, by whichever thread.
  [[nodiscard]] bool is_held() const;
  /// Whether it is held, by now. It is taken again only where there is twice as much, or else the next
  /// allocation would need it.
  bool refill();
};

}  // namespace tsmtp::net
