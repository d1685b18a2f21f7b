#include "relayd/daemon/log_queue.h"

#include <poll.h>
#include <utility>

#include <chrono>

namespace tsmtp::daemon {
namespace {

constexpr std::size_t kMaxBytes = 256 * 1024;
constexpr std::size_t kMostJoinedBytes = 64 * 1024;
constexpr std::chrono::milliseconds kParting{500};
constexpr int kPartingStepMs = 10;

}  // namespace

LogQueue::LogQueue(std::unique_ptr<LogOutput> output, Later in_a_while, LossText loss_text)
    : output_(std::move(output)), in_a_while_(std::move(in_a_while)), loss_text_(std::move(loss_text)) {}

LogQueue::~LogQueue() {
  *alive_ = false;
  const auto deadline = std::chrono::steady_clock::now() + kParting;
  while (write() == LogOutput::State::kFull && std::chrono::steady_clock::now() < deadline)
    poll(nullptr, 0, kPartingStepMs);
}

bool LogQueue::has_room(std::size_t bytes) const {
  return bytes_ + bytes <= kMaxBytes;
}

// Once lines are lost, later ones are dropped too until that can be told: the log has one gap, and not many.
void LogQueue::add(std::string_view line) {
  if (lost_ > 0 || !has_room(line.size())) {
    ++lost_;
    ++lost_in_all_;
    return;
  }
  push(line);
}

void LogQueue::push(std::string_view line) {
  bytes_ += line.size();
  if (output_->joins_lines() && !lines_.empty() && lines_.back().size() + line.size() <= kMostJoinedBytes) {
    lines_.back() += line;
  } else {
    lines_.emplace_back(line);
  }
}

LogOutput::State LogQueue::write() {
  for (;;) {
    while (!lines_.empty()) {
      std::string& front = lines_.front();
      const LogOutput::Written written = output_->write(front);
      bytes_ -= written.bytes;
      front.erase(0, written.bytes);
      if (front.empty()) lines_.pop_front();
      if (written.state != LogOutput::State::kOpen) return written.state;
    }
    if (lost_ == 0) return LogOutput::State::kOpen;
    push(loss_text_(std::exchange(lost_, 0)));
  }
}

void LogQueue::flush() {
  if (is_due_) return;  // nothing has changed since it was found full
  if (write() == LogOutput::State::kOpen || !in_a_while_) return;
  is_due_ = true;
  in_a_while_([this, alive = alive_] {
    if (!*alive) return;
    is_due_ = false;
    flush();
  });
}

}  // namespace tsmtp::daemon
