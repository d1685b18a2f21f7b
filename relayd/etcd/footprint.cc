#include "relayd/etcd/footprint.h"

#include <algorithm>

namespace tsmtp::etcd {
namespace {

bool is_within(const Range& range, const std::string& key) {
  return key >= range.key && key < range.end;
}

}  // namespace

void Footprint::Keys::add(const Range& range) {
  if (range.end.empty()) {
    single.insert(range.key);
  } else {
    ranges.push_back(range);
  }
}

bool Footprint::Keys::meets(const Range& range) const {
  if (range.end.empty())
    return single.contains(range.key) || std::any_of(ranges.begin(), ranges.end(), [&](const Range& one) {
             return is_within(one, range.key);
           });
  const auto first = single.lower_bound(range.key);
  return (first != single.end() && *first < range.end) ||
         std::any_of(ranges.begin(), ranges.end(),
                     [&](const Range& one) { return one.key < range.end && range.key < one.end; });
}

bool Footprint::Keys::meets(const Keys& other) const {
  return std::any_of(other.single.begin(), other.single.end(),
                     [&](const std::string& key) { return meets(Range{.key = key}); }) ||
         std::any_of(other.ranges.begin(), other.ranges.end(),
                     [&](const Range& range) { return meets(range); });
}

void Footprint::add(const Transaction& transaction) {
  for (const Compare& compare : transaction.when)
    read_.add(compare.range);
  for (const auto* operations : {&transaction.then, &transaction.otherwise}) {
    for (const Operation& operation : *operations) {
      if (const auto* put = std::get_if<Put>(&operation)) written_.add({.key = put->key});
      if (const auto* get = std::get_if<Get>(&operation)) read_.add(get->range);
      if (const auto* removal = std::get_if<Delete>(&operation)) written_.add(removal->range);
    }
  }
}

bool Footprint::conflicts_with(const Footprint& other) const {
  return written_.meets(other.written_) || written_.meets(other.read_) || read_.meets(other.written_);
}

}  // namespace tsmtp::etcd
