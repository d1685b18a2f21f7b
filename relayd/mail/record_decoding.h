// What stands behind a record's header, read: all of it is checked before anything is made of it.
#pragma once

#include <string_view>

#include "relayd/base/result.h"
#include "relayd/mail/record.h"
#include "relayd/mail/record_format.h"

namespace tsmtp::mail {

/// Of any kind but content, which is never gathered. The error is a sentence about the peer.
[[nodiscard]] base::Result<Record> decode(RecordKind kind, std::string_view payload);

}  // namespace tsmtp::mail
