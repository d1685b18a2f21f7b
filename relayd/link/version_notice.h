// A hub tells another the version of its program, for people who look at the other: a notice of the link
// (docs/protocol.md, "Notices"). Nothing is decided by it: that is what capabilities are for.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "relayd/base/result.h"

namespace tsmtp::link {

inline constexpr std::size_t kMaxVersionBytes = 64;

/// By its first byte. Other notices are somebody else's.
[[nodiscard]] bool is_about_version(std::string_view notice);
/// `version` is printable ASCII, of at most kMaxVersionBytes.
[[nodiscard]] std::string encode_version_notice(std::string_view version);
/// The version; `notice` is about it, and comes from anybody.
[[nodiscard]] base::Result<std::string> decode_version_notice(std::string_view notice);

}  // namespace tsmtp::link
