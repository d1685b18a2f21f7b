#include "mailertable/database/table_diff.h"

#include <algorithm>
#include <utility>

#include "relayd/base/bytes.h"

namespace tsmtp::mailertable {
namespace {

using Position = std::vector<StoredPair>::const_iterator;

/// The values of `key` from `at` on, which goes behind them.
std::vector<std::string> take_values(Position& at, Position end, const std::string& key) {
  std::vector<std::string> values;
  for (; at != end && at->first == key; ++at)
    values.push_back(at->second);
  return values;
}

std::string lines(char sign, const std::string& key, const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values)
    text += sign + base::escaped(key, key.size() * 4 + 4) + '\t' +
            base::escaped(value, value.size() * 4 + 4) + '\n';
  return text;
}

}  // namespace

std::vector<Change> changes_between(const std::vector<StoredPair>& before,
                                    const std::vector<StoredPair>& after) {
  std::vector<Change> changes;
  Position old_at = before.begin();
  Position new_at = after.begin();
  while (old_at != before.end() || new_at != after.end()) {
    const bool from_old = new_at == after.end() || (old_at != before.end() && old_at->first <= new_at->first);
    Change change;
    change.key = from_old ? old_at->first : new_at->first;
    change.before = take_values(old_at, before.end(), change.key);
    change.after = take_values(new_at, after.end(), change.key);
    if (change.before == change.after) continue;
    change.kind = change.after.empty()    ? ChangeKind::kRemoved
                  : change.before.empty() ? ChangeKind::kAdded
                                          : ChangeKind::kChanged;
    changes.push_back(std::move(change));
  }
  return changes;
}

std::string to_text(const Change& change) {
  return lines('-', change.key, change.before) + lines('+', change.key, change.after);
}

}  // namespace tsmtp::mailertable
