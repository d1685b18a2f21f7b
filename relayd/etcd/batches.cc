#include "relayd/etcd/batches.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace tsmtp::etcd {
namespace {

// What etcd's encoding adds to an operation, about.
constexpr std::size_t kOperationBytes = 32;

std::size_t bytes_of(const Range& range) {
  return range.key.size() + range.end.size() + kOperationBytes;
}

std::size_t bytes_of(const Operation& operation) {
  if (const auto* put = std::get_if<Put>(&operation))
    return put->key.size() + put->value.size() + kOperationBytes;
  if (const auto* get = std::get_if<Get>(&operation)) return bytes_of(get->range);
  return bytes_of(std::get<Delete>(operation).range);
}

std::size_t bytes_of(const Transaction& transaction) {
  std::size_t bytes = kOperationBytes;
  for (const Compare& compare : transaction.when)
    bytes += bytes_of(compare.range) + (compare.value ? compare.value->size() : 0);
  for (const auto* operations : {&transaction.then, &transaction.otherwise})
    for (const Operation& operation : *operations)
      bytes += bytes_of(operation);
  return bytes;
}

// As etcd counts them.
std::size_t operations_of(const Transaction& transaction) {
  return std::max({transaction.when.size(), transaction.then.size(), transaction.otherwise.size()});
}

bool only_reads(const Transaction& transaction) {
  const auto is_get = [](const Operation& operation) { return std::holds_alternative<Get>(operation); };
  return std::all_of(transaction.then.begin(), transaction.then.end(), is_get) &&
         std::all_of(transaction.otherwise.begin(), transaction.otherwise.end(), is_get);
}

bool takes_room(const Transaction& transaction, bool held) {
  const auto& done = held ? transaction.then : transaction.otherwise;
  return std::any_of(done.begin(), done.end(),
                     [](const Operation& operation) { return std::holds_alternative<Put>(operation); });
}

std::string at(std::string_view endpoint, std::string_view what) {
  return "etcd at " + std::string(endpoint) + ' ' + std::string(what);
}

}  // namespace

Batches::Ticket Batches::submit(Transaction transaction, base::TimePoint expires) {
  Waiting one{.ticket = ++last_ticket_, .transaction = std::move(transaction), .expires = expires};
  one.bytes = bytes_of(one.transaction);
  if (waiting_.size() >= limits_.waiting || waiting_bytes_ + one.bytes > limits_.waiting_bytes) {
    finish(one, Failure{.cause = "etcd is too slow for what is asked of it: " +
                                 std::to_string(waiting_.size()) + " transactions wait",
                        .may_be_done = false});
  } else {
    waiting_bytes_ += one.bytes;
    waiting_.push_back(std::move(one));
  }
  return last_ticket_;
}

bool Batches::is_held_back(const Footprint& footprint) const {
  return std::any_of(flying_.begin(), flying_.end(),
                     [&](const auto& other) { return other.second.footprint.conflicts_with(footprint); });
}

bool Batches::has_something_to_send() const {
  if (waiting_.empty() || flying_.size() >= limits_.in_flight) return false;
  Footprint first;
  first.add(waiting_.front().transaction);
  return !is_held_back(first);
}

// From the front, up to the first that has to wait for another. The outer transaction has as many operations
// as there are inner ones, and leaves so many fewer to each of them.
Batches::Flying Batches::gather() {
  Flying batch;
  std::size_t bytes = 0, most = 0;
  while (!waiting_.empty()) {
    Waiting& next = waiting_.front();
    Footprint footprint;
    footprint.add(next.transaction);
    most = std::max(most, operations_of(next.transaction));
    const bool is_first = batch.transactions.empty();
    if (!is_first &&
        (next.is_alone || batch.transactions.front().is_alone || bytes + next.bytes > limits_.request_bytes ||
         batch.transactions.size() + 1 + most > limits_.operations ||
         batch.footprint.conflicts_with(footprint)))
      break;
    if (is_held_back(footprint)) break;
    bytes += next.bytes;
    waiting_bytes_ -= next.bytes;
    batch.footprint.add(next.transaction);
    batch.transactions.push_back(std::move(next));
    waiting_.pop_front();
  }
  return batch;
}

