#include "relayd/etcd/watch_lines.h"

#include <algorithm>
#include <utility>

#include "relayd/etcd/json_fields.h"
#include "relayd/etcd/refusal.h"

namespace tsmtp::etcd {

using nlohmann::json;

struct WatchAnswer {
  std::uint64_t id = 0;
  std::string cluster;
  std::int64_t revision = 0;
  bool is_created = false;
  bool is_cancelled = false;
  std::int64_t compacted = 0;
  std::string reason;
  std::vector<Change> changes;
};

namespace {

base::Error wrong_change() {
  return {"sends a change that is none"};
}

base::Result<Change> change_of(const json& event) {
  const auto type = text_at(event, "type");
  if (!type) return type.error();
  const bool is_deletion = *type == "DELETE";
  if (!is_deletion && !type->empty() && *type != "PUT") return wrong_change();
  const json* row = member(event, "kv");
  if (row == nullptr) return wrong_change();
  auto key = bytes_at(*row, "key");
  if (!key) return key.error();
  auto value = bytes_at(*row, "value");
  if (!value) return value.error();
  const auto revision = number_at(*row, "mod_revision");
  if (!revision) return revision.error();
  if (key->empty() || *revision <= 0) return wrong_change();
  Change change{.key = std::move(*key), .revision = *revision};
  if (!is_deletion) change.value = std::move(*value);
  return change;
}

base::Result<std::vector<Change>> changes_of(const json& result) {
  std::vector<Change> changes;
  const json* events = member(result, "events");
  if (events == nullptr) return changes;
  if (!events->is_array()) return wrong_change();
  for (const json& event : *events) {
    auto change = change_of(event);
    if (!change) return change.error();
    changes.push_back(std::move(*change));
  }
  return changes;
}

base::Result<void> read_header(const json& result, WatchAnswer& answer) {
  const json* header = member(result, "header");
  if (header == nullptr) return base::Error{"sends a watch without a header"};
  auto cluster = text_at(*header, "cluster_id");
  if (!cluster) return cluster.error();
  const auto revision = number_at(*header, "revision");
  if (!revision) return revision.error();
  answer.cluster = std::move(*cluster);
  answer.revision = *revision;
  return {};
}

base::Result<WatchAnswer> answer_of(const json& result) {
  WatchAnswer answer;
  if (auto read = read_header(result, answer); !read) return read.error();
  const auto id = number_at(result, "watch_id");
  const auto created = flag_at(result, "created");
  const auto cancelled = flag_at(result, "canceled");
  const auto compacted = number_at(result, "compact_revision");
  auto reason = text_at(result, "cancel_reason");
  if (!id || !created || !cancelled || !compacted || !reason)
    return base::Error{"sends a watch with a wrong field"};
  answer.id = static_cast<std::uint64_t>(*id);
  answer.is_created = *created;
  answer.is_cancelled = *cancelled;
  answer.compacted = *compacted;
  answer.reason = std::move(*reason);
  auto changes = changes_of(result);
  if (!changes) return changes.error();
  answer.changes = std::move(*changes);
  return answer;
}

bool is_watched(const Range& range, const std::string& key) {
  return range.end.empty() ? key == range.key : key >= range.key && key < range.end;
}

}  // namespace

void WatchLines::add(std::uint64_t watch, Range range) {
  watches_.emplace(watch, Watch{.range = std::move(range)});
}

void WatchLines::remove(std::uint64_t watch) {
  watches_.erase(watch);
  std::erase_if(events_, [&](const Event& event) {
    return std::visit([&](const auto& one) { return one.watch == watch; }, event);
  });
}

Request WatchLines::begin() {
  line_.clear();
  std::vector<WatchRequest> all;
  for (auto& [id, watch] : watches_) {
    watch.stands = false;
    all.push_back({.id = id, .range = watch.range, .from = watch.from});
  }
  return etcd::watch(all);
}

base::Result<void> WatchLines::receive(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    if (line_.size() + piece.size() > kMaxLineBytes) {
      line_.clear();
      for (auto& one : watches_)
        one.second.from = 0;
      return base::Error{"sends changes of more than 8 MiB at once"};
    }
    line_ += piece;
    if (end == std::string_view::npos) return {};
    bytes.remove_prefix(end + 1);
    if (auto taken = take_line(std::exchange(line_, {})); !taken) return taken;
  }
  return {};
}

base::Result<void> WatchLines::take_line(std::string_view line) {
  if (line.empty()) return {};
  const auto all = parse_object(line);
  if (!all) return base::Error{"sends a watch that is not understood"};
  const json* result = member(*all, "result");
  if (result == nullptr) return base::Error{refusal_of(0, line).text};
  const auto answer = answer_of(*result);
  if (!answer) return answer.error();
  const auto found = watches_.find(answer->id);
  if (found == watches_.end()) {
    // One that etcd does not even begin has no number. Others were removed meanwhile.
    if (answer->is_cancelled) return base::Error{"ends the watch: " + refusal_of(answer->reason).text};
    return {};
  }
  return take_result(found->first, found->second, *answer);
}

base::Result<void> WatchLines::take_result(std::uint64_t id, Watch& watch, const WatchAnswer& answer) {
  // Another cluster, restored or made anew: our revisions mean nothing there.
  if (cluster_ != answer.cluster) {
    const bool is_another = !cluster_.empty();
    cluster_ = answer.cluster;
    if (is_another) {
      for (auto& one : watches_)
        one.second.from = 0;
      return base::Error{"is another cluster than before"};
    }
  }
  if (answer.is_cancelled) {
    watch.from = 0;
    if (answer.compacted > 0) return base::Error{"has forgotten the changes since we watched last"};
    return base::Error{"ends the watch: " + refusal_of(answer.reason).text};
  }
  if (answer.is_created) {
    if (answer.revision <= 0) return base::Error{"sends a watch without a revision"};
    watch.stands = true;
    if (watch.from != 0) return {};
    watch.from = answer.revision + 1;
    events_.emplace_back(BeginAnew{.watch = id});
    return {};
  }
  if (!watch.stands) return base::Error{"tells of changes before the watch stands"};
  Changed changed{.watch = id, .changes = {}};
  for (const Change& change : answer.changes) {
    if (!is_watched(watch.range, change.key)) return wrong_change();
    if (change.revision < watch.from) continue;  // told before
    changed.changes.push_back(change);
  }
  // A revision comes whole.
  if (!changed.changes.empty()) {
    watch.from = changed.changes.back().revision + 1;
    events_.emplace_back(std::move(changed));
  }
  return {};
}

std::optional<WatchLines::Event> WatchLines::next() {
  std::optional<Event> first;
  if (!events_.empty()) {
    first.emplace(std::move(events_.front()));
    events_.pop_front();
  }
  return first;  // in place: g++ 14 would take a second move for one of nothing
}

bool WatchLines::is_established() const {
  return std::all_of(watches_.begin(), watches_.end(), [](const auto& one) { return one.second.stands; });
}

}  // namespace tsmtp::etcd
