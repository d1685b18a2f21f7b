#include "relayd/mux/scheduler.h"

namespace tsmtp::mux {

void Scheduler::add(StreamId stream) {
  if (waiting_.insert(stream).second) turns_.push_back(stream);
}

void Scheduler::remove(StreamId stream) {
  if (waiting_.erase(stream) > 0) std::erase(turns_, stream);
}

std::optional<StreamId> Scheduler::next() {
  if (turns_.empty()) return std::nullopt;
  const StreamId stream = turns_.front();
  turns_.pop_front();
  waiting_.erase(stream);
  return stream;
}

void Scheduler::clear() {
  turns_.clear();
  waiting_.clear();
}

}  // namespace tsmtp::mux
