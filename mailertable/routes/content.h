// A copy of the entries that a search finds, kept as the server tells of changes (RFC 4533). Sans-I/O: it is
// handed entries and the values of controls, and says when what it has is whole. Every search begins with an
// empty copy and without a cookie, so nothing in it can be older than the search.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "mailertable/routes/directory_entry.h"
#include "relayd/base/result.h"

namespace tsmtp::mailertable {

/// The most that a copy may hold. Beyond it the search fails, and the tables stay as they are.
struct ContentBounds {
  std::size_t entries = 100'000;
  std::size_t bytes = std::size_t{64} << 20;
};

class Content {
 public:
  explicit Content(ContentBounds bounds) : bounds_(bounds) {}

  /// An entry of a search without the control. Fails over a bound.
  [[nodiscard]] base::Result<void> add(DirectoryEntry entry);

  /// An entry with `state`, the value of its Sync State Control. Whether the copy is another now; fails over
  /// a bound, and when the server says something that only a search with a cookie would bring about.
  [[nodiscard]] base::Result<bool> add_synced(DirectoryEntry entry, std::string_view state);

  /// `value` of a Sync Info Message. Whether the copy has become whole or another.
  [[nodiscard]] base::Result<bool> inform(std::string_view value);

  /// The search ended by itself: nothing is missing.
  void complete() { is_whole_ = true; }

  /// Whether these are all entries: false while the server sends them for the first time.
  [[nodiscard]] bool is_whole() const { return is_whole_; }

  /// Ordered by DN, as the tables made of them are.
  [[nodiscard]] std::vector<const DirectoryEntry*> entries() const;

 private:
  [[nodiscard]] base::Result<void> put(std::string id, DirectoryEntry entry);
  bool erase(const std::string& id);

  ContentBounds bounds_;
  std::map<std::string, DirectoryEntry> by_id_;  ///< by entryUUID, or by DN where there is none
  std::size_t bytes_ = 0;
  bool is_whole_ = false;
};

}  // namespace tsmtp::mailertable
