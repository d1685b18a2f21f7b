#include "mailertable/routes/content.h"

#include <algorithm>
#include <utility>

#include "mailertable/routes/sync_message.h"
#include "relayd/base/bytes.h"

namespace tsmtp::mailertable {
namespace {

base::Error incomplete() {
  return {"the server speaks of entries that it has not sent, though it was asked for all of them"};
}

}  // namespace

base::Result<void> Content::put(std::string id, DirectoryEntry entry) {
  erase(id);
  bytes_ += entry.bytes();
  if (by_id_.size() >= bounds_.entries)
    return base::Error{"the directory has more than " + std::to_string(bounds_.entries) +
                       " entries for this hub; say a smaller --base, a --filter, or a larger --max-entries"};
  if (bytes_ > bounds_.bytes)
    return base::Error{"the directory's entries take more than " + std::to_string(bounds_.bytes >> 20) +
                       " MiB, at " + base::escaped(entry.dn, 200) +
                       "; say a smaller --base, a --filter, or a larger --max-mib"};
  by_id_.insert_or_assign(std::move(id), std::move(entry));
  return {};
}

bool Content::erase(const std::string& id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return false;
  bytes_ -= found->second.bytes();
  by_id_.erase(found);
  return true;
}

base::Result<void> Content::add(DirectoryEntry entry) {
  std::string id = entry.dn;
  return put(std::move(id), std::move(entry));
}

base::Result<bool> Content::add_synced(DirectoryEntry entry, std::string_view state) {
  const auto read = read_sync_state(state);
  if (!read) return base::with_context(base::escaped(entry.dn, 200), read.error());
  switch (read->state) {
    case SyncState::kPresent:
      if (!by_id_.contains(read->uuid)) return incomplete();
      return false;
    case SyncState::kAdd:
    case SyncState::kModify:
      if (auto done = put(read->uuid, std::move(entry)); !done) return done.error();
      return is_whole_;
    case SyncState::kDelete:
      return erase(read->uuid) && is_whole_;
  }
  return false;
}

base::Result<bool> Content::inform(std::string_view value) {
  const auto read = read_sync_info(value);
  if (!read) return read.error();
  switch (read->kind) {
    case SyncInfo::Kind::kNewCookie:
      return false;
    case SyncInfo::Kind::kRefreshDelete:
    case SyncInfo::Kind::kRefreshPresent:
      return read->refresh_done && !std::exchange(is_whole_, true);
    case SyncInfo::Kind::kIdSet: {
      bool is_changed = false;
      for (const std::string& uuid : read->uuids) {
        // Entries that are present are those that it has not sent since an earlier cookie, and we have none.
        if (!read->refresh_deletes && !by_id_.contains(uuid)) return incomplete();
        if (read->refresh_deletes && erase(uuid)) is_changed = is_whole_;
      }
      return is_changed;
    }
  }
  return false;
}

std::vector<const DirectoryEntry*> Content::entries() const {
  std::vector<const DirectoryEntry*> all;
  all.reserve(by_id_.size());
  for (const auto& one : by_id_)
    all.push_back(&one.second);
  std::sort(all.begin(), all.end(), [](const auto* a, const auto* b) { return a->dn < b->dn; });
  return all;
}

}  // namespace tsmtp::mailertable
