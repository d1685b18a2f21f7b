// What two hubs say about their keys on the link: here is our chain, and we have your key. Notices of the
// link protocol (docs/protocol.md, "Notices").
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "relayd/base/result.h"
#include "relayd/keys/chain.h"

namespace tsmtp::keys {

/// The sender's present key is the last of this chain.
struct Announcement {
  Chain chain;  ///< has a step

  friend bool operator==(const Announcement&, const Announcement&) = default;
};

/// The sender has that key of the receiver's on its disk.
struct Acknowledgement {
  std::string pin;  ///< kPinBytes

  friend bool operator==(const Acknowledgement&, const Acknowledgement&) = default;
};

using Said = std::variant<Announcement, Acknowledgement>;

/// By its first byte. Other notices are somebody else's.
[[nodiscard]] bool is_about_keys(std::string_view notice);

[[nodiscard]] std::string encode_notice(const Announcement& announcement);
[[nodiscard]] std::string encode_notice(const Acknowledgement& acknowledgement);
/// `notice` is about keys, and comes from anybody.
[[nodiscard]] base::Result<Said> decode_notice(std::string_view notice);

}  // namespace tsmtp::keys
