// What a hub tells another of its processes while one takes the place of the other: notices of the link
// (docs/protocol.md, "Two processes of a hub").
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "relayd/base/result.h"

namespace tsmtp::link {

/// The sender has a successor, to which new sessions go.
struct Successor {
  std::string instance;
  friend bool operator==(const Successor&, const Successor&) = default;
};
/// The process that the sender's Hello has named as the one before it does not live any more.
struct PredecessorGone {
  friend bool operator==(const PredecessorGone&, const PredecessorGone&) = default;
};
using ProcessNotice = std::variant<Successor, PredecessorGone>;

/// By its first byte. Other notices are somebody else's.
[[nodiscard]] bool is_about_processes(std::string_view notice);
[[nodiscard]] std::string encode_notice(const ProcessNotice& notice);
/// `notice` is about processes, and comes from anybody.
[[nodiscard]] base::Result<ProcessNotice> decode_process_notice(std::string_view notice);

}  // namespace tsmtp::link
