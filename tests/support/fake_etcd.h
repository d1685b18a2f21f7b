// An etcd in memory, for unit tests: its transactions, revisions, leases and watches, with no cluster, no
// clock and no socket. It answers only when the test says so, and fails as a real one can: what failed may
// have been done, may be done later, or never. Several hubs see one FakeEtcdData, each through a FakeEtcd.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "relayd/etcd/store.h"

namespace tsmtp::support {

/// What the members of a cluster agree about. Time does not pass in it: end_lease() is for the test to call.
class FakeEtcdData {
 public:
  struct Row {
    std::string value;
    std::int64_t created = 0;
    std::int64_t modified = 0;
    etcd::Lease lease = 0;
  };
  using Rows = std::map<std::string, Row>;
  using Told = std::function<void(const std::vector<etcd::Change>&)>;

  /// Does it now. The error: it was refused, as etcd would refuse it, and nothing was done.
  etcd::Result apply(const etcd::Transaction& transaction) {
    const bool held = std::all_of(transaction.when.begin(), transaction.when.end(),
                                  [&](const etcd::Compare& compare) { return holds(compare); });
    const auto& operations = held ? transaction.then : transaction.otherwise;
    if (auto why = refusal_of(transaction.then)) return *why;
    if (auto why = refusal_of(transaction.otherwise)) return *why;
    if (auto why = unknown_lease_in(operations)) return *why;
    etcd::Answer answer{.held = held};
    std::vector<etcd::Change> changes;
    for (const etcd::Operation& operation : operations)
      carry_out(operation, answer, changes);
    finish(std::move(changes));
    answer.revision = revision_;
    return answer;
  }

  void put(const std::string& key, const std::string& value, etcd::Lease lease = 0) {
    (void)apply({.then = {etcd::Put{.key = key, .value = value, .lease = lease}}});
  }
  void erase(const std::string& key) { (void)apply({.then = {etcd::Delete{.range = {.key = key}}}}); }
  [[nodiscard]] std::optional<std::string> value(const std::string& key) const {
    const auto row = rows_.find(key);
    return row == rows_.end() ? std::nullopt : std::optional(row->second.value);
  }
  [[nodiscard]] const Rows& rows() const { return rows_; }
  [[nodiscard]] std::int64_t revision() const { return revision_; }

  etcd::Lease grant(std::chrono::seconds time_to_live) {
    leases_[++last_lease_] = time_to_live;
    return last_lease_;
  }
  [[nodiscard]] bool has_lease(etcd::Lease lease) const { return leases_.contains(lease); }
  [[nodiscard]] const std::map<etcd::Lease, std::chrono::seconds>& leases() const { return leases_; }
  /// Its time is over, or it was revoked: its keys go.
  void end_lease(etcd::Lease lease) {
    if (leases_.erase(lease) == 0) return;
    std::vector<etcd::Change> changes;
    for (auto row = rows_.begin(); row != rows_.end();) {
      if (row->second.lease == lease) {
        changes.push_back({.key = row->first, .revision = revision_ + 1});
        row = rows_.erase(row);
      } else {
        ++row;
      }
    }
    finish(std::move(changes));
  }

  /// `told` is called with all that changes, until remove().
  std::uint64_t add(Told told) {
    told_[++last_told_] = std::move(told);
    return last_told_;
  }
  void remove(std::uint64_t id) { told_.erase(id); }

  [[nodiscard]] static bool is_in(const etcd::Range& range, const std::string& key) {
    return range.end.empty() ? key == range.key : key >= range.key && key < range.end;
  }

 private:
  [[nodiscard]] std::pair<Rows::const_iterator, Rows::const_iterator> rows_in(
      const etcd::Range& range) const {
    if (range.end.empty()) {
      const auto one = rows_.find(range.key);
      return {one, one == rows_.end() ? one : std::next(one)};
    }
    if (range.end <= range.key) return {rows_.end(), rows_.end()};
    return {rows_.lower_bound(range.key), rows_.lower_bound(range.end)};
  }

  [[nodiscard]] bool holds(const etcd::Compare& compare) const {
    const auto [begin, end] = rows_in(compare.range);
    if (!compare.value) return begin == end;
    return begin != end &&
           std::all_of(begin, end, [&](const auto& row) { return row.second.value == *compare.value; });
  }

  // One key is put once in a transaction, and not deleted beside.
  [[nodiscard]] static std::optional<etcd::Failure> refusal_of(
      const std::vector<etcd::Operation>& operations) {
    std::set<std::string> keys;
    for (const etcd::Operation& operation : operations) {
      const auto* put = std::get_if<etcd::Put>(&operation);
      if (put == nullptr) continue;
      bool is_refused = !keys.insert(put->key).second || put->key.empty();
      for (const etcd::Operation& other : operations)
        if (const auto* removal = std::get_if<etcd::Delete>(&other))
          is_refused = is_refused || is_in(removal->range, put->key);
      if (is_refused) return refused("duplicate key given in txn request");
    }
    return {};
  }

