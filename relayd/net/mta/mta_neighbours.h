// The connections of all sites to MTAs. Sites whose mail goes to the same MTA share what it takes: one that
// has few of its connections is given way by one that has more. Together they stay below a limit.
#pragma once

#include <cstddef>
#include <vector>

#include "relayd/base/host_port.h"
#include "relayd/settings/hub.h"

namespace tsmtp::net {

class MtaPool;

class MtaNeighbours {
 public:
  /// A pool is borrowed from here until leave().
  void join(MtaPool& pool);
  void leave(MtaPool& pool);

  /// Of all sites together.
  void set_limit(std::size_t connections) { limit_ = connections; }
  [[nodiscard]] std::size_t limit() const { return limit_; }
  [[nodiscard]] bool has_room() const;

  /// Another site has a connection to the same MTA that works.
  [[nodiscard]] bool work_beside(const MtaPool& pool) const;
  /// Has the site that has most of them close a connection as soon as it is idle, to the same MTA unless all
  /// together are at their limit. False where none has more than `pool`.
  bool give_way_to(const MtaPool& pool);

 private:
  std::vector<MtaPool*> pools_;
  std::size_t limit_ = settings::Hub{}.mta_connections;
};

}  // namespace tsmtp::net