std::optional<Batches::Taken> Batches::take() {
  if (!has_something_to_send()) return {};
  Flying batch = gather();
  Batch borrowed;
  for (const Waiting& one : batch.transactions)
    borrowed.push_back(&one.transaction);
  Taken taken{.id = ++last_id_, .request = transact(borrowed)};
  flying_.emplace(taken.id, std::move(batch));
  return taken;
}

Batches::Flying Batches::land(Id batch) {
  const auto found = flying_.find(batch);
  if (found == flying_.end()) return {};
  Flying landed = std::move(found->second);
  flying_.erase(found);
  return landed;
}

void Batches::put_back(Flying batch) {
  for (auto one = batch.transactions.rbegin(); one != batch.transactions.rend(); ++one) {
    waiting_bytes_ += one->bytes;
    waiting_.push_front(std::move(*one));
  }
}

void Batches::finish(const Waiting& one, Result result) {
  const bool was_write = result && takes_room(one.transaction, result->held);
  results_.push_back({.ticket = one.ticket, .result = std::move(result), .was_write = was_write});
}

base::Result<void> Batches::answered(Id batch, std::string_view body, std::string_view endpoint) {
  const Flying landed = land(batch);
  Batch borrowed;
  for (const Waiting& one : landed.transactions)
    borrowed.push_back(&one.transaction);
  if (borrowed.empty()) return {};
  auto answers = answers_to(borrowed, body);
  for (std::size_t i = 0; i < borrowed.size(); ++i) {
    if (answers) {
      finish(landed.transactions[i], std::move((*answers)[i]));
    } else {
      finish(landed.transactions[i],
             Failure{.cause = at(endpoint, "is not understood: " + answers.error().message)});
    }
  }
  if (!answers) return answers.error();
  return {};
}

void Batches::refused(Id batch, const Refusal& refusal, std::string_view endpoint) {
  constexpr unsigned kMaxLogins = 2;
  Flying landed = land(batch);
  const bool is_login = refusal.kind == Refusal::Kind::kLogin;
  // One of several may be the cause: each is judged by itself.
  const bool is_mixed = refusal.kind == Refusal::Kind::kRequest && landed.transactions.size() > 1;
  const bool goes_elsewhere = refusal.kind == Refusal::Kind::kMember;
  Flying again;
  for (Waiting& one : landed.transactions) {
    const bool may_be_done = refusal.may_be_done && !only_reads(one.transaction);
    if (is_login) ++one.logins;
    one.is_alone = one.is_alone || is_mixed;
    if (!may_be_done && (is_mixed || goes_elsewhere || (is_login && one.logins <= kMaxLogins))) {
      again.transactions.push_back(std::move(one));
    } else {
      finish(one, Failure{.cause = at(endpoint, refusal.text), .may_be_done = may_be_done});
    }
  }
  put_back(std::move(again));
}

void Batches::lost(Id batch, bool was_sent, const std::string& cause) {
  Flying landed = land(batch);
  Flying again;
  for (Waiting& one : landed.transactions) {
    if (!was_sent || only_reads(one.transaction)) {
      again.transactions.push_back(std::move(one));
    } else {
      finish(one, Failure{.cause = cause});
    }
  }
  put_back(std::move(again));
}

void Batches::expire(base::TimePoint now, const std::string& cause) {
  while (!waiting_.empty() && waiting_.front().expires <= now) {
    finish(waiting_.front(), Failure{.cause = cause, .may_be_done = false});
    waiting_bytes_ -= waiting_.front().bytes;
    waiting_.pop_front();
  }
}

void Batches::fail_waiting(const std::string& cause) {
  for (const Waiting& one : std::exchange(waiting_, {}))
    finish(one, Failure{.cause = cause, .may_be_done = false});
  waiting_bytes_ = 0;
}

std::optional<Batches::Finished> Batches::next_result() {
  if (results_.empty()) return {};
  Finished first = std::move(results_.front());
  results_.pop_front();
  return first;
}

std::optional<base::TimePoint> Batches::deadline() const {
  if (waiting_.empty()) return {};
  return waiting_.front().expires;
}

}  // namespace tsmtp::etcd
