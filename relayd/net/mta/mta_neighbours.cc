#include "relayd/net/mta/mta_neighbours.h"

#include <algorithm>

#include "relayd/net/mta/mta_pool.h"

namespace tsmtp::net {

void MtaNeighbours::join(MtaPool& pool) {
  pools_.push_back(&pool);
}

void MtaNeighbours::leave(MtaPool& pool) {
  std::erase(pools_, &pool);
}

bool MtaNeighbours::has_room() const {
  std::size_t all = 0;
  for (const MtaPool* pool : pools_)
    all += pool->counts().all();
  return all <= limit_;
}

bool MtaNeighbours::work_beside(const MtaPool& pool) const {
  return std::any_of(pools_.begin(), pools_.end(), [&](const MtaPool* other) {
    return other != &pool && other->address() == pool.address() && other->counts().serving() > 0;
  });
}

bool MtaNeighbours::give_way_to(const MtaPool& pool) {
  MtaPool* richest = nullptr;
  const bool is_full = !has_room();
  for (MtaPool* other : pools_) {
    if (other == &pool || (!is_full && other->address() != pool.address())) continue;
    if (richest == nullptr || other->counts().all() > richest->counts().all()) richest = other;
  }
  if (richest == nullptr || richest->counts().all() <= pool.counts().all() + 1) return false;
  richest->give_way();
  return true;
}

}  // namespace tsmtp::net
