#include "relayd/claims/changes.h"

namespace tsmtp::claims {
namespace {

etcd::Get get(const std::string& key) {
  return {.range = {.key = key}};
}

etcd::Compare is_absent(const std::string& key) {
  return {.range = {.key = key}};
}

etcd::Compare is(const std::string& key, const std::string& value) {
  return {.range = {.key = key}, .value = value};
}

/// What the one Get of an answer got.
const etcd::KeyValue* first_of(const etcd::Answer& answer) {
  return answer.got.empty() || answer.got.front().empty() ? nullptr : &answer.got.front().front();
}

std::optional<Value> read(const etcd::KeyValue& row) {
  auto value = decode(row.value);
  return value ? std::optional(std::move(*value)) : std::nullopt;
}

}  // namespace

etcd::Transaction Claiming::step(const Leases& /*leases*/) {
  return {
      .when = {is_absent(key_)}, .then = {etcd::Put{.key = key_, .value = bytes_}}, .otherwise = {get(key_)}};
}

bool Claiming::answered(const etcd::Answer& answer) {
  const etcd::KeyValue* const there = first_of(answer);
  is_ours_ = answer.held || (there != nullptr && there->value == bytes_);
  if (!is_ours_ && there != nullptr) found_ = read(*there);
  return true;
}

etcd::Transaction Ending::step(const Leases& leases) {
  const bool expects_claim = expected_ && !looks_for_another_;
  return {.when = {expects_claim ? is(key_, *expected_) : is_absent(key_)},
          .then = {etcd::Put{.key = key_, .value = bytes_, .lease = leases.ended}},
          .otherwise = {get(key_)}};
}

// A claim that is not there was never made (etcd did not answer), or somebody has removed it.
bool Ending::answered(const etcd::Answer& answer) {
  if (answer.held) return true;
  const etcd::KeyValue* const there = first_of(answer);
  if (there == nullptr) {
    looks_for_another_ = true;
    return false;
  }
  if (expected_ && there->value == *expected_) {  // it came late
    looks_for_another_ = false;
    return false;
  }
  const auto value = read(*there);
  if (!value || !std::holds_alternative<Ended>(*value)) contradicted_ = value;
  return true;
}

etcd::Transaction Withdrawing::step(const Leases& leases) {
  const etcd::Put disowned{.key = key_, .value = bytes_, .lease = leases.disowned};
  if (way_ == Way::kForget) return {.when = {is(key_, expected_)}, .then = {etcd::Delete{{.key = key_}}}};
  if (!is_absent_known_) return {.when = {is_absent(key_)}, .then = {disowned}, .otherwise = {get(key_)}};
  return {.when = {is(key_, expected_)}, .then = {disowned}, .otherwise = {get(key_)}};
}

bool Withdrawing::answered(const etcd::Answer& answer) {
  if (answer.held || way_ == Way::kForget) return true;
  const etcd::KeyValue* const there = first_of(answer);
  if (there != nullptr && there->value != expected_) return true;
  is_absent_known_ = there != nullptr;
  return false;
}

etcd::Transaction Doubting::step(const Leases& /*leases*/) {
  if (seen_.empty()) return {.then = {get(key_)}};
  return {
      .when = {is(key_, seen_)}, .then = {etcd::Put{.key = key_, .value = bytes_}}, .otherwise = {get(key_)}};
}

bool Doubting::answered(const etcd::Answer& answer) {
  if (answer.held && !seen_.empty()) return true;
  const etcd::KeyValue* const there = first_of(answer);
  auto value = there == nullptr ? std::nullopt : read(*there);
  auto* claim = value ? std::get_if<Claim>(&*value) : nullptr;
  if (claim == nullptr || claim->hub != hub_ || claim->is_undecided) return true;
  seen_ = there->value;
  claim->is_undecided = true;
  bytes_ = encode(*claim);
  return false;
}

etcd::Transaction Replacing::step(const Leases& leases) {
  etcd::Operation change = etcd::Delete{{.key = key_}};
  if (value_) {
    const bool is_disowned = std::holds_alternative<Disowned>(*value_);
    const bool is_claim = std::holds_alternative<Claim>(*value_);
    change = etcd::Put{.key = key_,
                       .value = encode(*value_),
                       .lease = is_claim      ? 0
                                : is_disowned ? leases.disowned
                                              : leases.ended};
  }
  return {.when = {expected_.empty() ? is_absent(key_) : is(key_, expected_)}, .then = {std::move(change)}};
}

bool Replacing::answered(const etcd::Answer& answer) {
  is_done_ = answer.held;
  return true;
}

etcd::Transaction Forgetting::step(const Leases& /*leases*/) {
  etcd::Transaction all;
  for (const auto& [key, value] : outcomes_) {
    all.when.push_back(is(key, value));
    all.then.emplace_back(etcd::Delete{{.key = key}});
  }
  return all;
}

bool Forgetting::answered(const etcd::Answer& answer) {
  is_done_ = answer.held;
  return true;
}

}  // namespace tsmtp::claims
