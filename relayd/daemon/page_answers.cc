#include "relayd/daemon/page_answers.h"

#include <utility>

namespace tsmtp::daemon {

void PageAnswers::answer(const control::PageRequest& request, net::RequestServer::Reply reply) {
  waiting_[request.page].push_back({.is_head = request.is_head, .reply = std::move(reply)});
  if (!work_) begin();
}

void PageAnswers::begin() {
  if (waiting_.empty()) return;
  auto next = waiting_.upper_bound(last_);
  if (next == waiting_.end()) next = waiting_.begin();
  last_ = next->first;
  work_.emplace(Work{.page = {last_, show_(last_.kind)}, .asked = std::move(next->second)});
  waiting_.erase(next);
  later_(lifetime_.guard([this] { go_on(); }));
}

void PageAnswers::go_on() {
  if (work_->page.add_piece()) return later_(lifetime_.guard([this] { go_on(); }));
  const Work done = std::move(*work_);
  work_.reset();
  for (const Asked& one : done.asked)
    one.reply(one.is_head ? done.page.header() : done.page.header() + done.page.body());
  if (!work_) begin();
}

}  // namespace tsmtp::daemon