  [[nodiscard]] std::optional<etcd::Failure> unknown_lease_in(
      const std::vector<etcd::Operation>& operations) const {
    for (const etcd::Operation& operation : operations)
      if (const auto* put = std::get_if<etcd::Put>(&operation); put != nullptr && put->lease != 0)
        if (!has_lease(put->lease)) return refused("requested lease not found");
    return {};
  }

  [[nodiscard]] static etcd::Failure refused(const std::string& why) {
    return {.cause = "etcd (fake) refuses: " + why, .may_be_done = false};
  }

  void carry_out(const etcd::Operation& operation, etcd::Answer& answer, std::vector<etcd::Change>& changes) {
    const std::int64_t now = revision_ + 1;
    if (const auto* put = std::get_if<etcd::Put>(&operation)) {
      Row& row = rows_[put->key];
      if (row.created == 0) row.created = now;
      row.value = put->value;
      row.modified = now;
      row.lease = put->lease;
      changes.push_back({.key = put->key, .value = put->value, .revision = now});
    } else if (const auto* get = std::get_if<etcd::Get>(&operation)) {
      auto& got = answer.got.emplace_back();
      auto [row, end] = rows_in(get->range);
      for (; row != end && (get->limit == 0 || std::ssize(got) < get->limit); ++row)
        got.push_back({.key = row->first,
                       .value = row->second.value,
                       .created = row->second.created,
                       .modified = row->second.modified});
    } else if (const auto* removal = std::get_if<etcd::Delete>(&operation)) {
      const auto [begin, end] = rows_in(removal->range);
      for (auto row = begin; row != end; ++row)
        changes.push_back({.key = row->first, .revision = now});
      rows_.erase(begin, end);
    }
  }

  void finish(std::vector<etcd::Change> changes) {
    if (changes.empty()) return;
    ++revision_;
    const auto told = told_;
    for (const auto& one : told)
      one.second(changes);
  }

  Rows rows_;
  std::int64_t revision_ = 1;  // as a new etcd's
  std::map<etcd::Lease, std::chrono::seconds> leases_;
  etcd::Lease last_lease_ = 7000;
  std::map<std::uint64_t, Told> told_;
  std::uint64_t last_told_ = 0;
};

class FakeEtcd : public etcd::Store {
 public:
  /// How a request can fail.
  enum class Loss {
    kNotDone,    ///< it was not done, and the client knows
    kDone,       ///< the client cannot know: it was done
    kNeverDone,  ///< the client cannot know: it was not, and will not be
    kDoneLater,  ///< the client cannot know: do_late() does it
  };

  explicit FakeEtcd(std::shared_ptr<FakeEtcdData> data = std::make_shared<FakeEtcdData>())
      : data_(std::move(data)),
        told_(data_->add([this](const std::vector<etcd::Change>& changes) { note(changes); })) {}
  ~FakeEtcd() override { data_->remove(told_); }
  FakeEtcd(const FakeEtcd&) = delete;
  FakeEtcd& operator=(const FakeEtcd&) = delete;

  [[nodiscard]] FakeEtcdData& data() { return *data_; }
  /// What was asked and is not answered.
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
  /// Every transaction that was ever submitted.
  [[nodiscard]] const std::vector<etcd::Transaction>& submitted() const { return submitted_; }

