// What the server says in a search that is kept up (LDAP Content Synchronization, RFC 4533 section 2): the
// values of the Sync State Control and of the Sync Info Message, in BER. They come from the wire: whatever
// they hold, nothing beyond them is read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "relayd/base/result.h"

namespace tsmtp::mailertable {

inline constexpr const char* kSyncRequestOid = "1.3.6.1.4.1.4203.1.9.1.1";
inline constexpr const char* kSyncStateOid = "1.3.6.1.4.1.4203.1.9.1.2";
inline constexpr const char* kSyncInfoOid = "1.3.6.1.4.1.4203.1.9.1.4";

/// The value of a Sync Request Control: refreshAndPersist, without a cookie.
inline constexpr std::string_view kRefreshAndPersist{"\x30\x03\x0a\x01\x03", 5};

enum class SyncState { kPresent, kAdd, kModify, kDelete };

struct EntryState {
  SyncState state = SyncState::kPresent;
  std::string uuid;  ///< 16 bytes
};

struct SyncInfo {
  enum class Kind { kNewCookie, kRefreshDelete, kRefreshPresent, kIdSet };
  Kind kind = Kind::kNewCookie;
  bool refresh_done = true;
  bool refresh_deletes = false;    ///< of an id set: these entries are gone
  std::vector<std::string> uuids;  ///< of an id set
};

/// The value of a Sync State Control (section 2.3).
[[nodiscard]] base::Result<EntryState> read_sync_state(std::string_view value);

/// The value of a Sync Info Message (section 2.5).
[[nodiscard]] base::Result<SyncInfo> read_sync_info(std::string_view value);

}  // namespace tsmtp::mailertable
