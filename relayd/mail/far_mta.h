// What the far hub tells about its MTA when the link comes up and whenever that changes: the notice of the
// link protocol. The near side offers what the far MTA offers, and names its trouble in its greeting.
#pragma once

#include <string>
#include <string_view>

#include "relayd/base/result.h"
#include "relayd/smtp/extensions.h"

namespace tsmtp::mail {

struct FarMta {
  bool reachable = false;
  smtp::Extensions extensions;  ///< of its last EHLO reply
  std::string cause;            ///< why it is not reachable, one sentence

  friend bool operator==(const FarMta&, const FarMta&) = default;
};

[[nodiscard]] std::string encode_notice(const FarMta& mta);
[[nodiscard]] base::Result<FarMta> decode_notice(std::string_view bytes);

}  // namespace tsmtp::mail