  /// Does and answers what was asked first. False: nothing waits.
  bool answer() {
    if (gone_) return fail(Loss::kNotDone, gone_->cause);
    if (waiting_.empty()) return false;
    trouble_.reset();
    take()();
    return true;
  }
  /// And what is asked meanwhile, until nothing waits; then watchers are told what changed.
  void answer_all() {
    do {
      while (answer()) {
      }
    } while (tell_watchers() || !waiting_.empty());
  }
  /// Does what was asked first; it is not answered yet.
  void carry_out() {
    if (!waiting_.empty()) waiting_.front().carry_out();
  }
  /// What was asked first fails. False: nothing waits.
  bool fail(Loss loss, const std::string& cause = "etcd (fake) does not answer") {
    if (waiting_.empty()) return false;
    Waiting request = std::move(waiting_.front());
    waiting_.pop_front();
    if (loss == Loss::kDone) request.carry_out();
    if (loss == Loss::kDoneLater) late_.push_back(request.carry_out);
    if (!trouble_) trouble_ = etcd::Trouble{.cause = cause, .since = base::WallTime{}};
    request.fail({.cause = cause, .may_be_done = loss != Loss::kNotDone});
    return true;
  }
  void fail_all(Loss loss, const std::string& cause = "etcd (fake) does not answer") {
    while (fail(loss, cause)) {
    }
  }
  /// What failed as kDoneLater happens now.
  void do_late() {
    for (auto& one : std::exchange(late_, {}))
      one();
  }
  /// From now on every answer is a failure: nobody is there to be asked.
  void go(const std::string& cause = "etcd (fake) refuses connections") {
    gone_ = etcd::Trouble{.cause = cause, .since = base::WallTime{}};
    trouble_ = gone_;
  }
  /// Watchers begin anew.
  void come_back() {
    gone_.reset();
    trouble_.reset();
    compact();
  }
  /// Watchers have missed changes.
  void compact() {
    for (auto& [id, watch] : watches_) {
      watch.must_begin = true;
      watch.changes.clear();
    }
  }
  /// Whether there was something to tell.
  bool tell_watchers() {
    if (gone_) return false;
    bool has_told = false;
    std::vector<WatchId> ids;
    for (const auto& one : watches_)
      ids.push_back(one.first);
    for (const WatchId id : ids) {
      if (const auto it = watches_.find(id);
          it != watches_.end() && std::exchange(it->second.must_begin, false)) {
        has_told = true;
        it->second.watcher->begin_anew();
      }
      if (const auto it = watches_.find(id); it != watches_.end() && !it->second.changes.empty()) {
        has_told = true;
        it->second.watcher->changed(std::exchange(it->second.changes, {}));
      }
    }
    return has_told;
  }

  void submit(etcd::Transaction transaction, Done done) override {
    submitted_.push_back(transaction);
    const auto result = std::make_shared<std::optional<etcd::Result>>();
    wait({.carry_out =
              [this, result, transaction = std::move(transaction)] {
                if (!*result) *result = data_->apply(transaction);
              },
          .answer = [result, done] { done(**result); },
          .fail = [done](const etcd::Failure& failure) { done(failure); }});
  }

  void grant(std::chrono::seconds time_to_live, Granted granted) override {
    const auto lease = std::make_shared<etcd::Lease>(0);
    wait({.carry_out =
              [this, lease, time_to_live] {
                if (*lease == 0) *lease = data_->grant(time_to_live);
              },
          .answer = [lease, granted] { granted(*lease); },
          .fail = [granted](const etcd::Failure& failure) { granted(failure); }});
  }

  void keep_alive(etcd::Lease lease, Granted kept) override {
    wait({.carry_out = [] {},
          .answer = [this, lease, kept] { kept(data_->has_lease(lease) ? lease : 0); },
          .fail = [kept](const etcd::Failure& failure) { kept(failure); }});
  }

  void revoke(etcd::Lease lease) override {
    wait({.carry_out = [this, lease] { data_->end_lease(lease); },
          .answer = [] {},
          .fail = [](const etcd::Failure&) {}});
  }

  WatchId watch(etcd::Range range, etcd::Watcher& watcher) override {
    watches_[++last_watch_] = {.range = std::move(range), .watcher = &watcher};
    return last_watch_;
  }
  void unwatch(WatchId id) override { watches_.erase(id); }

  [[nodiscard]] const std::optional<etcd::Trouble>& trouble() const override { return trouble_; }

 private:
  struct Waiting {
    std::function<void()> carry_out;  // once, however often it is called
    std::function<void()> answer;
    std::function<void(const etcd::Failure&)> fail;
  };
  struct Watch {
    etcd::Range range;
    etcd::Watcher* watcher;
    bool must_begin = true;
    std::vector<etcd::Change> changes{};
  };

  void wait(Waiting request) { waiting_.push_back(std::move(request)); }

  std::function<void()> take() {
    Waiting request = std::move(waiting_.front());
    waiting_.pop_front();
    request.carry_out();
    return request.answer;
  }

  void note(const std::vector<etcd::Change>& changes) {
    for (auto& [id, watch] : watches_) {
      if (watch.must_begin) continue;
      for (const etcd::Change& change : changes)
        if (FakeEtcdData::is_in(watch.range, change.key)) watch.changes.push_back(change);
    }
  }

  std::shared_ptr<FakeEtcdData> data_;
  std::uint64_t told_;
  std::deque<Waiting> waiting_;
  std::vector<std::function<void()>> late_;
  std::vector<etcd::Transaction> submitted_;
  std::map<WatchId, Watch> watches_;
  WatchId last_watch_ = 0;
  std::optional<etcd::Trouble> gone_;
  std::optional<etcd::Trouble> trouble_;
};

}  // namespace tsmtp::support
