// Whether the ledger's file system has room, asked before anything is written: Berkeley DB is never to meet a
// full disk half way. And a reserve, for the one time when it must write without: recovery at a start.
#pragma once

#include <string>
#include <string_view>

#include "relayd/base/result.h"

namespace tsmtp::ledger {

/// What every error says that making room would mend.
inline constexpr std::string_view kNoRoom = "no space left on device";

[[nodiscard]] inline bool is_lack_of_room(std::string_view message) {
  return message.find(kNoRoom) != std::string_view::npos;
}

/// An error when `dir` is gone, or its file system has less room than one write may need.
[[nodiscard]] base::Result<void> check_room(const std::string& dir);

/// DIR/reserve, room that is kept: given away when there is none, made again when there is.
void give_reserve_away(const std::string& dir);
void keep_reserve(const std::string& dir);

}  // namespace tsmtp::ledger
