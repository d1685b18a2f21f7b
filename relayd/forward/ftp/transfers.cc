#include "relayd/forward/ftp/transfers.h"

#include <algorithm>
#include <utility>

namespace tsmtp::forward::ftp {

void Transfers::begun(std::string_view verb, std::string_view name) {
  Waiting one{.transfer = {}, .data = opening_};
  one.transfer.verb = verb;
  one.transfer.name = name.substr(0, kMaxNameBytes);
  waiting_.push_back(std::move(one));
  const auto is_answered = [](const Waiting& waiting) { return waiting.is_answered; };
  while (std::count_if(waiting_.begin(), waiting_.end(), is_answered) >
         static_cast<std::ptrdiff_t>(kMaxWaiting)) {
    const auto oldest = std::find_if(waiting_.begin(), waiting_.end(), is_answered);
    end(*oldest);
    waiting_.erase(oldest);
  }
}

void Transfers::answered(int code) {
  const auto at =
      std::find_if(waiting_.begin(), waiting_.end(), [](const Waiting& one) { return !one.is_answered; });
  if (at == waiting_.end()) return;
  if (code < 200) at->is_under_way = true;
  if (code < 200) return;
  at->is_answered = true;
  at->transfer.code = code;
  settle();
}

void Transfers::connected(DataName data) {
  data_[data] = {};
  if (data_.size() <= 2 * kMaxWaiting) return;
  const auto closed =
      std::find_if(data_.begin(), data_.end(), [](const auto& one) { return one.second.is_closed; });
  if (closed != data_.end()) data_.erase(closed);
}

void Transfers::closed(DataName data, std::uint64_t bytes, bool by_reset) {
  data_[data] = {.is_closed = true, .bytes = bytes, .by_reset = by_reset};
  settle();
}

void Transfers::lost() {
  for (Waiting& one : waiting_) {
    one.transfer.was_cut = one.transfer.was_cut || !one.is_answered;
    end(one);
  }
  waiting_.clear();
  data_.clear();
}

std::vector<Transfer> Transfers::take() {
  return std::exchange(ended_, {});
}

bool Transfers::has_ended(const Waiting& one) const {
  if (!one.is_answered) return false;
  const auto data = data_.find(one.data);
  if (data != data_.end() && data->second.is_closed) return true;
  const bool went_well = one.transfer.code < 400;
  if (data == data_.end()) return !went_well || one.data.token == 0;
  return !went_well && !one.is_under_way;  // a connection is there, and stays for the next command
}

void Transfers::settle() {
  while (true) {
    const auto at =
        std::find_if(waiting_.begin(), waiting_.end(), [&](const Waiting& one) { return has_ended(one); });
    if (at == waiting_.end()) return;
    end(*at);
    waiting_.erase(at);
  }
}

void Transfers::end(Waiting& one) {
  const auto data = data_.find(one.data);
  if (data != data_.end() && (one.is_under_way || one.transfer.code < 400)) {
    one.transfer.bytes = data->second.bytes;
    one.transfer.was_cut = one.transfer.was_cut || data->second.by_reset || !data->second.is_closed;
    if (data->second.is_closed) data_.erase(data);
  }
  ended_.push_back(std::move(one.transfer));
}

}  // namespace tsmtp::forward::ftp
